import { bookLine, type BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import type { Delivery } from '#cloud/channel-simulator/payment-scripts.ts';
import type { ChannelAnswer } from '#cloud/channel-simulator/protocol.ts';

/** An answer with its HTTP status and the way it travels. */
export interface Reply {
  readonly status: number;
  readonly answer: ChannelAnswer;
  readonly delivery: Delivery;
  /** Notifies to send about it, where the dialect has them. */
  readonly notices?: 0 | 1 | 2;
  /** And how late the first one comes. */
  readonly noticeAfterMs?: number;
}

export function reply(order: BookedOrder, code: string): Reply {
  const line = bookLine(order);
  const answer: ChannelAnswer =
    code === 'SYSTEM_ERROR'
      ? { code, message: 'result unknown, query later' }
      : {
          code,
          message: 'ok',
          merchantNo: line.merchantNo,
          outTradeNo: line.outTradeNo,
          state: line.state,
          transactionId: line.transactionId,
          refundedFen: line.refundedFen,
          ...(line.amountFen > 0 ? { amountFen: line.amountFen } : {}),
          ...(line.paidAtMs === undefined ? {} : { paidAtMs: line.paidAtMs }),
          ...(order.payerId === undefined ? {} : { payerId: order.payerId }),
        };
  return { status: code === 'SYSTEM_ERROR' ? 500 : 200, answer, delivery: 'prompt' };
}

/** HTTP status of a refusal by its code. */
export const statusOfCode = (code: string): number =>
  ({ FREQUENCY_LIMITED: 429, NO_AUTH: 403 })[code] ?? 400;

export const refusal = (status: number, code: string, message: string): Reply => ({
  status,
  answer: { code, message },
  delivery: 'prompt',
});
