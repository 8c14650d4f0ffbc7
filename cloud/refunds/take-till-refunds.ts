import { fen } from '#shared/money/fen.ts';
import type { OrderRefund } from '#shared/order/order.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { KeptOrder } from '#cloud/orders/kept-order.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { findRefund, insertRefund, type KeptRefund } from '#cloud/refunds/refund-store.ts';

/** A refund that a till's journal calls done. */
export interface TillRefund {
  readonly kept: KeptOrder;
  readonly refund: OrderRefund;
}

export type TillRefundError =
  /** The journal says that a channel gave money back, and the cloud knows of no such refund. */
  | { readonly type: 'refund-unknown-to-cloud' }
  /** This number is another refund. */
  | { readonly type: 'idempotency-mismatch' };

/**
 * Takes a refund that a till paid out of its drawer, or at its box, once; the refund worker books it. A refund by a
 * channel is the cloud's own: the journal only says that the till has heard of it.
 */
export async function takeTillRefund(
  tx: Tx,
  { kept, refund }: TillRefund,
  nowMs: number,
): Promise<Result<void, TillRefundError>> {
  const { operatorId, merchantId, terminalId } = kept.stream;
  const key = { operatorId, merchantId, orderId: kept.order.orderId, refundNo: refund.refundNo };
  const standing = await findRefund(tx, key);
  if (standing !== undefined)
    return isSame(standing, refund) ? ok(undefined) : err({ type: 'idempotency-mismatch' });
  if (refund.how === 'channel') return err({ type: 'refund-unknown-to-cloud' });
  await insertRefund(tx, {
    ...key,
    terminalId,
    how: refund.how,
    amountFen: fen(refund.amountFen),
    cashFen: fen(refund.cashFen),
    voucherFen: fen(refund.voucherFen),
    cashier: refund.cashier,
    reason: refund.reason,
    businessDate: refund.businessDate,
    askedAtMs: refund.askedAtMs,
    charge: undefined,
    progress: { status: 'booking', fruitlessTries: 0, nextAtMs: nowMs, code: undefined },
  });
  return ok(undefined);
}

const isSame = (standing: KeptRefund, refund: OrderRefund): boolean =>
  standing.how === refund.how &&
  standing.cashFen === refund.cashFen &&
  standing.voucherFen === refund.voucherFen &&
  standing.progress.status !== 'failed';
