import { breakClasses } from '#cloud/reconciliation/breaks/break-machine.ts';
import type { KeptBreak } from '#cloud/reconciliation/breaks/break-store.ts';
import { csvCell, csvFile, csvYuan } from '#cloud/reconciliation/csv.ts';

const header =
  '编号,渠道,账单日,类别,说明,单号,商户,账单金额,我方金额,差额,账单手续费,应收手续费,状态,负责人';

/** Breaks as a CSV that spreadsheets open. */
export const breakCsv = (breaks: readonly KeptBreak[]): string =>
  csvFile(
    header,
    breaks.map((one) => [
      String(one.breakNo),
      csvCell(one.channel),
      one.date,
      one.class,
      csvCell(breakClasses[one.class]),
      csvCell(one.subject),
      csvCell(one.merchantId ?? ''),
      csvYuan(one.billFen),
      csvYuan(one.ourFen),
      csvYuan(one.billFen - one.ourFen),
      one.feeFen === undefined ? '' : csvYuan(one.feeFen),
      one.expectedFeeFen === undefined ? '' : csvYuan(one.expectedFeeFen),
      one.state,
      csvCell(one.owner ?? ''),
    ]),
  );
