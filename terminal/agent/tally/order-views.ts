import { tallyBucket } from '#shared/order/order-machine.ts';
import { getMetaNumber } from '#terminal/agent/journal/meta.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { ordersIn, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import { lastReceipt, receiptState, unknownJobs } from '#terminal/agent/printing/spool-view.ts';
import { readSetAside } from '#terminal/agent/uplink/set-aside.ts';
import type { ExceptionRow, OrderRow } from '#terminal/ipc/views.ts';

export function orderRow(read: ReadHandle, stored: StoredOrder): OrderRow {
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
    openedAtMs: order.openedAtMs,
    cashier: order.cashier,
    reason: order.reason ?? null,
    synced: stored.lastPosition <= getMetaNumber(read, 'acked-position'),
    receiptCopies: receipt?.copy ?? 0,
    receipt: receiptState(receipt),
  };
}

export const exceptionsMax = 200;

/** Everything amber, newest first: what happened is a catalogue code, which says what to do. */
export function exceptionRows(read: ReadHandle): readonly ExceptionRow[] {
  const orders = ordersIn(read, [
    'submitting',
    'unknown',
    'cancel-wanted',
    'debit-failed',
    'duplicate',
    'manual',
  ]).map(({ order, changedAtMs }) => ({
    orderId: order.orderId,
    code: order.reason ?? 'charge-outcome-unknown',
    amountFen: order.amountFen,
    sinceMs: changedAtMs,
  }));
  const prints = unknownJobs(read).map((job) => ({
    orderId: job.orderId ?? '',
    code: job.code ?? 'receipt-unconfirmed',
    amountFen: 0,
    sinceMs: job.queuedAtMs,
  }));
  const setAside = readSetAside(read).map((one) => ({ ...one, amountFen: 0 }));
  return [...orders, ...prints, ...setAside]
    .toSorted((a, b) => b.sinceMs - a.sinceMs)
    .slice(0, exceptionsMax);
}

/** How many orders, and how much money, the cloud does not have yet. */
export function unsent(read: ReadHandle): { readonly count: number; readonly sumFen: number } {
  const acked = getMetaNumber(read, 'acked-position');
  const row = read.one<{ count: number; sumFen: number }>(
    `SELECT count(*) AS count, coalesce(sum(amount_fen), 0) AS sumFen FROM orders
     WHERE order_id IN (
       SELECT DISTINCT json_extract(body, '$.orderId') FROM entry WHERE position > $acked
     )`,
    { acked },
  );
  return row ?? { count: 0, sumFen: 0 };
}
