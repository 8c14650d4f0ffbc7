import { assert } from '#shared/result/assert.ts';
import { divFloor } from '#shared/money/exact.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { shanghaiDateOf } from '#cloud/channel-simulator/shanghai-time.ts';
import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import type { Face, TradeState } from '#cloud/channel-simulator/protocol.ts';

/** One line of a bill in neutral words; each face writes it in its own columns. */
export interface BillLine {
  readonly type: 'payment' | 'refund';
  readonly face: Face;
  readonly atMs: number;
  readonly merchantNo: string;
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly state: TradeState;
  readonly amountFen: number;
  /** Undefined on payments. */
  readonly refund: { readonly outRefundNo: string; readonly isReversal: boolean } | undefined;
  readonly feeFen: number;
}

/**
 * Lies of a bill, by the class that reconciliation must find. Each names the order, by its outTradeNo.
 * - missing-on-ours: a line about an order we never made (`outTradeNo` is the invented number)
 * - missing-on-theirs: our order's payment is left out
 * - amount-differs: `byFen` more than was paid
 * - state-differs: paid is shown as closed
 * - fee-differs: `byFen` more fee
 * - refund-missing: the order's refund lines are left out
 * - double: the payment stands there twice, under two transaction numbers
 */
export type BillMismatch =
  | {
      readonly type: 'missing-on-ours';
      readonly outTradeNo: string;
      readonly amountFen: number;
      readonly merchantNo: string;
    }
  | {
      readonly type: 'amount-differs' | 'fee-differs';
      readonly outTradeNo: string;
      readonly byFen: number;
    }
  | {
      readonly type: 'missing-on-theirs' | 'state-differs' | 'refund-missing' | 'double';
      readonly outTradeNo: string;
    };

export interface BillDesk {
  /**
   * The lines of one Shanghai day (YYYY-MM-DD), by time, with the injected mismatches. The day of a face may turn
   * `turnsBeforeMs` before midnight.
   */
  readonly linesOf: (request: {
    readonly face: Face;
    readonly date: string;
    readonly merchantNo?: string;
    readonly turnsBeforeMs?: number;
  }) => readonly BillLine[];
  /** What the next bills lie about. */
  readonly setMismatches: (mismatches: readonly BillMismatch[]) => void;
}

/** What the channel charges: 0.6 %, rounded half up to the fen. */
export const channelFeeBp = basisPoints(60);

const feeOf = (amountFen: number): number =>
  Number(divFloor(BigInt(amountFen) * BigInt(channelFeeBp) + 5_000n, 10_000n));

/** `further` is asked for each bill: lies beside those that were set. */
export function createBillDesk(
  orders: () => readonly BookedOrder[],
  further: () => readonly BillMismatch[] = () => [],
): BillDesk {
  let own: readonly BillMismatch[] = [];
  return {
    setMismatches: (change) => {
      own = change;
    },
    linesOf: ({ face, date, merchantNo, turnsBeforeMs = 0 }) => {
      const mismatches = [...own, ...further()];
      const honest = orders()
        .filter((order) => order.face === face)
        .flatMap(linesOfOrder)
        .filter((line) => shanghaiDateOf(line.atMs + turnsBeforeMs) === date);
      return [
        ...honest.flatMap((line) => lied(line, mismatches)),
        ...invented(mismatches, face, date),
      ]
        .filter((line) => merchantNo === undefined || line.merchantNo === merchantNo)
        .toSorted((a, b) => a.atMs - b.atMs || (a.outTradeNo < b.outTradeNo ? -1 : 1));
    },
  };
}

/** A paid order, and what went back of it. A reversal of a paid order appears as a refund too. */
function linesOfOrder(order: BookedOrder): readonly BillLine[] {
  if (order.paidAtMs === undefined) return [];
  const base = {
    face: order.face,
    merchantNo: order.merchantNo,
    transactionId: order.transactionId,
    outTradeNo: order.outTradeNo,
  };
  const payment: BillLine = {
    ...base,
    type: 'payment',
    atMs: order.paidAtMs,
    state: 'SUCCESS',
    amountFen: order.amountFen,
    refund: undefined,
    feeFen: feeOf(order.amountFen),
  };
  const refunds = Object.entries(order.refunds).map(
    ([outRefundNo, { amountFen, atMs, isReversal }]): BillLine => ({
      ...base,
      type: 'refund',
      atMs,
      state: 'REFUND',
      amountFen,
      refund: { outRefundNo: isReversal ? order.outTradeNo : outRefundNo, isReversal },
      feeFen: -feeOf(amountFen),
    }),
  );
  return [payment, ...refunds];
}

function lied(line: BillLine, mismatches: readonly BillMismatch[]): readonly BillLine[] {
  let lines: readonly BillLine[] = [line];
  for (const mismatch of mismatches)
    if (mismatch.outTradeNo === line.outTradeNo)
      lines = lines.flatMap((one) => bend(one, mismatch));
  return lines;
}

function bend(line: BillLine, mismatch: BillMismatch): readonly BillLine[] {
  if (line.type === 'refund') return mismatch.type === 'refund-missing' ? [] : [line];
  switch (mismatch.type) {
    case 'missing-on-theirs':
      return [];
    case 'amount-differs':
      assert(mismatch.byFen !== 0, () => 'an amount that does not differ');
      return [{ ...line, amountFen: line.amountFen + mismatch.byFen }];
    case 'fee-differs':
      return [{ ...line, feeFen: line.feeFen + mismatch.byFen }];
    case 'state-differs':
      return [{ ...line, state: 'CLOSED' }];
    case 'double':
      return [line, { ...line, transactionId: `43${line.transactionId.slice(2)}` }];
    case 'refund-missing':
    case 'missing-on-ours':
      return [line];
  }
}

const invented = (
  mismatches: readonly BillMismatch[],
  face: Face,
  date: string,
): readonly BillLine[] =>
  mismatches.flatMap((mismatch): readonly BillLine[] =>
    mismatch.type === 'missing-on-ours'
      ? [
          {
            type: 'payment',
            face,
            atMs: Date.parse(`${date}T12:00:00+08:00`),
            merchantNo: mismatch.merchantNo,
            transactionId: `44${mismatch.outTradeNo.replaceAll(/[^0-9]/g, '').padStart(26, '0')}`,
            outTradeNo: mismatch.outTradeNo,
            state: 'SUCCESS',
            amountFen: mismatch.amountFen,
            refund: undefined,
            feeFen: feeOf(mismatch.amountFen),
          },
        ]
      : [],
  );
