import { sql } from 'drizzle-orm';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { lockBook } from '#cloud/points/points-config-store.ts';
import { copyRunTables } from '#cloud/release/run/copy-run-tables.ts';
import { cutChunks, type ReleaseDay } from '#cloud/release/accounts/run-chunks.ts';
import { readClose } from '#cloud/release/close/stored-closes.ts';
import { continueRun, findOpenRun, type RunOptions } from '#cloud/release/run/run-steps.ts';
import { stepsOf } from '#cloud/release/chunks/steps.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import type { DailyBinding } from '#shared/points/release/daily-limit.ts';
import { periodSpan, releaseRunId } from '#shared/time/period.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export interface ReleaseOutcome {
  readonly runId: string;
  readonly limitFen: Fen;
  readonly binding: DailyBinding | 'gate-closed';
  readonly theta: string;
  readonly releasedFen: Fen;
  readonly pointsUsed: PointFen;
  /** Accounts that got something. */
  readonly accountCount: number;
  readonly explanation: Readonly<Record<string, unknown>>;
  readonly explanationHash: string;
  /** False when the day had been run before and this is the stored result. */
  readonly isNew: boolean;
}

/** A run as it is stored. */
export interface StoredRun extends Omit<ReleaseOutcome, 'isNew'> {
  /** What the allocation was made of, stored before it was made. */
  readonly snapshot: Readonly<Record<string, unknown>>;
}

export type ReleaseError =
  | { readonly type: 'period-not-closed' }
  /** A law of the books is broken, or a bill does not match: a person looks first. */
  | { readonly type: 'release-held'; readonly reasons: readonly string[] }
  /** A period is released on the days of the following one only. */
  | { readonly type: 'day-outside-window'; readonly firstDay: string; readonly lastDay: string }
  /** A newer close has counted on what this period left: what it did not give stays due. */
  | { readonly type: 'release-window-over'; readonly lastClosedPeriod: string };

/**
 * Runs the release of one day of a closed period (docs/points.md 2.7, 2.8), after that day is over,
 * keyed by (period, day). A second call answers the stored result and moves nothing. A closed gate
 * releases nothing (invariant I6), and the run says so.
 *
 * With a database each step and each chunk of accounts is a transaction of its own: others hardly
 * wait, and a run that was cut off anywhere is carried on by the next call. With a transaction
 * everything happens in it, or nothing. A run of another day that stands open is ended first. A dry
 * run, in a transaction that is taken back, locks no row of anybody. Errors: day-outside-window,
 * period-not-closed, release-window-over, release-held.
 */
export async function runReleaseDay(
  db: Db | Tx,
  day: ReleaseDay,
  options: RunOptions = {},
): Promise<Result<ReleaseOutcome, ReleaseError>> {
  const { windowFirstDay: firstDay, windowLastDay: lastDay } = periodSpan(day.period);
  if (day.day < firstDay || day.day > lastDay)
    return err({ type: 'day-outside-window', firstDay, lastDay });
  const steps = stepsOf(db, options);
  if (steps.isDry) await steps.step((tx) => copyRunTables(tx, day.operatorId));
  for (let opening = 0; opening < openingsMax; opening += 1) {
    const opened = await steps.step((tx) => openRun(tx, day));
    if (!opened.ok) return opened;
    if (opened.value.stored !== undefined) return ok({ ...opened.value.stored, isNew: false });
    if (opened.value.isNew) await steps.observe('opened');
    const { open } = opened.value;
    const isAsked = open.day === day.day && open.period === day.period;
    // A run that must be ended first is posted in a dry run too: the one asked for reads what it leaves.
    const isNew = await continueRun({ ...steps, isDry: steps.isDry && isAsked }, open);
    if (isAsked) return ok({ ...(await steps.step((tx) => readRun(tx, day)))!, isNew });
  }
  throw new Error(`invariant broken: ${openingsMax} other runs stood open`);
}

/** Runs of other days that may stand open one after the other; more than a window has days. */
const openingsMax = 100;

interface Opened {
  readonly stored: StoredRun | undefined;
  /** The run to carry on: the one asked for, or another one that stands open. */
  readonly open: ReleaseDay;
  /** This call made it. */
  readonly isNew: boolean;
}

/** Finds the run, or opens it: state `wanting`, the accounts cut into chunks. */
async function openRun(tx: Tx, day: ReleaseDay): Promise<Result<Opened, ReleaseError>> {
  const lastClosedPeriod = await lockBook(tx, day.operatorId, 'update');
  const close = await readClose(tx, day);
  if (close === undefined) return err({ type: 'period-not-closed' });
  const stored = await readRun(tx, day);
  if (stored !== undefined) return ok({ stored, open: day, isNew: false });
  // A close that is under way has counted already, too.
  if (lastClosedPeriod !== undefined && lastClosedPeriod !== day.period)
    return err({ type: 'release-window-over', lastClosedPeriod });
  const reasons = await standingReasons(tx, day.operatorId);
  if (reasons.length > 0) return err({ type: 'release-held', reasons });
  const open = await findOpenRun(tx, day.operatorId);
  if (open !== undefined) return ok({ stored, open, isNew: false });
  await tx.execute(sql`
    insert into release_run (operator_id, period, day, run_id, state)
    values (${day.operatorId}, ${day.period}, ${day.day}::date, ${releaseRunId(day.day)}, 'wanting')`);
  await cutChunks(tx, day);
  return ok({ stored, open: day, isNew: true });
}

/** The stored run of a day, if it was run. */
export async function readRun(db: Db | Tx, day: ReleaseDay): Promise<StoredRun | undefined> {
  const { rows } = await db.execute<{
    run_id: string;
    limit_fen: number;
    released_fen: number;
    points_used: number;
    account_count: number;
    snapshot: Record<string, unknown>;
    explanation: Record<string, unknown>;
    explanation_hash: string;
  }>(sql`
    select run_id, limit_fen, released_fen, points_used, account_count, snapshot,
           explanation, explanation_hash
      from release_run
     where operator_id = ${day.operatorId} and period = ${day.period} and day = ${day.day}::date
       and state = 'posted'`);
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    runId: row.run_id,
    limitFen: fen(row.limit_fen),
    binding: row.explanation['binding'] as ReleaseOutcome['binding'],
    theta: String(row.explanation['theta']),
    releasedFen: fen(row.released_fen),
    pointsUsed: pointFen(row.points_used),
    accountCount: row.account_count,
    snapshot: row.snapshot,
    explanation: row.explanation,
    explanationHash: row.explanation_hash,
  };
}
