import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import {
  chunkPlaces,
  claimChunk,
  meetsChunk,
  ofRun,
  type Chunk,
  type ChunkClaim,
  type ReleaseDay,
} from '#cloud/release/accounts/run-chunks.ts';
import { inRange } from '#cloud/release/accounts/account-ranges.ts';
import { executeMerging } from '#cloud/release/chunks/merge-join.ts';
import { literal, plainWord } from '#cloud/release/chunks/temporary-table.ts';
import { wholePoints } from '#cloud/release/accounts/whole-points.ts';
import type { BasisPoints } from '#shared/money/rate.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import { addMonths, periodKindOf, periodsReleasedInMonth } from '#shared/time/period.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * Set-based twin of shared/points/release/release-day.ts: the same rules over tables; a property
 * test holds both equal.
 */

/** What the wants of a run are read with. */
export interface WantTerms {
  readonly multBp: BasisPoints;
  readonly config: PointsConfig;
  readonly gateOpen: boolean;
  /** A day of a later calendar month was run already, or something was given by a correction in it. */
  readonly hasLaterRun: boolean;
}

/** The calendar month of a day as a number, YYYYMM. */
export const monthNumber = (day: string): number => Number(day.slice(0, 4) + day.slice(5, 7));

/**
 * docs/points.md 2.7 steps 1-3 for one chunk: due points, the account's multiplier, want w and e = least(w, own month
 * cap). Accounts that are frozen, in debt or without due points want nothing; those without a cap left are counted, not
 * written. False when no chunk is open.
 */
export async function collectWants(
  tx: Tx,
  run: ReleaseDay,
  options: { readonly terms: WantTerms } & Omit<ChunkClaim, 'state'>,
): Promise<boolean> {
  const chunk = await claimChunk(tx, run, { ...options, state: 'open' });
  if (chunk === undefined) return false;
  const { operatorId, period, day } = run;
  // With a closed gate nothing will be given; the sums are shown all the same.
  const kept = options.terms.gateOpen ? sql`most > 0` : sql`false`;
  const { rows } = await executeMerging<{ places: number }>(
    tx,
    sql`
    with wanted as materialized (${wantsOf(run, chunk, options.terms)}),
    kept as (
      insert into release_chunk_want (operator_id, period, day, chunk_no, members, due_points,
                                      want_fen, most_fen, mult_bp)
      select ${operatorId}, ${period}, ${day}::date, ${chunk.chunkNo}::integer,
             array_agg(member_id), array_agg(due), array_agg(want), array_agg(most),
             array_agg(mult_bp)
        from (select * from wanted where ${kept} order by member_id) kept
      having count(*) > 0
    )
    update release_chunk c
       set state = 'wanted', account_count = sums.accounts, want_fen = sums.want,
           most_fen = sums.most, want_fen_max = sums.largest
      from (select count(*) as accounts, coalesce(sum(want), 0) as want,
                   coalesce(sum(most), 0) as most, coalesce(max(want), 0) as largest
              from wanted) sums
     where ${ofRun(run)} and chunk_no = ${chunk.chunkNo}
    returning sums.accounts as places`,
  );
  assert(rows[0]!.places <= chunkPlaces, () => `chunk ${chunk.chunkNo} has too many accounts`);
  return true;
}

/**
 * What an account is due and was given, beside what its member bought in the month: both come in the order of their ids
 * and are merged.
 */
function wantsOf(run: ReleaseDay, chunk: Chunk, terms: WantTerms): SQL {
  const { multBp, config, hasLaterRun } = terms;
  const operator = sql`operator_id = ${run.operatorId}`;
  const members = inRange(chunk);
  const earlier = hasLaterRun
    ? sql`left join (${givenByRuns(run, chunk)}) runs using (member_id)`
    : sql``;
  return sql`
    select member_id, due, mult_bp, want,
           least(want, greatest(0, consumed * ${literal(config.monthlyReleaseBp)} / 10000 - given))
             as most
      from (select *, due * mult_bp / 10000 as want
              from (select account.member_id, account.given, account.due,
                           coalesce(bought.fen, 0) as consumed,
                           case when ${literal(multBp)} <= 10000
                                  or not ${literal(config.bonusRequiresScore)}
                                then ${literal(multBp)}
                                else 10000 + (${literal(multBp)} - 10000) * account.score_bp / 10000
                           end as mult_bp
                      from (select member_id, score_bp, ${givenOf(run, hasLaterRun)} as given,
                                   ${wholePoints(sql`cum_num`)} - released as due
                              from account_points a ${earlier}
                             where a.operator_id = ${run.operatorId} and ${inRange(chunk, sql`a.member_id`)}
                               and state = 'active'
                             -- OFFSET: the division is done once and not again in every condition on it.
                             order by member_id offset 0) account
                      left join (select member_id, sum(net_fen - refunded_fen)::bigint as fen
                                   from points_order
                                  where ${operator} and ${members}
                                    and accepted_on between ${monthStart(run)}::date
                                                        and ${run.day}::date
                                  group by member_id order by member_id) bought
                        on bought.member_id = account.member_id
                     where account.due > 0
                     -- OFFSET: likewise the multiplier and the want, each in a query of its own.
                     offset 0) accounts
            offset 0) wanted
     where want > 0`;
}

const monthStart = ({ day }: ReleaseDay): string => `${day.slice(0, 7)}-01`;
export const nextMonthStart = ({ day }: ReleaseDay): string =>
  `${addMonths(day.slice(0, 7), 1)}-01`;

/**
 * What the account was given in the day's calendar month. The account itself knows it of the last
 * month in which it was given something; of a month before that the runs and corrections do, which
 * costs more and is asked only when there may be one.
 */
function givenOf(run: ReleaseDay, hasLaterRun: boolean): SQL {
  const month = literal(monthNumber(run.day));
  const known = sql`when given_month = ${month} then given_fen when given_month < ${month} then 0`;
  if (!hasLaterRun) return sql`case ${known} end`;
  return sql`case ${known}
    else coalesce(runs.fen, 0)
         + (select coalesce(sum(value_fen), 0)::bigint from release_adjustment r
             where r.operator_id = ${run.operatorId} and r.member_id = a.member_id
               and r.state = 'posted' and r.kind = 'give'
               and r.ended_at_ms >= ${literal(dayStartMs(monthStart(run)))}
               and r.ended_at_ms < ${literal(dayStartMs(nextMonthStart(run)))})
    end`;
}

/** What the runs of the day's calendar month gave the members of a chunk. */
function givenByRuns(run: ReleaseDay, chunk: Chunk): SQL {
  // Of a monthly period it is that period alone; shorter ones have several windows in a calendar month.
  const periods = periodsReleasedInMonth(run.day, periodKindOf(run.period));
  return sql`
    select member_id, sum(alloc_fen)::bigint as fen from release_allocation
     where operator_id = ${run.operatorId} and ${meetsChunk(chunk)} and ${inRange(chunk)}
       and period in (${sql.join(periods.map(plainWord), sql`, `)})
       and day between ${monthStart(run)}::date
                   and (${monthStart(run)}::date + interval '1 month' - interval '1 day')
     group by member_id order by member_id`;
}
