import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { collectWants, type WantTerms } from '#cloud/release/allocation/collect-wants.ts';
import { findOddFen, findTheta, groupWants } from '#cloud/release/allocation/find-shares.ts';
import { ofRun, sumChunks, type ReleaseDay } from '#cloud/release/accounts/run-chunks.ts';
import { workThroughChunks, type ChunkWork } from '#cloud/release/chunks/chunk-lanes.ts';
import { postChunk, type PostTerms } from '#cloud/release/allocation/post-chunk.ts';
import { finishRun, planRun, readRunTerms, type RunTerms } from '#cloud/release/run/run-records.ts';
import type { StepOptions, Steps } from '#cloud/release/chunks/steps.ts';
import { voucherStem } from '#cloud/vouchers/issue-vouchers.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import { periodSpan, releaseRunId } from '#shared/time/period.ts';
import { assert } from '#shared/result/assert.ts';

/** wanting -> planned -> allocated -> posted (docs/points.md 2.8). */
type RunState = 'wanting' | 'planned' | 'allocated' | 'posted';

/** What a run just did and kept: a chunk read or posted, or a step of the whole. */
export type ReleaseStep =
  'opened' | 'chunk-wanted' | 'planned' | 'allocated' | 'chunk-posted' | 'posted';

export type RunOptions = StepOptions<ReleaseStep>;

type RunSteps = Steps<ReleaseStep>;

/**
 * Carries an open run to its end, from wherever it stands: each step is kept with the state that says so, and several
 * callers at once share the chunks. True when this call did the last step.
 */
export async function continueRun(steps: RunSteps, day: ReleaseDay): Promise<boolean> {
  let endedHere = false;
  let state = await steps.step((tx) => readState(tx, day));
  while (state !== 'posted') {
    if (state === 'wanting') {
      const terms = await steps.step((tx) => readRunTerms(tx, day));
      await workThroughChunks(steps, wantingChunks(day, terms));
      await inState(steps, day, 'wanting', (tx) => planRun(tx, day, terms));
      await steps.observe('planned');
    } else if (state === 'planned') {
      await inState(steps, day, 'planned', (tx) => allocateRun(tx, day, steps.today));
      await steps.observe('allocated');
    } else {
      const terms = await steps.step((tx) => readPostTerms(tx, day));
      await workThroughChunks(steps, postingChunks(day, { terms, isDry: steps.isDry }));
      endedHere = await inState(steps, day, 'allocated', (tx) => finishRun(tx, day, terms));
      await steps.observe('posted');
    }
    state = await steps.step((tx) => readState(tx, day));
  }
  return endedHere;
}

/** The run that stands open; at most one: release_run_open. */
export async function findOpenRun(
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<ReleaseDay | undefined> {
  const { rows } = await db.execute<{ period: string; day: string }>(sql`
    select period, day::text as day from release_run
     where operator_id = ${operatorId} and state <> 'posted'`);
  return rows[0] === undefined ? undefined : { operatorId, ...rows[0] };
}

async function readState(tx: Tx, day: ReleaseDay): Promise<RunState> {
  const { rows } = await tx.execute<{ state: RunState }>(sql`
    select state from release_run where ${ofRun(day)}`);
  return rows[0]!.state;
}

/** Does a step of the whole run once, whoever comes first: true for him. */
const inState = (
  steps: RunSteps,
  day: ReleaseDay,
  state: RunState,
  work: (tx: Tx) => Promise<void>,
): Promise<boolean> =>
  steps.step(async (tx) => {
    await lockBook(tx, day.operatorId, 'share');
    const { rows } = await tx.execute(sql`
      select 1 from release_run where ${ofRun(day)} and state = ${state} for update`);
    if (rows.length > 0) await work(tx);
    return rows.length > 0;
  });

const wantingChunks = (day: ReleaseDay, terms: WantTerms): ChunkWork<ReleaseStep> => ({
  operatorId: day.operatorId,
  step: 'chunk-wanted',
  count: (tx) => sumChunks(tx, day, 'open'),
  takeOne: (tx, claim) => collectWants(tx, day, { ...claim, terms }),
});

const postingChunks = (
  day: ReleaseDay,
  posting: { readonly terms: PostTerms; readonly isDry: boolean },
): ChunkWork<ReleaseStep> => ({
  operatorId: day.operatorId,
  step: 'chunk-posted',
  count: (tx) => sumChunks(tx, day, 'wanted'),
  takeOne: (tx, claim) => postChunk(tx, day, { ...claim, ...posting }),
});

/** Finds what the day's limit is divided by: state `allocated`. Nothing is written per account. */
async function allocateRun(tx: Tx, day: ReleaseDay, today: string | undefined): Promise<void> {
  const { limitFen } = await readLimit(tx, day);
  const wants = await sumChunks(tx, day);
  const run = { ...day, runId: releaseRunId(day.day) };
  if (limitFen > 0 && limitFen < wants.mostFen) await groupWants(tx, day);
  const theta = await findTheta(tx, wants, limitFen);
  const shares = await findOddFen(tx, run, { theta, totalFen: limitFen, wants });
  const releasedFen = Math.min(limitFen, wants.mostFen);
  await tx.execute(sql`
    update release_run
       set state = 'allocated', theta_num = ${String(theta.num)}::numeric,
           theta_den = ${String(theta.den)}::numeric,
           odd_remainder = ${String(shares.oddRemainder)}::numeric, odd_tie = ${shares.tie},
           voucher_stem = ${voucherStem({ ...day, dayStartMs: dayStartMs(day.day) })},
           released_fen = ${releasedFen}, account_count = 0, points_used = 0,
           expires_on = ${await lastDayOfUse(tx, day, today)}::date
     where ${ofRun(day)}`);
  // Nothing to post: the chunks end here.
  if (releasedFen === 0)
    await tx.execute(sql`update release_chunk set state = 'posted' where ${ofRun(day)}`);
}

/** Vouchers are good from the end of their window on, or from the day before the run when that is later. */
async function lastDayOfUse(tx: Tx, day: ReleaseDay, today: string | undefined): Promise<string> {
  const { config } = await pointsConfigAt(tx, day);
  const { windowLastDay } = periodSpan(day.period);
  const ranOn = today === undefined ? windowLastDay : addDays(today, -1);
  return addDays(ranOn > windowLastDay ? ranOn : windowLastDay, config.voucherDays);
}

async function readLimit(tx: Tx, day: ReleaseDay) {
  const { rows } = await tx.execute<{ limit_fen: number }>(sql`
    select limit_fen from release_run where ${ofRun(day)}`);
  return { limitFen: fen(rows[0]!.limit_fen) };
}

async function readPostTerms(
  tx: Tx,
  day: ReleaseDay,
): Promise<PostTerms & Pick<RunTerms, 'config'>> {
  const { config } = await pointsConfigAt(tx, day);
  const { wantFenMax } = await sumChunks(tx, day);
  const { rows } = await tx.execute<{
    run_id: string;
    num: string;
    den: string;
    odd: string;
    odd_tie: string;
    voucher_stem: string;
    expires_on: string | null;
  }>(sql`
    select run_id, theta_num::text as num, theta_den::text as den, odd_remainder::text as odd,
           odd_tie, voucher_stem, to_char(expires_on, 'YYYY-MM-DD') as expires_on
      from release_run where ${ofRun(day)}`);
  const row = rows[0]!;
  assert(row.voucher_stem !== null, () => `${day.day} is not allocated`);
  return {
    config,
    runId: row.run_id,
    shares: {
      theta: { num: BigInt(row.num), den: BigInt(row.den) },
      oddRemainder: BigInt(row.odd),
      tie: row.odd_tie,
    },
    wantFenMax,
    voucherStem: row.voucher_stem,
    expiresOn: row.expires_on ?? (await lastDayOfUse(tx, day, undefined)),
  };
}
