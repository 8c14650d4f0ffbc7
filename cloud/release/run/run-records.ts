import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { nextMonthStart, type WantTerms } from '#cloud/release/allocation/collect-wants.ts';
import { ofRun, sumChunks, type ReleaseDay } from '#cloud/release/accounts/run-chunks.ts';
import { fundFreeFen } from '#cloud/release/close/fund-balance.ts';
import type { PostTerms } from '#cloud/release/allocation/post-chunk.ts';
import { sealRecord } from '#cloud/release/sealed-record.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { dayStartMs, daysBetween } from '#shared/time/calendar-day.ts';
import { dailyLimit } from '#shared/points/release/daily-limit.ts';
import { periodSpan, releaseRunId } from '#shared/time/period.ts';
import { thetaText } from '#shared/points/release/water-fill.ts';
import { assert } from '#shared/result/assert.ts';

/** What the close of the period and the rules say about a run. */
export interface RunTerms extends WantTerms {
  readonly budgetFen: Fen;
  readonly configVersion: number;
  readonly closeHash: string;
}

/** The terms of a run of a closed period. */
export async function readRunTerms(tx: Tx, day: ReleaseDay): Promise<RunTerms> {
  const { config } = await pointsConfigAt(tx, day);
  const nextMonth = nextMonthStart(day);
  const { rows } = await tx.execute<{
    gate_open: boolean;
    mult_bp: number;
    budget_fen: number;
    config_version: number;
    explanation_hash: string;
    has_later: boolean;
  }>(sql`
    select gate_open, mult_bp, budget_fen, config_version, explanation_hash,
           exists (select from release_run where operator_id = ${day.operatorId}
                      and day >= ${nextMonth}::date)
           or exists (select from release_adjustment where operator_id = ${day.operatorId}
                         and state = 'posted' and ended_at_ms >= ${dayStartMs(nextMonth)}) as has_later
      from period_close
     where operator_id = ${day.operatorId} and period = ${day.period}`);
  const row = rows[0];
  assert(row !== undefined, () => `${day.period} is not closed`);
  return {
    config,
    gateOpen: row.gate_open,
    hasLaterRun: row.has_later,
    multBp: basisPoints(row.mult_bp),
    budgetFen: fen(row.budget_fen),
    configVersion: row.config_version,
    closeHash: row.explanation_hash,
  };
}

/** Fixes the day's limit and stores all that the allocation follows from: state `planned`. */
export async function planRun(tx: Tx, run: ReleaseDay, terms: RunTerms): Promise<void> {
  const { operatorId, period, day } = run;
  const wants = await sumChunks(tx, run);
  assert(wants.leftInState === 0, () => `${wants.leftInState} chunks of ${day} are not read`);
  const input = {
    wantLeftFen: fen(wants.wantFen),
    daysLeft: daysBetween({ from: day, to: periodSpan(period).windowLastDay }) + 1,
    consumptionFen: await consumptionOf(tx, run),
    budgetLeftFen: fen(terms.budgetFen - (await releasedOf(tx, run))),
    fundFreeFen: await fundFreeFen(tx, operatorId),
  };
  const limit = dailyLimit(input, terms.config);
  const limitFen = terms.gateOpen ? limit.limitFen : fen(0);
  const snapshot = sealRecord({
    ...input,
    runId: releaseRunId(day),
    gateOpen: terms.gateOpen,
    multBp: terms.multBp,
    mostFen: wants.mostFen,
    accountsWithDue: wants.accountCount,
    binding: terms.gateOpen ? limit.binding : 'gate-closed',
    limitFen,
    configVersion: terms.configVersion,
    closeHash: terms.closeHash,
  });
  await tx.execute(sql`
    update release_run
       set state = 'planned', snapshot = ${snapshot.text}::jsonb, snapshot_hash = ${snapshot.hash},
           limit_fen = ${limitFen}
     where ${ofRun(run)}`);
}

/** Adds the chunks up and stores the explanation: state `posted`. */
export async function finishRun(tx: Tx, run: ReleaseDay, terms: PostTerms): Promise<void> {
  const sums = await sumChunks(tx, run, 'wanted');
  assert(sums.leftInState === 0, () => `${sums.leftInState} chunks of ${run.day} are not posted`);
  const { rows } = await tx.execute<{
    limit_fen: number;
    released_fen: number;
    snapshot_hash: string;
    binding: string;
  }>(sql`
    select limit_fen, released_fen, snapshot_hash, snapshot ->> 'binding' as binding
      from release_run where ${ofRun(run)}`);
  const {
    limit_fen: limitFen,
    released_fen: dueFen,
    snapshot_hash: snapshotHash,
    binding,
  } = rows[0]!;
  const { givenFen: releasedFen, withdrawnFen } = sums;
  assert(
    releasedFen + withdrawnFen === dueFen,
    () => `${releasedFen} given and ${withdrawnFen} withdrawn where ${dueFen} was to be divided`,
  );
  const explanation = sealRecord({
    period: run.period,
    day: run.day,
    snapshotHash,
    limitFen,
    binding,
    theta: thetaText(terms.shares.theta),
    releasedFen,
    withdrawnFen,
    expiresOn: terms.expiresOn,
    formula: 'value = min(want, month cap, theta * want); the odd fen by largest remainder',
  });
  await tx.execute(sql`
    update release_run
       set state = 'posted', released_fen = ${releasedFen}, account_count = ${sums.givenCount},
           points_used = ${sums.pointsUsed}, explanation = ${explanation.text}::jsonb,
           explanation_hash = ${explanation.hash}
     where ${ofRun(run)}`);
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

/** What earlier days of the window, and corrections of them, gave of the period's budget. */
async function releasedOf(tx: Tx, day: ReleaseDay): Promise<Fen> {
  const { rows } = await tx.execute<{ fen: number }>(sql`
    select (select coalesce(sum(released_fen), 0)::bigint from release_run
             where operator_id = ${day.operatorId} and period = ${day.period})
         + (select coalesce(sum(value_fen), 0)::bigint from release_adjustment
             where operator_id = ${day.operatorId} and period = ${day.period}
               and state = 'posted' and kind = 'give') as fen`);
  return fen(rows[0]!.fen);
}
