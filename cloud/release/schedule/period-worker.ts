import { sql } from 'drizzle-orm';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { readClose } from '#cloud/release/close/stored-closes.ts';
import { nextCalendarStep, type CalendarStep } from '#cloud/release/schedule/period-calendar.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { CloseStep } from '#cloud/release/close/close-steps.ts';
import type { ReleaseStep } from '#cloud/release/run/run-steps.ts';
import { runFinalityBatches } from '#cloud/settlement/finality-worker.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import { periodSpan } from '#shared/time/period.ts';

export interface PeriodDeps extends Pick<
  CloudDeps,
  'db' | 'clock' | 'operatorId' | 'logger' | 'config'
> {
  /** Checks the laws of the books and raises a hold for what is broken. */
  readonly proveFirst: () => Promise<unknown>;
  /** Told after every step of a run or a close that is committed; for tests that cut it off. */
  readonly observe?: (step: ReleaseStep | CloseStep) => void | Promise<void>;
}

/** What one turn came to. */
export type PeriodTurn =
  | { readonly type: 'closed'; readonly period: string }
  | { readonly type: 'released'; readonly period: string; readonly day: string }
  /** Up to date. */
  | { readonly type: 'none' }
  /** Another node is at it. */
  | { readonly type: 'elsewhere' }
  /** A person must look first. */
  | { readonly type: 'held'; readonly reasons: readonly string[] }
  /** What came in on the day is not booked to its end. */
  | { readonly type: 'not-drained'; readonly day: string; readonly what: string };

/** A day is looked at this long after its end: what is on its way at midnight arrives first. */
export const dayRestMs = 600_000;
/** What the cloud cannot book for so long will not hold up everybody's vouchers: it counts on the day it is booked. */
export const drainPatienceMs = 6 * 3_600_000;
const idleMs = 60_000;
/** Batches of finality before a close, {@link runFinalityBatches} each. */
const finalityRoundsMax = 1_000;

/**
 * Does the next step of the calendar, one at a time: closes the period that is over, or runs the
 * release of a day that is over, in the order of the days ({@link nextCalendarStep}). All of it is
 * done by the functions that the operator calls by hand, each idempotent, so a turn that was cut
 * off anywhere is done again. An advisory lock keeps a second node away.
 *
 * `patient: false`: do not wait any longer for what is not booked.
 */
export const doPeriodTurn = (
  deps: PeriodDeps,
  options: { readonly patient: boolean } = { patient: true },
): Promise<PeriodTurn> =>
  // This transaction holds nothing but the lock; the work has transactions of its own.
  deps.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ taken: boolean }>(sql`
      select pg_try_advisory_xact_lock(hashtextextended(${`periods ${deps.operatorId}`}, 0)) as taken`);
    if (rows[0]?.taken !== true) return { type: 'elsewhere' };
    return takeTurn(deps, options);
  });

async function takeTurn(
  deps: PeriodDeps,
  { patient }: { readonly patient: boolean },
): Promise<PeriodTurn> {
  const { db, clock, operatorId } = deps;
  const lastOverDay = addDays(accountingDate(clock.nowMs() - dayRestMs), -1);
  const step = await readStep(db, { operatorId, lastOverDay });
  if (step.type === 'none') return step;
  const reasons = await standingReasons(db, operatorId);
  if (reasons.length > 0) return { type: 'held', reasons };
  const day = step.type === 'close' ? periodSpan(step.period).lastDay : step.day;
  const endMs = dayStartMs(addDays(day, 1));
  const what = patient ? await findUndrained(db, { operatorId, beforeMs: endMs }) : undefined;
  if (what !== undefined) return { type: 'not-drained', day, what };
  switch (step.type) {
    case 'close':
      return close(deps, { period: step.period, endMs });
    case 'release':
      return release(deps, step);
    default:
      return exhaustive(step);
  }
}

async function readStep(
  db: Db,
  at: { readonly operatorId: OperatorId; readonly lastOverDay: string },
): Promise<CalendarStep> {
  const { operatorId, lastOverDay } = at;
  const { rows } = await db.execute<{
    last_closed: string | null;
    closing: string | null;
    first_period: string | null;
    posted: readonly string[] | null;
    is_over: boolean;
  }>(sql`
    with book as (
      select last_closed_period as last_closed, closing_period as closing
        from points_book where operator_id = ${operatorId}
    )
    select (select last_closed from book) as last_closed, (select closing from book) as closing,
           case when exists (select from book where last_closed is not null) then null
             else (select min(entered_in collate "C") from points_lot
                    where operator_id = ${operatorId} and state <> 'pending') end as first_period,
           (select array_agg(day::text) from release_run r, book
             where r.operator_id = ${operatorId} and r.period = book.last_closed
               and r.state = 'posted') as posted,
           exists (select from wind_down
                    where operator_id = ${operatorId} and state = 'distributed') as is_over`);
  const row = rows[0]!;
  // Everything is given out: there is nothing left that a close could decide on.
  if (row.is_over) return { type: 'none' };
  return nextCalendarStep({
    lastClosedPeriod: row.last_closed ?? undefined,
    closingPeriod: row.closing ?? undefined,
    firstPeriod: row.first_period ?? undefined,
    postedDays: row.posted ?? [],
    lastOverDay,
  });
}

/**
 * What came in before a moment and is not in the books yet; undefined: nothing. What is parked
 * waits for people, not for us.
 */
async function findUndrained(
  db: Db,
  at: { readonly operatorId: OperatorId; readonly beforeMs: number },
): Promise<string | undefined> {
  const { rows } = await db.execute<{ effects: number; journals: number }>(sql`
    select (select count(*) from outbox
             where operator_id = ${at.operatorId} and state = 'waiting'
               and created_at_ms < ${at.beforeMs}) as effects,
           (select count(*) from journal_head h
             where operator_id = ${at.operatorId} and projected_seq < head_seq
               and exists (select from journal_batch b
                            where b.operator_id = h.operator_id and b.terminal_id = h.terminal_id
                              and b.epoch = h.epoch and b.last_seq > h.projected_seq
                              and b.received_at_ms < ${at.beforeMs})) as journals`);
  const { effects, journals } = rows[0]!;
  if (journals > 0) return `${journals} journals of tills`;
  return effects > 0 ? `${effects} effects of the outbox` : undefined;
}

async function close(
  deps: PeriodDeps,
  closing: { readonly period: string; readonly endMs: number },
): Promise<PeriodTurn> {
  const { db, operatorId } = deps;
  const { period, endMs } = closing;
  // Holds that ended within the period belong to it, also when nobody was there to end them.
  let more = true;
  for (let round = 0; more; round += 1) {
    assert(round < finalityRoundsMax, () => `finality of ${period} does not end`);
    ({ more } = await runFinalityBatches(deps, endMs - 1));
  }
  // A close fixes what may be given out: not on books that nobody looked at.
  await deps.proveFirst();
  const reasons = await standingReasons(db, operatorId);
  if (reasons.length > 0) return { type: 'held', reasons };
  const closed = await closePeriod(db, { operatorId, period }, paceOf(deps));
  if (!closed.ok && closed.error.type === 'release-held')
    return { type: 'held', reasons: closed.error.reasons };
  const { gateOpen, multBp, budgetFen } = getOrThrow(closed);
  deps.logger.info({ period, gateOpen, multBp, budgetFen }, 'period closed');
  return { type: 'closed', period };
}

const paceOf = ({ config, clock, observe }: PeriodDeps) => ({
  pace: { name: config.releasePace, clock },
  ...(observe === undefined ? {} : { observe }),
});

async function release(
  deps: PeriodDeps,
  { period, day }: { readonly period: string; readonly day: string },
): Promise<PeriodTurn> {
  const { db, clock, operatorId } = deps;
  const today = accountingDate(clock.nowMs());
  const found = await readClose(db, { operatorId, period });
  // A closed gate gives nothing (I6): nothing to prove the books for.
  if (found?.gateOpen === true) await deps.proveFirst();
  const run = await runReleaseDay(db, { operatorId, period, day }, { today, ...paceOf(deps) });
  if (!run.ok && run.error.type === 'release-held')
    return { type: 'held', reasons: run.error.reasons };
  const { releasedFen, accountCount } = getOrThrow(run);
  if (releasedFen > 0) deps.logger.info({ period, day, releasedFen, accountCount }, 'day released');
  return { type: 'released', period, day };
}

/** Closes periods and runs release days without anybody asking; any number of nodes may run it. */
export function startPeriodWorker(deps: PeriodDeps): WorkerLoop {
  /** Since when this node waits for what is not booked. */
  let waitingSinceMs: number | undefined;
  return startWorkerLoop({
    name: 'periods',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: async () => {
      const nowMs = deps.clock.monotonicMs();
      const patient = waitingSinceMs === undefined || nowMs - waitingSinceMs < drainPatienceMs;
      const turn = await doPeriodTurn(deps, { patient });
      if (turn.type === 'not-drained') {
        waitingSinceMs ??= nowMs;
        deps.logger.warn({ ...turn }, 'a day is not booked to its end');
        return 0;
      }
      // Without patience nobody looked: the days that follow are not waited for either, until all is done.
      if (patient || turn.type === 'none') waitingSinceMs = undefined;
      return turn.type === 'closed' || turn.type === 'released' ? 1 : 0;
    },
  });
}
