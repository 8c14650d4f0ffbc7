import { sql, type SQL } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import type { AgentId, MerchantId, OperatorId } from '#shared/ids/ids.ts';
import type { PointsConfig } from '#shared/points/points-config.ts';
import { addDays, dayStartMs, daysBetween } from '#shared/time/calendar-day.ts';

/** Shops on one page. */
export const agentShopsMax = 100;

/** What a shop, or all shops of a page, brought in a span of days. All fen. */
export interface AgentFigures {
  readonly orderCount: number;
  /** Net flow of the sales accepted in the span, less refunds. */
  readonly flowFen: number;
  readonly concessionFen: number;
  /** Commission booked in the span, on sales that became final in it. */
  readonly commissionFen: number;
}

export interface AgentShop {
  readonly merchantId: MerchantId;
  readonly name: string;
  readonly today: AgentFigures;
  readonly month: AgentFigures;
  /** The most that this month's sales inside the hold will bring, before the cap over all roles. */
  readonly pendingFen: number;
}

export interface AgentView {
  readonly operatorId: OperatorId;
  readonly agentId: AgentId;
  /** The Shanghai day of now, YYYY-MM-DD. */
  readonly today: string;
}

const days = (view: AgentView): readonly string[] => {
  const first = `${view.today.slice(0, 7)}-01`;
  const count = daysBetween({ from: first, to: view.today }) + 1;
  return Array.from({ length: count }, (_, index) => addDays(first, index));
};

/** His contracts that are of any use this month, and the shops under them. */
const ownShops = (view: AgentView): SQL => sql`
  own as materialized (
    select role, scope, valid_from, valid_to from agent_contract
     where operator_id = ${view.operatorId} and agent_id = ${view.agentId}
       and valid_from <= ${view.today}::date
       and (valid_to is null or valid_to > ${`${view.today.slice(0, 7)}-01`}::date)
  ), shops as materialized (
    select m.merchant_id, own.* from own join merchant m on m.operator_id = ${view.operatorId}
       and m.merchant_id = own.scope where own.role = 'marketer'
    union all
    select t.merchant_id, own.* from own join merchant_territory t on t.operator_id = ${view.operatorId}
       and case own.role when 'region' then t.district_code = own.scope
                         else t.district_code like own.scope || '%' end
     where own.role in ('region', 'province')
  )`;

/** The contract of the sale's day earns; of two that overlap, the younger one (agent-contracts.ts). */
const covers = (operatorId: OperatorId): SQL => sql`
  s.valid_from <= l.ledger_date and (s.valid_to is null or l.ledger_date < s.valid_to)
  and not exists (select from agent_contract y where y.operator_id = ${operatorId}
    and y.role = s.role and y.scope = s.scope and y.valid_from > s.valid_from
    and y.valid_from <= l.ledger_date and (y.valid_to is null or l.ledger_date < y.valid_to))`;

interface ShopRow extends Record<string, unknown> {
  readonly merchant_id: MerchantId;
  readonly name: string;
  readonly orders_today: number;
  readonly orders_month: number;
  readonly flow_today: number;
  readonly flow_month: number;
  readonly concession_today: number;
  readonly concession_month: number;
  readonly pending: number;
  readonly commission_today: number;
  readonly commission_month: number;
}

/**
 * The agent's shops with what they brought today and this month, by id after `after`: live, from
 * the settlement lines and the commissions themselves. Only shops under his own contracts, and of
 * those only the days that are his.
 */
export async function agentShops(
  db: Db,
  view: AgentView & { readonly after?: string | undefined },
): Promise<AgentShop[]> {
  const { operatorId, agentId, today } = view;
  const { config } = await pointsConfigAt(db, { operatorId, period: today });
  const monthMs = dayStartMs(`${today.slice(0, 7)}-01`);
  const isToday = sql`day = ${today}::date`;
  const { rows } = await db.execute<ShopRow>(sql`
    with ${ownShops(view)}, page as materialized (
      select distinct merchant_id from shops where merchant_id > ${view.after ?? ''}
       order by merchant_id limit ${agentShopsMax}
    ), sales as (
      select l.merchant_id, l.ledger_date as day, l.net_fen - l.refunded_net_fen as net_fen,
             l.concession_fen - l.returned_concession_fen as concession_fen,
             (select sum(${expected(config)}) filter (where l.state = 'held') as pending_fen
                from shops s where s.merchant_id = l.merchant_id and ${covers(operatorId)}) as pending_fen
        from settlement_line l
       where l.operator_id = ${operatorId}
         and l.ledger_date = any(${sql.param(days(view))}::date[])
         and l.merchant_id = any(array(select merchant_id from page))
         and exists (select from shops s where s.merchant_id = l.merchant_id and ${covers(operatorId)})
    ), flows as (
      select merchant_id, count(*) as orders_month, count(*) filter (where ${isToday}) as orders_today,
             sum(net_fen) as flow_month, sum(net_fen) filter (where ${isToday}) as flow_today,
             sum(concession_fen) as concession_month,
             sum(concession_fen) filter (where ${isToday}) as concession_today,
             sum(pending_fen) as pending
        from sales group by merchant_id
    ), earned as (
      select c.merchant_id, sum(c.amount_fen) as commission_month,
             sum(c.amount_fen) filter (where r.as_of_ms >= ${dayStartMs(today)}) as commission_today
        from finality_run r join agent_commission c on c.operator_id = r.operator_id
         and c.agent_id = ${agentId} and c.final_run = r.run
       where r.operator_id = ${operatorId} and r.as_of_ms >= ${monthMs}
         and c.merchant_id = any(array(select merchant_id from page))
       group by c.merchant_id
    )
    select page.merchant_id, m.name, ${figures}
      from page join merchant m on m.operator_id = ${operatorId} and m.merchant_id = page.merchant_id
      left join flows on flows.merchant_id = page.merchant_id
      left join earned on earned.merchant_id = page.merchant_id
     order by page.merchant_id`);
  return rows.map(toShop);
}

const figures = sql.raw(
  [
    'orders_today',
    'orders_month',
    'flow_today',
    'flow_month',
    'concession_today',
    'concession_month',
    'pending',
    'commission_today',
    'commission_month',
  ]
    .map((column) => `coalesce(${column}, 0)::bigint as ${column}`)
    .join(', '),
);

/**
 * What a held sale promises to a role at most: rates and caps of shared/points/agents/agents.ts,
 * without the cap over all.
 */
function expected({ agentMode, agents, agentTotalCapBp }: PointsConfig): SQL {
  const net = sql`(l.net_fen - l.refunded_net_fen)`;
  const concession = sql`(l.concession_fen - l.returned_concession_fen)`;
  const roles = (['marketer', 'region', 'province'] as const).map((role) => {
    const { concessionBp, flowCapBp, flowBp } = agents[role];
    return agentMode === 'concession'
      ? sql`when ${role} then least(${concession} * ${concessionBp}::bigint / 10000,
                                    ${net} * ${flowCapBp}::bigint / 10000)`
      : sql`when ${role} then least(${net} * ${flowBp}::bigint / 10000,
                                    ${concession} * ${agentTotalCapBp}::bigint / 10000)`;
  });
  return sql`case s.role ${sql.join(roles, sql` `)} end`;
}

const toShop = (row: ShopRow): AgentShop => ({
  merchantId: row.merchant_id,
  name: row.name,
  today: {
    orderCount: row.orders_today,
    flowFen: row.flow_today,
    concessionFen: row.concession_today,
    commissionFen: row.commission_today,
  },
  month: {
    orderCount: row.orders_month,
    flowFen: row.flow_month,
    concessionFen: row.concession_month,
    commissionFen: row.commission_month,
  },
  pendingFen: row.pending,
});

/** An agent's own money, over all his shops. All fen. */
export interface AgentAccount {
  readonly commissionTodayFen: number;
  readonly commissionMonthFen: number;
  /** What refunds of final sales took back this month. */
  readonly backMonthFen: number;
  /** Earned less taken back less paid or on its way, since the beginning; may be negative. */
  readonly openFen: number;
  readonly shopCount: number;
}

export async function agentAccount(db: Db, view: AgentView): Promise<AgentAccount> {
  const { operatorId, agentId, today } = view;
  const own = sql`operator_id = ${operatorId} and agent_id = ${agentId}`;
  const monthFirst = `${today.slice(0, 7)}-01`;
  const { rows } = await db.execute<AgentAccount & Record<string, unknown>>(sql`
    with ${ownShops(view)}, earned as (
      select sum(c.amount_fen) as month_fen,
             sum(c.amount_fen) filter (where r.as_of_ms >= ${dayStartMs(today)}) as today_fen
        from finality_run r join agent_commission c on c.operator_id = r.operator_id
         and c.agent_id = ${agentId} and c.final_run = r.run
       where r.operator_id = ${operatorId} and r.as_of_ms >= ${dayStartMs(monthFirst)}
    )
    select coalesce(today_fen, 0)::bigint as "commissionTodayFen",
           coalesce(month_fen, 0)::bigint as "commissionMonthFen",
           (select coalesce(sum(amount_fen), 0) from agent_commission_back
             where ${own} and ledger_date >= ${monthFirst}::date)::bigint as "backMonthFen",
           ((select coalesce(sum(amount_fen), 0) from agent_commission where ${own})
            - (select coalesce(sum(amount_fen), 0) from agent_commission_back where ${own})
            - (select coalesce(sum(i.amount_fen), 0) from commission_statement s
                join channel_instruction i on i.operator_id = s.operator_id
                 and i.instruction_no = s.instruction_no
               where s.operator_id = ${operatorId} and s.agent_id = ${agentId}
                 and i.state in ('ready', 'open', 'done')))::bigint as "openFen",
           (select count(distinct merchant_id) from shops)::bigint as "shopCount"
      from earned`);
  return rows[0]!;
}
