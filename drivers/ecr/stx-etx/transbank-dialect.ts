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
import type { StxEtxFraming } from '#drivers/ecr/stx-etx/frame.ts';
import { createStxEtxLine } from '#drivers/ecr/stx-etx/stx-etx-line.ts';
import { transbankMessages } from '#drivers/ecr/stx-etx/transbank-codes.ts';
import { ticketOf } from '#drivers/ecr/stx-etx/ticket.ts';

/**
 * Transbank POS Integrado: ASCII fields parted by `|`, LRC = XOR of data and `03`, 115200 8N1. The box tells its last
 * sale only; our order number travels as a ticket of six characters. Amounts are in the smallest unit of the currency.
 * Source: https://transbankdevelopers.cl/referencia/posintegrado
 */
export interface TransbankConfig {
  /** How far the box's wall clock is ahead of UTC, in minutes; default 480. */
  readonly zoneOffsetMinutes?: number;
}

export const transbankFraming: StxEtxFraming = {
  lrc: 'data-to-etx',
  length: 'none',
  dataBytesMax: 2_048,
};

const pollText = '0100';
/** Nine digits. */
const amountMax = 999_999_999;

export function createTransbankDialect(config: TransbankConfig = {}): BoxDialect {
  const zoneOffsetMs = (config.zoneOffsetMinutes ?? 480) * 60_000;
  return {
    name: 'transbank',
    lookup: 'last-sale',
    answerTimeoutMs: 150_000,
    lookUpTimeoutMs: 10_000,
    keepAliveMs: 30_000,
    markOf: ticketOf,
    encode: (ask) => encodeAsk(ask),
    decode: (payload) => decodeTransbank(payload, zoneOffsetMs),
    createLine: (deps) =>
      createStxEtxLine(deps, {
        framing: transbankFraming,
        ackTimeoutMs: 2_000,
        poll: asciiOf(pollText),
      }),
  };
}

function encodeAsk(ask: BoxAsk): Result<Uint8Array, BoxFailure> {
  switch (ask.kind) {
    case 'sale': {
      const { amountFen, merchantOrderNo } = ask.order;
      if (amountFen < 1 || amountFen > amountMax) return err('box-refused');
      const amount = String(amountFen).padStart(9, '0');
      // The last field asks for intermediate messages, which show that the box is alive.
      return ok(asciiOf(`0200|${amount}|${ticketOf(merchantOrderNo)}|||1`));
    }
    case 'void':
    case 'refund': {
      // The box takes back whole sales only, by its own number.
      const { originalBoxRef, originalAmountFen, amountFen } = ask.order;
      if (ask.kind === 'refund' && originalAmountFen !== amountFen) return err('box-cannot');
      if (!/^\d{1,6}$/.test(originalBoxRef)) return err('box-refused');
      return ok(asciiOf(`1200|${originalBoxRef}|`));
    }
    case 'query':
      // The last sale says nothing of a reversal.
      return 'originalBoxRef' in ask.about ? err('box-cannot') : ok(asciiOf('0250|'));
    case 'close':
      return err('box-cannot');
    case 'chore':
      return ok(asciiOf(ask.chore === 'load-keys' ? '0800' : '0500||'));
  }
}

const kinds: Readonly<Record<string, BoxReport['about']>> = {
  '0210': 'sale',
  '0260': 'query',
  '0510': 'chore',
  '0810': 'chore',
  '1210': 'reversal',
};

/** Pure, for tests and fuzzing: what one frame of the box says. `zoneOffsetMs`: its clock ahead of UTC. */
export function decodeTransbank(payload: Uint8Array, zoneOffsetMs: number): BoxReport | null {
  const fields = Buffer.from(payload).toString('latin1').split('|');
  const [command = '', code = ''] = fields;
  if (command === '0900') return { ...emptyReport, verdict: 'progress' };
  const about = kinds[command];
  if (about === undefined || !/^\d{1,3}$/.test(code)) return null;
  const base: BoxReport = { ...emptyReport, about, ...verdictOf(about, Number(code)) };
  if (about === 'sale' || about === 'query') return { ...base, ...saleOf(fields, zoneOffsetMs) };
  if (about === 'reversal') return { ...base, boxRef: (fields[5] ?? '').trim() };
  return base;
}

/** `0210|code|commerce|terminal|ticket|auth|amount|shares|share|last4|operation|type|…|…|brand|DDMMYYYY|HHMMSS|…` */
function saleOf(fields: readonly string[], zoneOffsetMs: number): Partial<BoxReport> {
  const text = (at: number): string => (fields[at] ?? '').trim();
  const amount = /^\d{1,9}$/.test(text(6)) ? Number(text(6)) : null;
  const last4 = text(9).slice(-4);
  return {
    mark: text(4) === '' ? null : text(4),
    amountFen: amount,
    boxRef: text(10).slice(0, 64),
    method: text(11) === '' ? 'other' : 'card',
    paidAtMs: momentOf(text(15), text(16), zoneOffsetMs),
    payerMask: last4 === '' ? '' : payerMaskOf(last4),
  };
}

function verdictOf(
  about: BoxReport['about'],
  code: number,
): Pick<BoxReport, 'verdict' | 'code' | 'detail'> {
  const detail = plainDetail(transbankMessages[code] ?? `${code}`);
  if (code === 0) return { verdict: 'done', code: 'box-answer-invalid', detail };
  // Taking back what is already taken back leaves nothing to do.
  if (about === 'reversal' && code === 4) return { verdict: 'done', code: 'box-declined', detail };
  if (about === 'query') {
    return code === 11
      ? { verdict: 'not-found', code: 'box-not-found', detail }
      : { verdict: 'unclear', code: 'box-refused', detail };
  }
  switch (code) {
    case 2:
    case 3:
    case 14:
      return { verdict: 'not-done', code: 'box-no-network', detail };
    case 7:
      return { verdict: 'not-done', code: 'box-cancelled', detail };
    case 16:
    case 22:
    case 65:
    case 94:
      // The host may have booked it although its answer was lost or spoilt.
      return { verdict: 'unclear', code: 'box-timeout', detail };
    default:
      return { verdict: 'not-done', code: 'box-declined', detail };
  }
}

function momentOf(date: string, time: string, zoneOffsetMs: number): number | null {
  const day = /^(\d\d)(\d\d)(\d{4})$/.exec(date);
  const clock = /^(\d\d)(\d\d)(\d\d)$/.exec(time);
  if (day === null || clock === null) return null;
  const [date2 = 0, month = 0, year = 0] = day.slice(1).map(Number);
  const [hour = 0, minute = 0, second = 0] = clock.slice(1).map(Number);
  return Date.UTC(year, month - 1, date2, hour, minute, second) - zoneOffsetMs;
}

const asciiOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
