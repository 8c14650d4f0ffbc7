import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { tierOf, tierScore, tierWindowDays } from '#shared/points/issue/tiers.ts';

interface OwnerRow extends Record<string, unknown> {
  readonly member_id: MemberId;
  readonly own: number;
  readonly referred: number;
  /** 0 for members that never had another. */
  readonly kept: number;
}

/**
 * The tiers of the owners of these orders' pending lots: own consumption and that of direct friends
 * (rule R23), never under the tier that is kept. Who rose has risen at once, and the change is
 * written down. Sums per owner by index, never joins of sums: without statistics those ran in the
 * cube of the owners.
 */
export async function tiersOfOwners(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    /** YYYY-MM-DD */
    readonly asOf: string;
    readonly config: PointsConfig;
  },
): Promise<readonly { readonly memberId: MemberId; readonly tier: number }[]> {
  const rows = await readOwners(tx, batch);
  const owners = rows.map((row) => {
    const consumption = { ownFen: fen(row.own), referredFen: fen(row.referred) };
    const scoreFen = tierScore(consumption, batch.config);
    return { row, scoreFen, scoreTier: tierOf(scoreFen, batch.config) };
  });
  const risen = owners.filter(({ row, scoreTier }) => scoreTier > row.kept);
  if (risen.length > 0)
    await writeRises(
      tx,
      batch,
      risen.map(({ row, scoreFen, scoreTier }) => ({ ...row, score: scoreFen, tier: scoreTier })),
    );
  return owners.map(({ row, scoreTier }) => ({
    memberId: row.member_id,
    tier: Math.max(row.kept, scoreTier),
  }));
}

async function readOwners(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    readonly asOf: string;
  },
): Promise<readonly OwnerRow[]> {
  const { operatorId, asOf } = batch;
  // An age, not a range of dates: the index by day must not look as good as the one by member.
  const inWindow = sql`${asOf}::date - o.accepted_on between 0 and ${tierWindowDays - 1}::integer`;
  const { rows } = await tx.execute<OwnerRow>(sql`
    with owners as materialized (
      select distinct member_id from points_lot
       where operator_id = ${operatorId} and state = 'pending' and member_id is not null
         and order_id = any(${sql.param(batch.orderIds)}::text[])
    )
    select member_id,
           (select coalesce(sum(o.net_fen - o.refunded_fen), 0) from points_order o
             where o.operator_id = ${operatorId} and o.member_id = owners.member_id
               and ${inWindow}) as own,
           (select coalesce(sum(o.net_fen - o.refunded_fen), 0) from points_referral_bond b
              join points_order o on o.operator_id = b.operator_id and o.member_id = b.member_id
             where b.operator_id = ${operatorId} and b.referrer_id = owners.member_id
               and not b.related and ${inWindow}) as referred,
           coalesce((select tier from member_tier t
                      where t.operator_id = ${operatorId} and t.member_id = owners.member_id), 0) as kept
      from owners order by member_id`);
  return rows;
}

/** Of two purchases that raise one member at the same moment the higher tier stays. */
async function writeRises(
  tx: Tx,
  batch: { readonly operatorId: OperatorId; readonly asOf: string },
  risen: readonly (OwnerRow & { readonly score: number; readonly tier: number })[],
): Promise<void> {
  const { operatorId, asOf } = batch;
  await tx.execute(sql`
    with risen as (
      select * from jsonb_to_recordset(${JSON.stringify(risen)}::jsonb)
        as r(member_id text, own bigint, referred bigint, kept smallint, score bigint, tier smallint)
    ), written as (
      insert into member_tier as t (operator_id, member_id, tier, score_fen, reached_on)
      select ${operatorId}, member_id, tier, score, ${asOf}::date from risen order by member_id
      on conflict (operator_id, member_id) do update
        set tier = excluded.tier, score_fen = excluded.score_fen, reached_on = excluded.reached_on
        where t.tier < excluded.tier
      returning t.member_id
    )
    insert into member_tier_change (operator_id, member_id, tier_before, tier_after, score_fen,
      own_fen, referred_fen, on_day, why)
    select ${operatorId}, member_id, kept, tier, score, own, referred, ${asOf}::date, 'purchase'
      from risen join written using (member_id) order by member_id`);
}
