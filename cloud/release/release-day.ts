import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import {
  collectWants,
  findTheta,
  storeAllocations,
  type ReleaseDay,
  type Wants,
} from '#cloud/release/allocate.ts';
import { readClose, type PeriodClose } from '#cloud/release/close-period.ts';
import { fundFreeFen } from '#cloud/release/fund.ts';
import { sealRecord } from '#cloud/release/sealed-record.ts';
import { materialise, plainWord } from '#cloud/release/temporary-table.ts';
import { issueVouchers } from '#cloud/vouchers/issue-vouchers.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { addDays, dayStartMs, daysBetween } from '#shared/time/calendar-day.ts';
import { dailyLimit, type DailyBinding } from '#shared/points/daily-limit.ts';
import { periodSpan, releaseRunId } from '#shared/time/period.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { thetaText, type Theta } from '#shared/points/water-fill.ts';
import { assert } from '#shared/result/assert.ts';
import { err, getOrThrow, ok, type Result } from '#shared/result/result.ts';

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
  | { readonly type: 'day-outside-window'; readonly firstDay: string; readonly lastDay: string };

/**
 * Runs the release of one day of a closed period (docs/points.md 2.7, 2.8), after that day is over: planned (snapshot
 * stored), allocated, posted, all in the caller's transaction, keyed by (period, day). A second call answers the
 * stored result and moves nothing. A closed gate releases nothing (invariant I6), and the run says so.
 * Errors: day-outside-window, period-not-closed, release-held.
 */
export async function runReleaseDay(
  tx: Tx,
  day: ReleaseDay,
): Promise<Result<ReleaseOutcome, ReleaseError>> {
  const window = periodSpan(day.period);
  const [firstDay, lastDay] = [window.windowFirstDay, window.windowLastDay];
  if (day.day < firstDay || day.day > lastDay)
    return err({ type: 'day-outside-window', firstDay, lastDay });
  await lockBook(tx, day.operatorId, 'update');
  const close = await readClose(tx, day);
  if (close === undefined) return err({ type: 'period-not-closed' });
  const stored = await readRun(tx, day);
  if (stored !== undefined) return ok({ ...stored, isNew: false });
  const reasons = await standingReasons(tx, day.operatorId);
  if (reasons.length > 0) return err({ type: 'release-held', reasons });
  const { config } = await pointsConfigAt(tx, day);
  const plan = await planRun(tx, { ...day, close, config });
  const theta = await allocateRun(tx, day, plan);
  await postRun(tx, day, { ...plan, theta, config });
  return ok({ ...(await readRun(tx, day))!, isNew: true });
}

interface RunPlan {
  readonly wants: Wants;
  readonly limitFen: Fen;
  readonly binding: ReleaseOutcome['binding'];
  readonly snapshotHash: string;
}

/** Stores what the allocation will read before it is made: state `planned`. */
async function planRun(
  tx: Tx,
  run: ReleaseDay & { readonly close: Omit<PeriodClose, 'isNew'>; readonly config: PointsConfig },
): Promise<RunPlan> {
  const { operatorId, period, day, close, config } = run;
  const wants = await collectWants(tx, { ...run, multBp: close.multBp });
  const input = {
    wantLeftFen: wants.wantLeftFen,
    daysLeft: daysBetween({ from: day, to: periodSpan(period).windowLastDay }) + 1,
    consumptionFen: await consumptionOf(tx, run),
    budgetLeftFen: fen(close.budgetFen - (await releasedOf(tx, run))),
    fundFreeFen: await fundFreeFen(tx, operatorId),
  };
  const limit = dailyLimit(input, config);
  const limitFen = close.gateOpen ? limit.limitFen : fen(0);
  const binding = close.gateOpen ? limit.binding : 'gate-closed';
  const snapshot = sealRecord({
    ...input,
    runId: releaseRunId(day),
    gateOpen: close.gateOpen,
    multBp: close.multBp,
    mostFen: wants.mostFen,
    accountsWithDue: wants.accountCount,
    binding,
    limitFen,
    configVersion: close.configVersion,
    closeHash: close.explanationHash,
  });
  await tx.execute(sql`
    insert into release_run (operator_id, period, day, run_id, state, snapshot, snapshot_hash, limit_fen)
    values (${operatorId}, ${period}, ${day}::date, ${releaseRunId(day)}, 'planned',
            ${snapshot.text}::jsonb, ${snapshot.hash}, ${limitFen})`);
  return { wants, limitFen, binding, snapshotHash: snapshot.hash };
}

/** Divides the day's limit among the accounts: state `allocated`. */
async function allocateRun(tx: Tx, day: ReleaseDay, plan: RunPlan): Promise<Theta> {
  const theta = await findTheta(tx, plan.wants, plan.limitFen);
  if (plan.limitFen > 0)
    await storeAllocations(tx, {
      ...day,
      runId: releaseRunId(day.day),
      totalFen: plan.limitFen,
      theta,
      dayStartMs: dayStartMs(day.day),
    });
  const { rows } = await tx.execute<{ released_fen: number }>(sql`
    update release_run r
       set state = 'allocated', theta_num = ${String(theta.num)}::numeric,
           theta_den = ${String(theta.den)}::numeric, account_count = sums.accounts,
           released_fen = sums.fen, points_used = sums.points
      from (select count(*) as accounts, coalesce(sum(alloc_fen), 0) as fen,
                   coalesce(sum(points_used), 0) as points
              from release_allocation
             where operator_id = ${day.operatorId} and period = ${day.period}
               and day = ${day.day}::date) sums
     where r.operator_id = ${day.operatorId} and r.period = ${day.period}
       and r.day = ${day.day}::date and r.state = 'planned'
    returning released_fen`);
  const released = rows[0]?.released_fen;
  const due = Math.min(plan.limitFen, plan.wants.mostFen);
  assert(released === due, () => `${released} allocated where ${due} was to be divided`);
  return theta;
}

/** Turns the allocation into vouchers, points used and one journal F -> VO: state `posted`. */
async function postRun(
  tx: Tx,
  day: ReleaseDay,
  plan: RunPlan & { readonly theta: Theta; readonly config: PointsConfig },
): Promise<void> {
  const releasedFen = fen(Math.min(plan.limitFen, plan.wants.mostFen));
  const expiresOn = addDays(periodSpan(day.period).windowLastDay, plan.config.voucherDays);
  await useUpPoints(tx, day);
  await issueVouchers(tx, { ...day, runId: releaseRunId(day.day), expiresOn });
  if (releasedFen > 0)
    getOrThrow(
      await postJournals(tx, [
        {
          operatorId: day.operatorId,
          merchantId: null,
          idemKey: `release:${day.period}:${day.day}`,
          kind: 'release',
          // The moment at which the day was over.
          eventAtMs: dayStartMs(addDays(day.day, 1)),
          legs: [
            { account: 'fund_free', amountFen: fen(-releasedFen) },
            { account: 'voucher_outstanding', amountFen: releasedFen },
          ],
        },
      ]),
    );
  const explanation = sealRecord({
    period: day.period,
    day: day.day,
    snapshotHash: plan.snapshotHash,
    limitFen: plan.limitFen,
    binding: plan.binding,
    theta: thetaText(plan.theta),
    releasedFen,
    expiresOn,
    formula: 'value = min(want, month cap, theta * want); the odd fen by largest remainder',
  });
  await tx.execute(sql`
    update release_run set state = 'posted', explanation = ${explanation.text}::jsonb,
                           explanation_hash = ${explanation.hash}
     where operator_id = ${day.operatorId} and period = ${day.period} and day = ${day.day}::date
       and state = 'allocated'`);
}

async function useUpPoints(tx: Tx, day: ReleaseDay): Promise<void> {
  await materialise(tx, {
    name: 'release_given',
    key: 'member_id',
    query: sql`
      select member_id, points_used, alloc_fen from release_allocation
       where operator_id = ${plainWord(day.operatorId)} and period = ${plainWord(day.period)}
         and day = ${plainWord(day.day)}::date`,
  });
  await tx.execute(sql`
    update account_points a set released = a.released + given.points_used
      from release_given given
     where a.operator_id = ${day.operatorId} and a.member_id = given.member_id`);
  await tx.execute(sql`
    insert into points_entry (operator_id, member_id, kind, ref, points, fen, on_day)
    select ${day.operatorId}, member_id, 'released', ${releaseRunId(day.day)}, -points_used,
           alloc_fen, ${day.day}::date
      from release_given`);
}

/** Net orders accepted on the day, less what was given back on it; nothing when more went back than came. */
async function consumptionOf(tx: Tx, day: ReleaseDay): Promise<Fen> {
  const { rows } = await tx.execute<{ fen: number }>(sql`
    select greatest(0,
        (select coalesce(sum(net_fen), 0) from points_order
          where operator_id = ${day.operatorId} and accepted_on = ${day.day}::date)
      - (select coalesce(sum(cash_fen), 0) from order_refund
          where operator_id = ${day.operatorId} and ledger_date = ${day.day}::date and status = 'done')
      )::bigint as fen`);
  return fen(rows[0]!.fen);
}

/** What earlier days of the window released of the period's budget. */
async function releasedOf(tx: Tx, day: ReleaseDay): Promise<Fen> {
  const { rows } = await tx.execute<{ fen: number }>(sql`
    select coalesce(sum(released_fen), 0) as fen from release_run
     where operator_id = ${day.operatorId} and period = ${day.period}`);
  return fen(rows[0]!.fen);
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
