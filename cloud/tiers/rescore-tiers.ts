import { sql, type SQL } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { literal, materialise, plainWord } from '#cloud/release/chunks/temporary-table.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { wholeBp } from '#shared/money/rate.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { tierKeptDays, tierWindowDays } from '#shared/points/issue/tiers.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import { periodSpan } from '#shared/time/period.ts';

/** One group per member who bought in the year; the server's default would spill them many times over. */
const yearMemory = '128MB';

/** How many members rose and fell with a close. */
export interface TierRescore {
  readonly risen: number;
  readonly fallen: number;
}

/**
 * The monthly look at all tiers (rule R23), a step of the close of a period in which a month ends;
 * the close of another one changes nothing. Tiers rise at once and fall only after 12 months below
 * (`nextTier` of shared/points/issue/tiers.ts, over a set; a test holds both equal). One aggregate
 * over a year of orders finds who can have a tier at all, because friends count for at most half of
 * one's own: for everybody else nothing is read or written.
 */
export async function rescoreTiers(
  tx: Tx,
  closing: {
    readonly operatorId: OperatorId;
    readonly period: string;
    readonly config: PointsConfig;
  },
): Promise<TierRescore> {
  const { operatorId, period, config } = closing;
  const { firstDay, lastDay } = periodSpan(period);
  const endsMonth = addDays(lastDay, 1).slice(0, 7) !== firstDay.slice(0, 7);
  if (!endsMonth) return { risen: 0, fallen: 0 };
  const look = { operatorId, lastDay, config };
  await tx.execute(sql`select set_config('work_mem', ${yearMemory}, true)`);
  await materialise(tx, { name: 'tier_own', key: 'member_id', query: candidates(look) });
  await materialise(tx, { name: 'tier_scored', key: 'member_id', query: scores(look) });
  const thresholds = sql.param(config.tierScoreFen.map(String));
  const { rows } = await tx.execute<{ risen: number; fallen: number }>(sql`
    with scored as (
      select *, (width_bucket(score_fen, ${thresholds}::bigint[]) - 1)::smallint as score_tier
        from tier_scored
    ), judged as (
      select s.*, coalesce(k.tier, 0)::smallint as kept,
             s.score_tier < k.tier
               and ${lastDay}::date - k.reached_on < ${tierKeptDays}::integer as outlives,
             k.reached_on, k.tier is not null as is_known
        from scored s
        left join member_tier k on k.operator_id = ${operatorId} and k.member_id = s.member_id
    ), next as (
      select member_id, score_fen, own_fen, referred_fen, kept, is_known,
             case when outlives then kept else score_tier end as tier,
             case when outlives then reached_on else ${lastDay}::date end as reached_on
        from judged
    ), written as (
      insert into member_tier as t (operator_id, member_id, tier, score_fen, reached_on)
      select ${operatorId}, member_id, tier, score_fen, reached_on from next
       where is_known or tier > 0 order by member_id
      on conflict (operator_id, member_id) do update
        set tier = excluded.tier, score_fen = excluded.score_fen, reached_on = excluded.reached_on
    ), changed as (
      insert into member_tier_change (operator_id, member_id, tier_before, tier_after, score_fen,
        own_fen, referred_fen, on_day, why)
      select ${operatorId}, member_id, kept, tier, score_fen, own_fen, referred_fen,
             ${lastDay}::date, 'close'
        from next where tier <> kept order by member_id
      returning tier_before, tier_after
    )
    select count(*) filter (where tier_after > tier_before) as risen,
           count(*) filter (where tier_after < tier_before) as fallen from changed`);
  return rows[0] ?? { risen: 0, fallen: 0 };
}

interface Look {
  readonly operatorId: OperatorId;
  readonly lastDay: string;
  readonly config: PointsConfig;
}

const inWindow = ({ lastDay }: Look): SQL =>
  sql`o.accepted_on > ${plainWord(addDays(lastDay, -tierWindowDays))}::date
      and o.accepted_on <= ${plainWord(lastDay)}::date`;

/** Who has a tier, and who bought so much that with the most his friends can add he reaches the first threshold. */
function candidates(look: Look): SQL {
  const { config } = look;
  const operator = sql`o.operator_id = ${plainWord(look.operatorId)}`;
  const spent = sql`coalesce(sum(o.net_fen - o.refunded_fen), 0)::bigint`;
  const first = config.tierScoreFen[1];
  const reaches =
    first === undefined
      ? sql`false`
      : sql`sum(o.net_fen - o.refunded_fen) * ${literal(wholeBp + config.tierReferredCapBp)}
            >= ${literal(first)} * 10000`;
  return sql`
    select member_id, max(own_fen) as own_fen
      from (select o.member_id, ${spent} as own_fen from points_order o
             where ${operator} and o.member_id is not null and ${inWindow(look)}
             group by o.member_id having ${reaches}
            union all
            select t.member_id, (select ${spent} from points_order o
                                  where ${operator} and o.member_id = t.member_id
                                    and ${inWindow(look)})
              from member_tier t
             where t.operator_id = ${plainWord(look.operatorId)} and t.tier > 0) one
     group by member_id`;
}

function scores(look: Look): SQL {
  const { tierReferredWeightBp, tierReferredCapBp } = look.config;
  return sql`
    select own.member_id, own_fen, coalesce(referred_fen, 0) as referred_fen,
           own_fen + least(coalesce(referred_fen, 0) * ${literal(tierReferredWeightBp)} / 10000,
                           own_fen * ${literal(tierReferredCapBp)} / 10000) as score_fen
      from tier_own own
      left join (select b.referrer_id, sum(o.net_fen - o.refunded_fen)::bigint as referred_fen
                   from tier_own own
                   join points_referral_bond b on b.operator_id = ${plainWord(look.operatorId)}
                    and b.referrer_id = own.member_id and not b.related
                   join points_order o on o.operator_id = b.operator_id
                    and o.member_id = b.member_id and ${inWindow(look)}
                  group by b.referrer_id) friends on friends.referrer_id = own.member_id`;
}
