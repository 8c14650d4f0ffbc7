import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { scoreMerchantsFull } from '#shared/points/account-multiplier.ts';
import { addDays } from '#shared/points/calendar-day.ts';
import { monthPeriod } from '#shared/points/period.ts';
import { scheduleLcm } from '#shared/points/schedule.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** Purchases of this many days before the end of the period make the score (rule 5.3). */
const scoreWindowDays = 90;

interface Closing {
  readonly operatorId: OperatorId;
  readonly period: string;
}

/** Section 2.5 over a set: every running lot gives one slice, then the lots that end with this period stop. */
export async function advanceSchedules(tx: Tx, closing: Closing): Promise<void> {
  const { operatorId, period } = closing;
  await tx.execute(sql`
    update account_points set cum_num = cum_num + active_num
     where operator_id = ${operatorId} and active_num > 0`);
  await tx.execute(sql`
    update account_points a set active_num = a.active_num - ending.num
      from (select member_id, sum(points::numeric * (${String(scheduleLcm)}::integer / n)) as num
              from points_lot
             where operator_id = ${operatorId} and state = 'final' and ends_in = ${period}
             group by member_id) ending
     where a.operator_id = ${operatorId} and a.member_id = ending.member_id`);
}

/**
 * Scores every account anew from its purchases (rule 5.3): distinct shops of five, times twice the part spent outside
 * the top shop. The same rule as purchaseScore in shared/points, over a set; a test holds both equal.
 */
export async function rescoreAccounts(tx: Tx, closing: Closing): Promise<void> {
  const { lastDay } = monthPeriod(closing.period);
  const afterDay = addDays(lastDay, -scoreWindowDays);
  await tx.execute(sql`
    update account_points a set score_bp = scored.score_bp
      from (
        select member_id, (variety * spread / 10000)::integer as score_bp
          from (select p.member_id,
                       least(10000, coalesce(shops, 0) * 10000 / ${scoreMerchantsFull}::integer) as variety,
                       coalesce(least(10000, 20000 * (total - top) / nullif(total, 0)), 0) as spread
                  from account_points p
                  left join (
                    select member_id, count(*) as shops, sum(fen)::bigint as total, max(fen) as top
                      from (select member_id, merchant_id, sum(net_fen)::bigint as fen
                              from points_order
                             where operator_id = ${closing.operatorId} and member_id is not null
                               and accepted_on > ${afterDay}::date
                               and accepted_on <= ${lastDay}::date
                             group by member_id, merchant_id) by_shop
                     group by member_id
                  ) bought using (member_id)
                 where p.operator_id = ${closing.operatorId}) parts
      ) scored
     where a.operator_id = ${closing.operatorId} and a.member_id = scored.member_id
       and a.score_bp <> scored.score_bp`);
}
