import { tallyBucket } from '#shared/order/order-machine.ts';
import type { Order, OrderRefund } from '#shared/order/order.ts';
import { refundableFenOf, refundedFenOf, refundWay } from '#shared/order/refunds.ts';
import { openedTimeMs, refundTimeMs, type DayTimes } from '#terminal/agent/business-time.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import type { StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import { lastReceipt, receiptState } from '#terminal/agent/printing/spool-view.ts';
import { isDelivered } from '#terminal/agent/uplink/undelivered.ts';
import type { OrderRow, RefundView } from '#terminal/ipc/views.ts';

export function orderRow(read: ReadHandle, stored: StoredOrder, times: DayTimes): OrderRow {
  const { order } = stored;
  const receipt = lastReceipt(read, order.orderId);
  const { tender } = order;
  return {
    orderId: order.orderId,
    state: order.state,
    bucket: tallyBucket(order.state) ?? 'none',
    amountFen: order.amountFen,
    voucherFen: order.voucherFen,
    tender: tender === undefined ? null : tender.type === 'wallet' ? tender.wallet : tender.type,
    openedAtMs: openedTimeMs(order),
    cashier: order.cashier,
    reason: order.reason ?? null,
    ...(tender?.type === 'box-pos' && tender.boxRef !== undefined
      ? { box: { boxRef: tender.boxRef, method: tender.method ?? 'other' } }
      : {}),
    ...(tender?.type === 'promise'
      ? {
          promise: { kind: tender.kind, who: tender.who, kept: tender.kept, broken: tender.broken },
        }
      : {}),
    ...(order.refunds === undefined
      ? {}
      : { refunds: order.refunds.map((refund) => refundView(order, refund, times)) }),
    refundedFen: refundedFenOf(order),
    refundableFen: refundableFenOf(order),
    refundWay: refundWay(order) ?? null,
    synced: isDelivered(read, stored),
    receiptCopies: receipt?.copy ?? 0,
    receipt: receiptState(receipt),
  };
}

const refundView = (order: Order, refund: OrderRefund, times: DayTimes): RefundView => ({
  refundNo: refund.refundNo,
  amountFen: refund.amountFen,
  cashFen: refund.cashFen,
  voucherFen: refund.voucherFen,
  how: refund.how,
  state: refund.state,
  atMs: refundTimeMs(order, refund, times),
  cashier: refund.cashier,
  reason: refund.reason,
  code: refund.code ?? null,
});
