import type { OrderId } from '#shared/ids/ids.ts';
import { tallyBucket } from '#shared/order/order-machine.ts';
import { openBoxCode, openChargeCode } from '#terminal/agent/checkout/open-charge-code.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { findOrder, ordersIn, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import { lastReceipt, receiptState, unknownJobs } from '#terminal/agent/printing/spool-view.ts';
import { readSetAside } from '#terminal/agent/uplink/set-aside.ts';
import { isDelivered, refusedOrders } from '#terminal/agent/uplink/undelivered.ts';
import type { Trouble } from '#terminal/agent/troubles.ts';
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
    ...(tender?.type === 'box-pos' && tender.boxRef !== undefined
      ? { box: { boxRef: tender.boxRef, method: tender.method ?? 'other' } }
      : {}),
    synced: isDelivered(read, stored),
    receiptCopies: receipt?.copy ?? 0,
    receipt: receiptState(receipt),
  };
}

export const exceptionsMax = 200;

/** Codes that tell what became of the paper. Those that tell what ailed the printer may be over. */
const paperCodes: ReadonlySet<string> = new Set(['print-interrupted', 'receipt-interrupted']);

const openPaperCode = (code: string | null): string =>
  code !== null && paperCodes.has(code) ? code : 'receipt-unconfirmed';

const amountOf = (read: ReadHandle, orderId: string | null): number =>
  orderId === null ? 0 : (findOrder(read, orderId as OrderId)?.order.amountFen ?? 0);

/** While an outcome is open, its code never says that nothing was charged. */
function exceptionCode({ state, reason }: StoredOrder['order']): string {
  const isOpen = state === 'submitting' || state === 'unknown' || state === 'cancel-wanted';
  const isAtBox = state === 'pos-sent' || state === 'pos-unknown';
  const said = isOpen ? openChargeCode(reason) : isAtBox ? openBoxCode(reason) : reason;
  return said ?? 'charge-outcome-unknown';
}

/** Everything amber, newest first: what happened is a catalogue code, which says what to do. */
export function exceptionRows(
  read: ReadHandle,
  troubles: readonly Trouble[],
): readonly ExceptionRow[] {
  const orders = ordersIn(read, [
    'submitting',
    'unknown',
    'cancel-wanted',
    'debit-failed',
    'duplicate',
    'manual',
    'pos-sent',
    'pos-unknown',
  ]).map(({ order, changedAtMs }) => ({
    orderId: order.orderId,
    code: exceptionCode(order),
    amountFen: order.amountFen,
    sinceMs: changedAtMs,
  }));
  const prints = unknownJobs(read).map((job) => ({
    orderId: job.orderId ?? '',
    // What stopped the printer then may be over; whether the paper is out is what has to be looked at.
    code: openPaperCode(job.code),
    amountFen: amountOf(read, job.orderId),
    sinceMs: job.queuedAtMs,
    paper: job.kind,
  }));
  const setAside = readSetAside(read).map((one) => ({ ...one, amountFen: 0 }));
  const ofTheTill = troubles.map((trouble) => ({ ...trouble, orderId: '', amountFen: 0 }));
  return [...ofTheTill, ...orders, ...prints, ...setAside, ...refusedOrders(read)]
    .toSorted((a, b) => b.sinceMs - a.sinceMs)
    .slice(0, exceptionsMax);
}
