import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { executeMerging } from '#cloud/release/merge-join.ts';
import { inChunk, memberRanges, type MemberRange } from '#cloud/release/release-chunks.ts';
import { finishOpenRun } from '#cloud/release/run-release.ts';
import { literal, materialise, plainWord } from '#cloud/release/temporary-table.ts';
import { scoreMerchantsFull } from '#shared/points/account-multiplier.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import { periodSpan } from '#shared/time/period.ts';
import { scheduleLcm } from '#shared/points/schedule.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** Purchases of this many days before the end of the period make the score (docs/points.md 2.7). */
const scoreWindowDays = 90;

interface Closing {
  readonly operatorId: OperatorId;
  readonly period: string;
}

/**
 * docs/points.md 2.5 and 2.7 over a set: every running lot gives one slice, the lots that end with this period stop, and
 * every account is scored anew. An account is written once for all three, and only when one of them changes it. A release
 * run that stands open is ended first: it was promised points and money of before this close.
 */
export async function advanceSchedules(tx: Tx, closing: Closing): Promise<void> {
  const { operatorId, period } = closing;
  await finishOpenRun(tx, operatorId);
  await materialise(tx, {
    name: 'close_ending',
    key: 'member_id',
    query: sql`
      select member_id, sum(points::numeric * (${literal(scheduleLcm)} / n)) as num
        from points_lot
       where operator_id = ${plainWord(operatorId)} and state = 'final'
         and ends_in = ${plainWord(period)}
       group by member_id`,
  });
  for (const range of await memberRanges(tx, operatorId)) {
    await executeMerging(
      tx,
      sql`
      with changed as materialized (${changesOf(closing, range)})
      update account_points a
         set cum_num = a.cum_num + a.active_num, active_num = a.active_num - c.ending,
             score_bp = c.score_bp
        from changed c
       where a.operator_id = ${operatorId} and a.member_id = c.member_id
         and ${inChunk(range, sql`a.member_id`)}`,
    );
  }
}

/**
 * The accounts of a range that a close changes, with what ends and the score: distinct shops of five, times twice the
 * part spent outside the top shop. The same rule as purchaseScore in shared/points, over a set; a test holds both equal.
 */
function changesOf(closing: Closing, range: MemberRange): SQL {
  const { lastDay } = periodSpan(closing.period);
  const afterDay = addDays(lastDay, -scoreWindowDays);
  const operator = sql`operator_id = ${closing.operatorId}`;
  const members = inChunk(range);
  return sql`
    select account.member_id, coalesce(ending.num, 0) as ending,
           coalesce(score.score_bp, 0) as score_bp
      from (select member_id, active_num, score_bp from account_points
             where ${operator} and ${members} order by member_id) account
      left join (
        select member_id, (least(10000, count(*) * 10000 / ${literal(scoreMerchantsFull)})
                           * coalesce(least(10000, 20000 * (sum(fen) - max(fen))::bigint
                                                   / nullif(sum(fen)::bigint, 0)), 0)
                           / 10000)::integer as score_bp
          from (select member_id, merchant_id, sum(net_fen - refunded_fen)::bigint as fen
                  from points_order
                 where ${operator} and ${members} and not is_related
                   and accepted_on > ${afterDay}::date and accepted_on <= ${lastDay}::date
                 group by member_id, merchant_id) shops
         group by member_id order by member_id) score on score.member_id = account.member_id
      left join (select member_id, num from close_ending where ${members} order by member_id) ending
        on ending.member_id = account.member_id
     where account.active_num > 0 or ending.num is not null
        or coalesce(score.score_bp, 0) <> account.score_bp`;
}
