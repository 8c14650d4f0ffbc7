import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { isErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { OrderRefund } from '#shared/order/order.ts';
import type { Result } from '#shared/result/result.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { Refund } from '#shared/wire/v1/refunds.ts';
import type { CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';

/** What follows from an answer about a refund: facts for the journal, and whether to ask again. */
export interface RefundDecision {
  readonly facts: readonly EntryFact[];
  readonly isOver: boolean;
}

/** The cloud's own refusals of a refund: nothing was sent to any channel, and this number never will be. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'idempotency-mismatch',
  'order-not-found',
  'refund-not-possible',
  'refund-too-large',
]);

/** Refusals that hold for the moment: the same number may go through a little later, by itself or by a copy of it. */
const momentary: ReadonlySet<ErrorCode> = new Set(['refund-in-flight', 'refund-not-booked']);

/**
 * Decides what an answer about an open refund means. Pure. Laws:
 * 1. Only the cloud's `done` means that the money went back, only its `failed` or its refusal that it did not.
 * 2. Not a byte left on the first try, in the run that began it: nothing was asked for, and it has
 *    failed. The same holds of a first try that was refused for the moment: no copy of it travels
 *    that could still go through.
 * 3. Everything else leaves it open; the same request is repeated, which the cloud answers without doing it twice.
 */
export function decideOnRefund(
  { orderId, refund }: { readonly orderId: OrderId; readonly refund: OrderRefund },
  answer: Result<Refund, CloudFailure>,
  { isFirst }: { readonly isFirst: boolean },
): RefundDecision {
  const about = { orderId, refundNo: refund.refundNo };
  const failed = (code: string): RefundDecision => ({
    facts: [{ type: 'refund.failed', body: { ...about, code } }],
    isOver: true,
  });
  const doubtful = (code: ErrorCode): RefundDecision => ({
    facts: refund.state === 'asked' ? [{ type: 'refund.unknown', body: { ...about, code } }] : [],
    isOver: false,
  });
  if (!answer.ok) {
    const { code, sent } = answer.error;
    if (sent === 'yes' && refusals.has(code)) return failed(code);
    if (sent === 'yes' && momentary.has(code) && isFirst) return failed(code);
    return sent === 'no' && isFirst ? failed('refund-needs-network') : doubtful('refund-unknown');
  }
  const { status, cashFen, voucherFen, concessionFen, points, code } = answer.value;
  switch (status) {
    case 'done':
      // Other parts than the journal's rule says would be refused by it: people look, and nothing is overwritten.
      return {
        facts: [
          {
            type: 'refund.done',
            body: {
              ...about,
              cashFen,
              voucherFen,
              ...(concessionFen === undefined ? {} : { concessionFen }),
              ...(points === undefined ? {} : { points }),
            },
          },
        ],
        isOver: true,
      };
    case 'failed':
      return failed(code ?? 'refund-failed');
    case 'refunding':
      return doubtful(code !== undefined && isErrorCode(code) ? code : 'refund-unknown');
    default:
      return exhaustive(status);
  }
}
