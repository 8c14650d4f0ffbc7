import type { OrderId } from '#shared/ids/ids.ts';
import type { OrderStateName } from '#shared/order/order.ts';
import { refundsOf } from '#shared/order/refunds.ts';
import { openBoxCode, openChargeCode } from '#terminal/agent/checkout/charge/open-charge-code.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import {
  findOrder,
  ordersWithRefund,
  promisedOrders,
  unresolvedOrdersIn,
  type StoredOrder,
} from '#terminal/agent/journal/order-rows.ts';
import { readOwner } from '#terminal/agent/owner/owner-store.ts';
import { doubtfulJobs, type PrintJobRow } from '#terminal/agent/printing/spool-view.ts';
import { isResolved, rowKey } from '#terminal/agent/tally/resolved-rows.ts';
import type { Trouble } from '#terminal/agent/troubles.ts';
import { readSetAside } from '#terminal/agent/uplink/set-aside.ts';
import { refusedOrders } from '#terminal/agent/uplink/undelivered.ts';
import type { ExceptionAction, ExceptionRow } from '#terminal/ipc/views.ts';

export const exceptionsMax = 200;

/** These end by an answer, never by a person's word at this list. */
const openStates: ReadonlySet<OrderStateName> = new Set<OrderStateName>([
  'submitting',
  'unknown',
  'cancel-wanted',
  'pos-sent',
  'pos-unknown',
]);

/** These stand until somebody has dealt with them. The money itself is decided in the cloud. */
const restingStates = ['debit-failed', 'duplicate', 'manual', 'paid-then-refunded'] as const;

/** Something happened to the till, once; everything else that ails it goes by itself when it is well again. */
const pastTroubles: ReadonlySet<string> = new Set(['store-disk-faulty', 'store-entries-lost']);

/** Codes that tell what became of the paper. Those that tell what ailed the printer may be over. */
const paperCodes: ReadonlySet<string> = new Set(['print-interrupted', 'receipt-interrupted']);

const openPaperCode = (code: string | null): string =>
  code !== null && paperCodes.has(code) ? code : 'receipt-unconfirmed';

const amountOf = (read: ReadHandle, orderId: string | null): number =>
  orderId === null ? 0 : (findOrder(read, orderId as OrderId)?.order.amountFen ?? 0);

/** While an outcome is open, its code never says that nothing was charged. */
function orderCode({ state, reason }: StoredOrder['order']): string {
  if (state === 'paid-then-refunded') return 'paid-then-refunded';
  const isOpen = state === 'submitting' || state === 'unknown' || state === 'cancel-wanted';
  const isAtBox = state === 'pos-sent' || state === 'pos-unknown';
  const said = isOpen ? openChargeCode(reason) : isAtBox ? openBoxCode(reason) : reason;
  return said ?? 'charge-outcome-unknown';
}

function rowOfOrder({ order, changedAtMs }: StoredOrder): ExceptionRow {
  const { orderId, state } = order;
  return {
    key: rowKey({ kind: 'order', orderId, state }),
    orderId,
    code: orderCode(order),
    amountFen: order.amountFen,
    sinceMs: changedAtMs,
    ...(order.loss && { loss: order.loss }),
    actions: openStates.has(state) ? [] : ['acknowledged'],
  };
}

/** Money that was promised: it ends by a person's word about the money, not by one about this list. */
function rowOfPromise({ order, changedAtMs }: StoredOrder): ExceptionRow {
  const { orderId, amountFen, tender } = order;
  return {
    key: rowKey({ kind: 'promise', orderId }),
    orderId,
    code: 'promise-open',
    amountFen,
    sinceMs: changedAtMs,
    actions: [],
    ...(tender?.type === 'promise' ? { promise: { kind: tender.kind, who: tender.who } } : {}),
  };
}

/** Refunds that failed, until somebody has taken note, and those whose outcome is open, which end by an answer. */
const refundRows = (read: ReadHandle): readonly ExceptionRow[] =>
  ordersWithRefund(read, ['asked', 'unknown', 'failed']).flatMap(({ order }) =>
    refundsOf(order).flatMap(({ refundNo, state, code, amountFen, askedAtMs: sinceMs }) => {
      const { orderId } = order;
      const subject = { kind: 'refund', orderId, refundNo } as const;
      if (state === 'done' || (state === 'failed' && isResolved(read, subject))) return [];
      const isOpen = state !== 'failed';
      const said = isOpen ? 'refund-unknown' : (code ?? 'refund-failed');
      const actions: ExceptionAction[] = isOpen ? [] : ['acknowledged'];
      return [{ key: rowKey(subject), orderId, code: said, amountFen, sinceMs, actions }];
    }),
  );

/** Another paper makes up for one in doubt; a drawer that opened or did not is only looked at. */
const paperActions = (kind: PrintJobRow['kind']): ExceptionAction[] =>
  papersOfPeople.has(kind) ? ['seen', 'reprinted'] : ['seen'];

/** A test is printed again where it was asked for. */
const papersOfPeople: ReadonlySet<PrintJobRow['kind']> = new Set<PrintJobRow['kind']>([
  'receipt',
  'day-slip',
  'refund-slip',
  'coupon',
]);

/**
 * Whoever stands at a new till may set the owner's PIN. That he did stands here with its time,
 * until somebody says that it was the owner; the cloud was told besides.
 */
function firstPinRows(read: ReadHandle): readonly ExceptionRow[] {
  const { firstPinAtMs: sinceMs } = readOwner(read);
  if (sinceMs === null) return [];
  const subject = { kind: 'till', code: 'owner-pin-first-set', sinceMs } as const;
  if (isResolved(read, subject)) return [];
  return [
    {
      key: rowKey(subject),
      orderId: '',
      code: subject.code,
      amountFen: 0,
      sinceMs,
      actions: ['seen'],
    },
  ];
}

/** Everything amber, newest first: what happened is a catalogue code, which says what to do. */
export function exceptionRows(
  read: ReadHandle,
  troubles: readonly Trouble[],
): readonly ExceptionRow[] {
  const orders = unresolvedOrdersIn(read, [...openStates, ...restingStates]).map(rowOfOrder);
  const promises = promisedOrders(read).map(rowOfPromise);
  const prints = doubtfulJobs(read).map((job) => ({
    key: rowKey({ kind: 'print', jobId: job.jobId }),
    orderId: job.orderId ?? '',
    // What stopped the printer then may be over; whether the paper is out is what has to be looked at.
    code: openPaperCode(job.code),
    amountFen: amountOf(read, job.orderId),
    sinceMs: job.queuedAtMs,
    paper: job.kind,
    actions: paperActions(job.kind),
  }));
  const acknowledged: ExceptionAction[] = ['acknowledged'];
  const setAside = readSetAside(read)
    .filter((one) => !isResolved(read, { kind: 'set-aside', ...one }))
    .map((one) => ({
      ...one,
      key: rowKey({ kind: 'set-aside', ...one }),
      amountFen: amountOf(read, one.orderId),
      actions: acknowledged,
    }));
  const refused = refusedOrders(read).map((one) => ({
    ...one,
    key: rowKey({ kind: 'refused', orderId: one.orderId }),
    actions: acknowledged,
  }));
  const ofTheTill = troubles
    .filter((trouble) => !isResolved(read, { kind: 'till', ...trouble }))
    .map((trouble) => ({
      ...trouble,
      key: rowKey({ kind: 'till', ...trouble }),
      orderId: '',
      amountFen: 0,
      actions: pastTroubles.has(trouble.code) ? acknowledged : [],
    }));
  return [
    ...ofTheTill,
    ...firstPinRows(read),
    ...orders,
    ...refundRows(read),
    ...promises,
    ...prints,
    ...setAside,
    ...refused,
  ]
    .toSorted((a, b) => b.sinceMs - a.sinceMs)
    .slice(0, exceptionsMax);
}
