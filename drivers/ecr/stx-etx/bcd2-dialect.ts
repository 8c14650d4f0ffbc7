import { err, ok, type Result } from '#shared/result/result.ts';
import type { BoxFailure } from '#drivers/ecr/box-pos.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import {
  emptyReport,
  payerMaskOf,
  plainDetail,
  type BoxAsk,
  type BoxReport,
} from '#drivers/ecr/session/box-report.ts';
import {
  readBcd2,
  writeBcd2,
  type Bcd2Table,
  type Bcd2Values,
} from '#drivers/ecr/stx-etx/bcd2-table.ts';
import { createStxEtxLine } from '#drivers/ecr/stx-etx/stx-etx-line.ts';

/** A bank's MIS terminal with fixed fields and a length of two BCD bytes; the bank's field table makes it yours. */
export function createBcd2Dialect(table: Bcd2Table): BoxDialect {
  const { poll } = table.commands;
  return {
    name: 'bcd2',
    lookup: table.lookup,
    answerTimeoutMs: 150_000,
    lookUpTimeoutMs: 10_000,
    keepAliveMs: poll === null ? null : 30_000,
    markOf: (merchantOrderNo) => merchantOrderNo,
    encode: (ask) => encodeAsk(ask, table),
    decode: (payload) => decodeBcd2(payload, table),
    createLine: (deps) =>
      createStxEtxLine(deps, {
        framing: table.framing,
        ackTimeoutMs: 2_000,
        poll: poll === null ? null : writeBcd2(table.request, { command: poll }),
      }),
  };
}

function encodeAsk(ask: BoxAsk, table: Bcd2Table): Result<Uint8Array, BoxFailure> {
  const values = valuesOf(ask, table);
  if (values === null) return err('box-cannot');
  const bytes = writeBcd2(table.request, values);
  return bytes === null || bytes.length > table.framing.dataBytesMax
    ? err('box-refused')
    : ok(bytes);
}

function valuesOf(ask: BoxAsk, { commands, lookup }: Bcd2Table): Bcd2Values | null {
  switch (ask.kind) {
    case 'sale':
    case 'void':
    case 'refund':
      return {
        command: commands[ask.kind],
        amount: String(ask.order.amountFen),
        'order-no': ask.order.merchantOrderNo,
        ...(ask.kind === 'sale' ? {} : { 'original-ref': ask.order.originalBoxRef }),
      };
    case 'query':
      // The last sale says nothing of a reversal.
      if (lookup === 'last-sale' && 'originalBoxRef' in ask.about) return null;
      return { command: commands.query, 'order-no': ask.about.merchantOrderNo };
    case 'close':
    case 'chore':
      return null;
  }
}

/** Pure, for tests and fuzzing: what one frame of the box says under this table. */
export function decodeBcd2(payload: Uint8Array, table: Bcd2Table): BoxReport | null {
  const values = readBcd2(table.response, payload);
  const about = values === null ? null : aboutOf(values.command ?? '', table);
  if (values === null || about === null) return null;
  const amount = values.amount ?? '';
  return {
    ...emptyReport,
    ...verdictOf(about, values.code ?? '', table),
    about,
    detail: plainDetail(values.code ?? ''),
    mark: (values['order-no'] ?? '') === '' ? null : (values['order-no'] ?? null),
    amountFen: /^\d{1,12}$/.test(amount) ? Number(amount) : null,
    boxRef: values.ref ?? '',
    payerMask: payerMaskOf(values.payer ?? ''),
    paidAtMs: momentOf(values.date ?? '', values.time ?? '', table.zoneOffsetMinutes),
  };
}

function aboutOf(command: string, { commands }: Bcd2Table): BoxReport['about'] | null {
  if (command === commands.sale) return 'sale';
  if (command === commands.query) return 'query';
  return command === commands.void || command === commands.refund ? 'reversal' : null;
}

function verdictOf(
  about: BoxReport['about'],
  code: string,
  { codes }: Bcd2Table,
): Pick<BoxReport, 'verdict' | 'code'> {
  if (codes.approved.includes(code)) return { verdict: 'done', code: 'box-answer-invalid' };
  if (codes.cancelled.includes(code)) return { verdict: 'not-done', code: 'box-cancelled' };
  if (codes.notFound.includes(code)) return { verdict: 'not-found', code: 'box-not-found' };
  if (codes.pending.includes(code)) return { verdict: 'pending', code: 'box-busy' };
  if (codes.unclear.includes(code)) return { verdict: 'unclear', code: 'box-timeout' };
  // Here the query itself failed, although it names the sale it asked for: the sale may well be paid.
  if (about === 'query') return { verdict: 'unclear', code: 'box-refused' };
  if (codes.noNetwork.includes(code)) return { verdict: 'not-done', code: 'box-no-network' };
  return { verdict: 'not-done', code: 'box-declined' };
}

function momentOf(date: string, time: string, zoneOffsetMinutes: number): number | null {
  const day = /^(\d{4})(\d\d)(\d\d)$/.exec(date);
  const clock = /^(\d\d)(\d\d)(\d\d)$/.exec(time);
  if (day === null || clock === null) return null;
  const [year = 0, month = 0, date2 = 0] = day.slice(1).map(Number);
  const [hour = 0, minute = 0, second = 0] = clock.slice(1).map(Number);
  return Date.UTC(year, month - 1, date2, hour, minute, second) - zoneOffsetMinutes * 60_000;
}
