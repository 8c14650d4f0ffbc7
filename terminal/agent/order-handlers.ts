import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { wholeLines } from '#shared/goods/sale-lines.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { EntryBody } from '#shared/wire/v1/entries.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import type { Handlers } from '#terminal/agent/api.ts';
import { dayTimesOf } from '#terminal/agent/business-time.ts';
import type { Checkout } from '#terminal/agent/checkout/checkout.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder, listOrders } from '#terminal/agent/journal/order-rows.ts';
import type { OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import { lastReceipt } from '#terminal/agent/printing/spool-view.ts';
import type { RefundDesk } from '#terminal/agent/refunds/refund-desk.ts';
import { orderRow } from '#terminal/agent/tally/order-views.ts';
import { receiptCopiesMax } from '#terminal/agent/tally/resolve-exception.ts';
import type { MethodOutput } from '#terminal/ipc/terminal-api.ts';

export interface OrderHandlerDeps {
  readonly journal: Journal;
  readonly checkout: Checkout;
  readonly refunds: Pick<RefundDesk, 'refund' | 'reprint'>;
  readonly owner: OwnerDesk;
  readonly clock: Clock;
  readonly businessClock: Clock;
  readonly config: () => ConfigPayload | undefined;
}

type Done = Result<MethodOutput<'orders.reprint'>, ErrorCode>;

const done = (outcome: Result<unknown, ErrorCode>): Done => (outcome.ok ? ok({}) : outcome);

/** The methods about one order or many: what happened, and what is done about it after the sale. */
export const createOrderHandlers = (
  { journal, checkout, refunds, owner, ...clocks }: OrderHandlerDeps,
  queue: (job: Omit<EntryBody<'print.queued'>, 'jobId'>) => Done,
): Pick<Handlers, Extract<keyof Handlers, `orders.${string}`>> => ({
  'orders.list': (filter) => {
    const times = dayTimesOf(clocks);
    const rows = listOrders(journal.read, filter).map((stored) =>
      orderRow(journal.read, stored, times),
    );
    const last = rows.length === filter.limit ? rows.at(-1) : undefined;
    return ok({ rows, nextBefore: last?.orderId ?? null });
  },
  'orders.get': ({ orderId }) => {
    const stored = findOrder(journal.read, orderId as OrderId);
    if (!stored) return err('order-not-found');
    const row = orderRow(journal.read, stored, dayTimesOf(clocks));
    const lines = [...wholeLines(stored.order.lines)];
    return ok(lines.length === 0 ? row : { ...row, lines });
  },
  'orders.decideBox': ({ approvalId, ...slip }) => {
    const approve = () => owner.redeem(approvalId, { action: 'orders.decideBox', ...slip });
    return done(checkout.decideBox({ ...slip, approve }));
  },
  'orders.keepPromise': (kept) => done(checkout.keepPromise(kept)),
  'orders.breakPromise': ({ approvalId, ...broken }) => {
    const { orderId } = broken;
    const approve = () => owner.redeem(approvalId, { action: 'orders.breakPromise', orderId });
    return done(checkout.breakPromise({ ...broken, approve }));
  },
  'orders.refund': ({ approvalId, ...wanted }) => {
    const { orderId, amountFen } = wanted;
    const approve = () => owner.redeem(approvalId, { action: 'orders.refund', orderId, amountFen });
    return refunds.refund({ ...wanted, approve });
  },
  'orders.reprintRefund': (slip) => done(refunds.reprint(slip)),
  'orders.reprint': ({ orderId }) => {
    if (!findOrder(journal.read, orderId as OrderId)) return err('order-not-found');
    const copy = (lastReceipt(journal.read, orderId)?.copy ?? 0) + 1;
    return copy > receiptCopiesMax
      ? err('print-copies-used')
      : queue({ kind: 'receipt', orderId, copy });
  },
});
