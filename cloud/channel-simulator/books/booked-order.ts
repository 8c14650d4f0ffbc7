import { assert } from '#shared/result/assert.ts';
import type { LatePayment } from '#cloud/channel-simulator/payment-scripts.ts';
import type { BookLine, Face, TradeState } from '#cloud/channel-simulator/protocol.ts';

/** An order as the channel knows it. Its state changes in channel-books.ts only. */
export interface BookedOrder {
  readonly face: Face;
  readonly merchantNo: string;
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly transactionId: string;
  readonly bookedAtMs: number;
  readonly requestHash: string;
  readonly paysAfterPolls: boolean;
  state: TradeState;
  polls: number;
  paidAtMs: number | undefined;
  /** Money went out of it by refund number. */
  readonly refunds: Record<string, BookedRefund>;
  /** The money is held for splitting until it is released. */
  readonly isFrozen: boolean;
  /** What its charge said is going to be subsidised. */
  readonly subsidyMarkFen?: number;
  /** Who paid, where a payment code says so ({@link payerOfCode}). */
  readonly payerId?: string;
  /** Its payer confirms after a reversal closed it. */
  readonly paysOnceClosed?: LatePayment;
  /** When a reversal closed it before any money had come. */
  closedAtMs?: number;
}

export interface BookedRefund {
  readonly amountFen: number;
  readonly atMs: number;
  /** Made by a reversal, not by a refund of its own number. */
  readonly isReversal: boolean;
}

export function bookLine(order: BookedOrder): BookLine {
  const back = refundedFen(order);
  assert(back <= order.amountFen, () => `refunded ${back} of ${order.amountFen}`);
  return {
    face: order.face,
    merchantNo: order.merchantNo,
    outTradeNo: order.outTradeNo,
    amountFen: order.amountFen,
    state: order.state,
    transactionId: order.transactionId,
    refundedFen: back,
    ...(order.paidAtMs === undefined ? {} : { paidAtMs: order.paidAtMs }),
    ...(order.closedAtMs === undefined ? {} : { closedAtMs: order.closedAtMs }),
  };
}

export const refundedFen = (order: BookedOrder): number =>
  Object.values(order.refunds).reduce((sum, part) => sum + part.amountFen, 0);
