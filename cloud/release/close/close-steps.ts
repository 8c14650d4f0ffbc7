import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { laterIn, type OpenClose } from '#cloud/release/accounts/advance-accounts.ts';
import { workThroughChunks, type ChunkWork } from '#cloud/release/chunks/chunk-lanes.ts';
import {
  advanceChunk,
  countCloseChunks,
  cutCloseChunks,
  ofClose,
} from '#cloud/release/accounts/close-chunks.ts';
import { fundFreeFen } from '#cloud/release/close/fund-balance.ts';
import { awaitedLots, claimReferral, readPoolSums } from '#cloud/release/close/pools.ts';
import type { Steps } from '#cloud/release/chunks/steps.ts';
import { decideClose } from '#cloud/release/close/decide-close.ts';
import { rescoreTiers } from '#cloud/tiers/rescore-tiers.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { addPeriods } from '#shared/time/period.ts';

/** What a close just did and kept. */
export type CloseStep = 'opened' | 'chunk-advanced' | 'scored' | 'summed' | 'closed';

/** advancing -> scored -> summed -> closed (docs/adr/0016). */
type CloseState = 'advancing' | 'scored' | 'summed' | 'closed';

interface Closing {
  readonly operatorId: OperatorId;
  readonly period: string;
}

/** Ten years of days: a close does not come later than that. */
const laterPeriodsMax = 4_000;

/**
 * Opens a close: fixes the moment that it counts, and cuts the accounts into chunks. From here on
 * the period is closed for everybody who moves points. The caller holds the book's lock for update,
 * and no release run stands open.
 */
export async function openClose(tx: Tx, closing: Closing): Promise<void> {
  const { operatorId, period } = closing;
  const { version, config } = await pointsConfigAt(tx, closing);
  const laterPeriods = await periodsBegunAfter(tx, closing);
  const later = laterIn({ laterPeriods });
  await tx.execute(sql`
    insert into period_closing (operator_id, period, state, config_version, fund_fen,
      unclaimed_points, unclaimed_later, held_points, claim_referral_points, later_periods)
    select ${operatorId}, ${period}, 'advancing', ${version}, ${await fundFreeFen(tx, operatorId)},
           coalesce(sum(points) filter (where state = 'unclaimed'), 0),
           coalesce(sum(points) filter (where state = 'unclaimed'
                                          and entered_in = any(${later})), 0),
           coalesce(sum(points) filter (where state = 'pending'), 0),
           ${claimReferral(config)}, ${later}
      from (${awaitedLots(operatorId)}) awaited`);
  await tx.execute(sql`
    update points_book set closing_period = ${period} where operator_id = ${operatorId}`);
  await cutCloseChunks(tx, closing);
}

/** The periods behind this one in which points entered or lots began already: the close comes late. */
async function periodsBegunAfter(tx: Tx, closing: Closing): Promise<readonly string[]> {
  const newest = (column: 'issued_in' | 'entered_in', state: string) => sql`
    (select ${sql.identifier(column)} from points_lot
      where operator_id = ${closing.operatorId} and ${sql.raw(state)}
        and ${sql.identifier(column)} > ${closing.period}
      order by ${sql.identifier(column)} desc limit 1)`;
  const { rows } = await tx.execute<{ last: string | null }>(sql`
    select greatest(${newest('issued_in', `state = 'final'`)},
                    ${newest('entered_in', `state <> 'pending'`)}) as last`);
  const last = rows[0]?.last ?? closing.period;
  const periods: string[] = [];
  for (let next = addPeriods(closing.period, 1); next <= last; next = addPeriods(next, 1)) {
    assert(periods.length < laterPeriodsMax, () => `${closing.period} is closed too late`);
    periods.push(next);
  }
  return periods;
}

/**
 * Carries an open close to its end, from wherever it stands: each step is kept with the state that says so, and several
 * callers at once share the chunks. True when this call did the last step.
 */
export async function continueClose(steps: Steps<CloseStep>, closing: Closing): Promise<boolean> {
  let endedHere = false;
  let { state, laterPeriods } = await steps.step((tx) => readState(tx, closing));
  while (state !== 'closed') {
    switch (state) {
      case 'advancing':
        await workThroughChunks(steps, advancing({ ...closing, laterPeriods, isDry: steps.isDry }));
        await inState(steps, closing, { state, to: 'scored', work: score });
        await steps.observe('scored');
        break;
      case 'scored':
        await inState(steps, closing, { state, to: 'summed', work: sumUp });
        await steps.observe('summed');
        break;
      case 'summed':
        // Everybody who moves points waits for this one: it is arithmetic and three rows.
        endedHere = await inState(steps, closing, { state, to: 'closed', work: decideClose });
        await steps.observe('closed');
        break;
      default:
        return exhaustive(state);
    }
    ({ state, laterPeriods } = await steps.step((tx) => readState(tx, closing)));
  }
  return endedHere;
}

const advancing = (close: OpenClose): ChunkWork<CloseStep> => ({
  operatorId: close.operatorId,
  step: 'chunk-advanced',
  count: (tx) => countCloseChunks(tx, close),
  takeOne: (tx, claim) => advanceChunk(tx, close, claim),
});

async function score(tx: Tx, closing: Closing): Promise<void> {
  const { leftInState } = await countCloseChunks(tx, closing);
  assert(leftInState === 0, () => `${leftInState} chunks of ${closing.period} are not advanced`);
  const { config } = await pointsConfigAt(tx, closing);
  await rescoreTiers(tx, { ...closing, config });
}

async function sumUp(tx: Tx, closing: Closing): Promise<void> {
  const sums = JSON.stringify(await readPoolSums(tx, closing));
  await tx.execute(sql`
    update period_closing set pools = ${sums}::jsonb where ${ofClose(closing)}`);
}

/** The close that stands open; at most one: period_closing_open. */
export async function findOpenClose(
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<Closing | undefined> {
  const { rows } = await db.execute<{ period: string }>(sql`
    select period from period_closing where operator_id = ${operatorId} and state <> 'closed'`);
  return rows[0] === undefined ? undefined : { operatorId, period: rows[0].period };
}

async function readState(
  tx: Tx,
  closing: Closing,
): Promise<{ readonly state: CloseState; readonly laterPeriods: readonly string[] }> {
  const { rows } = await tx.execute<{ state: CloseState; later_periods: readonly string[] }>(sql`
    select state, later_periods from period_closing where ${ofClose(closing)}`);
  return { state: rows[0]!.state, laterPeriods: rows[0]!.later_periods };
}

interface Step {
  readonly state: CloseState;
  readonly to: CloseState;
  work(tx: Tx, closing: Closing): Promise<void>;
}

/** Does a step of the whole close once, whoever comes first: true for him. */
const inState = (steps: Steps<CloseStep>, closing: Closing, step: Step): Promise<boolean> =>
  steps.step(async (tx) => {
    await lockBook(tx, closing.operatorId, step.to === 'closed' ? 'update' : 'share');
    const { rows } = await tx.execute(sql`
      select 1 from period_closing where ${ofClose(closing)} and state = ${step.state} for update`);
    if (rows.length === 0) return false;
    await step.work(tx, closing);
    await tx.execute(sql`
      update period_closing set state = ${step.to} where ${ofClose(closing)}`);
    return true;
  });
