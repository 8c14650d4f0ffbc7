import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import { breakClasses } from '#cloud/reconciliation/breaks/break-machine.ts';
import type { KeptBreak } from '#cloud/reconciliation/breaks/break-store.ts';

const header =
  '编号,渠道,账单日,类别,说明,单号,商户,账单金额,我方金额,差额,账单手续费,应收手续费,状态,负责人';

/** Breaks as a CSV that spreadsheets open: BOM, yuan with two decimals, every text quoted. */
export function breakCsv(breaks: readonly KeptBreak[]): string {
  const lines = breaks.map((one) =>
    [
      String(one.breakNo),
      text(one.channel),
      one.date,
      one.class,
      text(breakClasses[one.class]),
      text(one.subject),
      text(one.merchantId ?? ''),
      yuan(one.billFen),
      yuan(one.ourFen),
      yuan(one.billFen - one.ourFen),
      one.feeFen === undefined ? '' : yuan(one.feeFen),
      one.expectedFeeFen === undefined ? '' : yuan(one.expectedFeeFen),
      one.state,
      text(one.owner ?? ''),
    ].join(','),
  );
  return `\uFEFF${[header, ...lines, ''].join('\r\n')}`;
}

const yuan = (value: number): string => formatYuan(fen(value)).replaceAll(',', '');

/** A cell that begins like a formula is kept from being one: bills hold words of strangers. */
const text = (value: string): string =>
  `"${value.replaceAll('"', '""').replace(/^(?=[=+\-@\t])/, "'")}"`;
