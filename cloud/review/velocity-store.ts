import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import {
  isVelocityRules,
  velocityRulesDefault,
  type OrderVelocity,
  type VelocityRules,
  type VelocityRulesInForce,
} from '#cloud/review/velocity-rules.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** Days before and with the day looked at whose orders say who a shop's largest payers are. */
const topPayersDays = 30;

/** The operator's newest rules, or the defaults. Rules of an older shape that no longer fit count as none. */
export async function readVelocityRules(
  db: Db | Tx,
  operatorId: OperatorId,
): Promise<VelocityRulesInForce> {
  const { rows } = await db.execute<{ rules: unknown }>(sql`
    select rules from velocity_rules where operator_id = ${operatorId}
     order by version desc limit 1`);
  const rules = rows[0]?.rules;
  return isVelocityRules(rules) ? { ...velocityRulesDefault, ...rules } : velocityRulesDefault;
}

/** Stores a new version, with the name of who changed it; the older ones stay. */
export async function saveVelocityRules(
  db: Db | Tx,
  change: {
    readonly operatorId: OperatorId;
    readonly rules: VelocityRules;
    readonly by: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await db.execute(sql`
    insert into velocity_rules (operator_id, version, rules, changed_by, changed_at_ms)
    select ${change.operatorId}, coalesce(max(version), 0) + 1, ${JSON.stringify(change.rules)}::jsonb,
           ${change.by}, ${change.nowMs}::bigint
      from velocity_rules where operator_id = ${change.operatorId}`);
}

export interface CountedOrder extends OrderVelocity {
  readonly orderId: string;
  readonly merchantId: string;
}

/** Counts what the rules read, of orders that become final: one statement for all of them. */
export async function countVelocity(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly orderIds: readonly string[];
    readonly asOf: string;
    readonly atClaim?: boolean;
  },
): Promise<readonly CountedOrder[]> {
  const { operatorId, asOf } = batch;
  // Receipts are claimed in any order: there all of the day that the member has by now count.
  const upTo = batch.atClaim === true ? sql`true` : sql`o.order_id <= b.order_id`;
  const { rows } = await tx.execute<CountedOrder & Record<string, unknown>>(sql`
    with batch as materialized (
      select order_id, merchant_id, member_id, accepted_on from points_order
       where operator_id = ${operatorId} and order_id = any(${sql.param(batch.orderIds)}::text[])
    ), days as materialized (select distinct merchant_id, accepted_on from batch
    ), placed as (
      select l.order_id,
             row_number() over (partition by l.merchant_id, l.ledger_date
                                order by l.accepted_at_ms, l.order_id) as shop_day,
             row_number() over (partition by l.terminal_id, l.accepted_at_ms / 3600000
                                order by l.accepted_at_ms, l.order_id) as terminal_hour
        from days join settlement_line l on l.operator_id = ${operatorId}
         and l.ledger_date = days.accepted_on and l.merchant_id = days.merchant_id
    )
    select b.order_id as "orderId", b.merchant_id as "merchantId",
           (select count(*) from points_order o
             where o.operator_id = ${operatorId} and o.member_id = b.member_id
               and o.accepted_on = b.accepted_on and ${upTo}) as "memberDay",
           (select count(*) from points_order o
             where o.operator_id = ${operatorId} and o.member_id = b.member_id
               and o.accepted_on = b.accepted_on and o.merchant_id = b.merchant_id
               and ${upTo}) as "memberShopDay",
           coalesce(p.shop_day, 0)::bigint as "shopDay",
           coalesce(p.terminal_hour, 0)::bigint as "terminalHour",
           coalesce(s.top_fen * 10000 / nullif(s.net_fen, 0), 0)::bigint as "topPayersBp"
      from batch b
      left join placed p using (order_id)
      left join velocity_shop s on s.operator_id = ${operatorId} and s.merchant_id = b.merchant_id
       and s.day = (select max(day) from velocity_day
                     where operator_id = ${operatorId} and day <= ${asOf}::date)
       and b.member_id = any(s.top_members)`);
  return rows;
}

/**
 * Looks once a day at whose money a shop's takings are: of shops with enough orders, those of which the largest payers
 * have too large a share. False when the day was looked at before.
 */
export async function noteTopPayers(
  tx: Tx,
  look: { readonly operatorId: OperatorId; readonly day: string },
): Promise<boolean> {
  const { operatorId, day } = look;
  const first = await tx.execute(sql`
    insert into velocity_day (operator_id, day) values (${operatorId}, ${day}::date)
    on conflict do nothing`);
  if (first.rowCount === 0) return false;
  const { topPayers } = await readVelocityRules(tx, operatorId);
  if (topPayers.act === 'off') return true;
  await tx.execute(sql`
    insert into velocity_shop (operator_id, day, merchant_id, order_count, net_fen, top_fen, top_members)
    select ${operatorId}, ${day}::date, merchant_id, order_count, net_fen, top_fen, top_members
      from (select merchant_id, sum(orders)::bigint as order_count, sum(fen)::bigint as net_fen,
                   sum(fen) filter (where place <= ${topPayers.members}::integer)::bigint as top_fen,
                   array_agg(member_id) filter (where place <= ${topPayers.members}::integer)
                     as top_members
              from (select merchant_id, member_id, count(*) as orders,
                           sum(net_fen - refunded_fen) as fen,
                           case when member_id is not null then row_number() over (
                             partition by merchant_id, member_id is null
                             order by sum(net_fen - refunded_fen) desc, member_id) end as place
                      from points_order
                     where operator_id = ${operatorId} and accepted_on <= ${day}::date
                       and accepted_on > ${day}::date - ${topPayersDays}::integer
                     group by merchant_id, member_id) payers
             group by merchant_id) shops
     where order_count >= ${topPayers.ordersMin}::bigint and net_fen > 0
       and top_fen * 10000 >= net_fen * ${topPayers.shareBp}::bigint`);
  return true;
}
