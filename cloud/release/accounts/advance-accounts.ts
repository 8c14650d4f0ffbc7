import { sql, type SQL } from 'drizzle-orm';
import { literal } from '#cloud/release/chunks/temporary-table.ts';
import { wholePoints } from '#cloud/release/accounts/whole-points.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { scoreMerchantsFull } from '#shared/points/release/account-multiplier.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import { periodSpan } from '#shared/time/period.ts';

/** Purchases of this many days before the end of the period make the score (docs/points.md 2.7). */
const scoreWindowDays = 90;

export interface OpenClose {
  readonly operatorId: OperatorId;
  readonly period: string;
  /** Periods after it in which lots began before the close came: they give nothing at it. */
  readonly laterPeriods: readonly string[];
  /** Add the accounts up as they would be, and leave them as they are: nobody waits for one of them. */
  readonly isDry?: boolean;
}

/** Some members, as a condition on the column that names them, with the name of its table. */
export type Members = (column: SQL) => SQL;

/**
 * The common table expressions of a statement that advances some accounts (docs/points.md 2.5 and
 * 2.7 over a set): every lot that had begun by the period gives one slice, the lots that end with
 * it stop, and the accounts are scored anew. An account is written once for all three, and only
 * when one of them changes it. `seen` has every account as it is afterwards; {@link sumsOfSeen}
 * adds it up. Run it with executeMerging.
 */
export const advanceAccounts = (close: OpenClose, members: Members): SQL => sql`
  seen as materialized (${accountsBehind(close, members)})${close.isDry === true ? sql`` : written(close, members)}`;

const written = (close: OpenClose, members: Members): SQL => sql`,
  advanced as (
    update account_points a
       set cum_num = s.cum_num, active_num = s.active_num, score_bp = s.score_bp
      from seen s
     where s.is_changed and a.operator_id = ${close.operatorId} and a.member_id = s.member_id
       and ${members(sql`a.member_id`)}
  )`;

/**
 * What the gate and the controller need of the accounts in `seen`: the stock of active accounts
 * with what entered later, that part alone, all that must stay covered, what is due, and the slices
 * of the lots that run.
 */
export const sumsOfSeen = sql`
  coalesce(sum(issued - released) filter (where is_active), 0) as outstanding_points,
  coalesce(sum(later_points) filter (where is_active), 0) as later_points,
  coalesce(sum(greatest(issued - released, 0)), 0) as owned_points,
  coalesce(sum(greatest(${wholePoints(sql`cum_num`)} - released, 0))
             filter (where is_active), 0) as due_points,
  coalesce(sum(active_num), 0) as active_num`;

/** The same rule as purchaseScore in shared/points, over a set; a test holds both equal. */
function accountsBehind(close: OpenClose, members: Members): SQL {
  const operator = sql`operator_id = ${close.operatorId}`;
  return sql`
    select account.member_id, account.is_active, account.issued, account.released,
           account.cum_num + account.active_num - coalesce(later.num, 0) as cum_num,
           account.active_num - coalesce(ending.num, 0) as active_num,
           coalesce(later.points, 0) as later_points, coalesce(score.score_bp, 0) as score_bp,
           account.active_num > coalesce(later.num, 0) or ending.num is not null
             or coalesce(score.score_bp, 0) <> account.score_bp as is_changed
      from (select member_id, state = 'active' as is_active, issued, released, cum_num, active_num,
                   score_bp
              from account_points p where ${operator} and ${members(sql`p.member_id`)}
             order by member_id) account
      left join (${scoresOf(close, members)}) score on score.member_id = account.member_id
      left join (
        select member_id, sum(points::numeric * (${literal(scheduleLcm)} / n)) as num
          from points_lot l
         where ${operator} and ends_in = ${close.period} and ${members(sql`l.member_id`)}
           and state = 'final'
         group by member_id order by member_id) ending on ending.member_id = account.member_id
      left join (${laterOf(close, members)}) later on later.member_id = account.member_id`;
}

/** Distinct shops of five, times twice the part spent outside the top shop. */
function scoresOf(close: OpenClose, members: Members): SQL {
  const { lastDay } = periodSpan(close.period);
  return sql`
    select member_id, (least(10000, count(*) * 10000 / ${literal(scoreMerchantsFull)})
                       * coalesce(least(10000, 20000 * (sum(fen) - max(fen))::bigint
                                               / nullif(sum(fen)::bigint, 0)), 0)
                       / 10000)::integer as score_bp
      from (select member_id, merchant_id, sum(net_fen - refunded_fen)::bigint as fen
              from points_order o
             where operator_id = ${close.operatorId} and ${members(sql`o.member_id`)} and not is_related
               and accepted_on > ${addDays(lastDay, -scoreWindowDays)}::date
               and accepted_on <= ${lastDay}::date
             group by member_id, merchant_id) shops
     group by member_id order by member_id`;
}

/** Lots that began after the period, and of their points those that entered after it: what was claimed late did not. */
const laterOf = (close: OpenClose, members: Members): SQL => sql`
  select member_id, sum(points::numeric * (${literal(scheduleLcm)} / n)) as num,
         coalesce(sum(points) filter (where entered_in = any(${laterIn(close)})), 0) as points
    from points_lot l
   where operator_id = ${close.operatorId} and issued_in = any(${laterIn(close)})
     and ${members(sql`l.member_id`)} and state = 'final'
   group by member_id order by member_id`;

export const laterIn = ({ laterPeriods }: Pick<OpenClose, 'laterPeriods'>): SQL =>
  sql`${sql.param([...laterPeriods])}::text[]`;
