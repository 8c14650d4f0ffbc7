import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { newId, type OrderId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryBody, EntryFact } from '#shared/wire/v1/entries.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { findJob, lastLike, type PrintJobRow } from '#terminal/agent/printing/spool-view.ts';
import { exceptionRows } from '#terminal/agent/tally/exception-rows.ts';
import type { Troubles } from '#terminal/agent/troubles.ts';
import type { ExceptionRow } from '#terminal/ipc/views.ts';
import type { MethodInput } from '#terminal/ipc/terminal-api.ts';

export const receiptCopiesMax = 99;

/**
 * Writes down who dealt with a row, and how; asks for the paper in the same transaction when it is to be printed again.
 * Errors: `exception-gone`, `exception-action-unfit`, `exception-note-missing`, those of a reprint, the journal's.
 */
export function resolveException(
  deps: {
    readonly journal: Journal;
    readonly troubles: Troubles;
    readonly clock: Clock;
    readonly businessClock: Clock;
    readonly random: Random;
    readonly cashier: string;
    readonly hasPrinter: () => boolean;
  },
  { key, action, note: text }: MethodInput<'exceptions.resolve'>,
): Result<void, ErrorCode> {
  const { journal, troubles } = deps;
  const row = exceptionRows(journal.read, troubles.list()).find((one) => one.key === key);
  if (!row) return err('exception-gone');
  if (!row.actions.includes(action)) return err('exception-action-unfit');
  const note = text.trim();
  if (action === 'acknowledged' && note === '') return err('exception-note-missing');
  const paper = action === 'reprinted' ? paperAgain(deps, row) : ok([]);
  if (!paper.ok) return paper;
  const body: EntryBody<'exception.resolved'> = {
    row: key,
    code: row.code,
    action,
    cashier: deps.cashier,
    note,
    sinceMs: row.sinceMs,
    ...(row.orderId === '' ? {} : { about: row.orderId }),
    ...(row.paper === undefined ? {} : { paper: row.paper }),
  };
  const kept = journal.append([...paper.value, { type: 'exception.resolved', body }]);
  return kept.ok ? ok(undefined) : err(appendErrorCode(kept.error));
}

function paperAgain(
  deps: {
    readonly journal: Journal;
    readonly clock: Clock;
    readonly businessClock: Clock;
    readonly random: Random;
    readonly hasPrinter: () => boolean;
  },
  { key }: ExceptionRow,
): Result<readonly EntryFact[], ErrorCode> {
  const { read } = deps.journal;
  if (!deps.hasPrinter()) return err('printer-missing');
  const job = findJob(read, key.slice('print:'.length));
  if (!job) return err('exception-gone');
  // A slip of the day is a new one each time it is printed; all else is a copy, and says so.
  const copy = job.kind === 'day-slip' ? 1 : lastLike(read, job).copy + 1;
  if (copy > receiptCopiesMax) return err('print-copies-used');
  if (job.kind === 'coupon' && isCouponOver(deps, job)) return err('coupon-expired');
  const again = {
    kind: job.kind,
    copy,
    ...(job.orderId === null ? {} : { orderId: job.orderId }),
    ...(job.reason === null ? {} : { reason: job.reason }),
  };
  return ok([{ type: 'print.queued', body: { jobId: newId('prt', deps), ...again } }]);
}

/** Nobody is given a paper whose last day is over. */
function isCouponOver(
  { journal, businessClock }: { readonly journal: Journal; readonly businessClock: Clock },
  { orderId }: PrintJobRow,
): boolean {
  const coupon = findOrder(journal.read, (orderId ?? '') as OrderId)?.order.coupon;
  return coupon !== undefined && coupon.validUntil < accountingDate(businessClock.nowMs());
}
