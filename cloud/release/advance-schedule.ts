import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
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

/** docs/points.md 2.5 over a set: every running lot gives one slice, then the lots that end with this period stop. */
export async function advanceSchedules(tx: Tx, closing: Closing): Promise<void> {
  const { operatorId, period } = closing;
  await tx.execute(sql`
    update account_points set cum_num = cum_num + active_num
     where operator_id = ${operatorId} and active_num > 0`);
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
  await tx.execute(sql`
    update account_points a set active_num = a.active_num - ending.num
      from close_ending ending
     where a.operator_id = ${operatorId} and a.member_id = ending.member_id`);
}

/**
 * Scores every account anew from its purchases (docs/points.md 2.7): distinct shops of five, times twice the part
 * spent outside the top shop; purchases at a shop of one's own do not count. The same rule as purchaseScore in shared/points, over a set; a test holds both equal.
 */
export async function rescoreAccounts(tx: Tx, closing: Closing): Promise<void> {
  await materialise(tx, { name: 'close_score', key: 'member_id', query: changedScores(closing) });
  await tx.execute(sql`
    update account_points a set score_bp = scored.score_bp
      from close_score scored
     where a.operator_id = ${closing.operatorId} and a.member_id = scored.member_id`);
}

/** The accounts whose score is another one now. Accounts and purchases meet in the GROUP BY, not in a join. */
function changedScores(closing: Closing): SQL {
  const { lastDay } = periodSpan(closing.period);
  const afterDay = addDays(lastDay, -scoreWindowDays);
  const operator = sql`operator_id = ${plainWord(closing.operatorId)}`;
  return sql`
    select member_id, score_bp
      from (select member_id, old_bp, (variety * spread / 10000)::integer as score_bp
              from (select member_id, max(old_bp) as old_bp,
                           least(10000, count(merchant_id) * 10000 / ${literal(scoreMerchantsFull)})
                             as variety,
                           coalesce(least(10000, 20000 * (sum(fen) - max(fen))::bigint
                                                 / nullif(sum(fen)::bigint, 0)), 0) as spread
                      from (select member_id, score_bp as old_bp, null as merchant_id, null as fen
                              from account_points where ${operator}
                            union all
                            select member_id, null, merchant_id, sum(net_fen - refunded_fen)::bigint
                              from points_order
                             where ${operator} and member_id is not null and not is_related
                               and accepted_on > ${plainWord(afterDay)}::date
                               and accepted_on <= ${plainWord(lastDay)}::date
                             group by member_id, merchant_id) facts
                     group by member_id having max(old_bp) is not null) parts) scored
     where score_bp <> old_bp`;
}
