import { sql } from 'drizzle-orm';
import type { AgentOfSale, SalePlace } from '#cloud/commissions/agent-contracts.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { lockBook } from '#cloud/points/points-config-store.ts';
import { flagRelatedOrders } from '#cloud/relations/related-orders.ts';
import {
  agentNode,
  memberNode,
  merchantNode,
  pathBetween,
  readRelations,
} from '#cloud/relations/relation-store.ts';
import type { MemberId, OperatorId, OrderId } from '#shared/ids/ids.ts';

/** A sale whose agents are to be paid. */
export interface AgentSale extends SalePlace {
  readonly orderId: OrderId;
}

/**
 * Leaves out who belongs together (docs/points.md 2.12): nobody is paid for a purchase at a shop of
 * one's own, and no agent for a shop or a member of his own. What is left out stays with the fund,
 * and why is written down. The orders' own flags are brought up to date first: what was learnt
 * during the hold counts.
 */
export async function unrelatedAgents<S extends AgentSale>(
  tx: Tx,
  batch: {
    readonly operatorId: OperatorId;
    readonly sales: readonly S[];
    readonly onDay: string;
    readonly agentsOf: (sale: SalePlace) => readonly AgentOfSale[];
  },
): Promise<(sale: S) => readonly AgentOfSale[]> {
  const { operatorId, onDay, agentsOf } = batch;
  const paid = batch.sales.filter((sale) => agentsOf(sale).length > 0);
  if (paid.length === 0) return agentsOf;
  // The points book comes before the orders, as everywhere.
  await lockBook(tx, operatorId, 'share');
  const orderIds = paid.map((sale) => sale.orderId);
  await flagRelatedOrders(tx, { operatorId, orderIds, onDay });
  const buyers = await buyersOf(tx, operatorId, orderIds);
  const agents = new Set(paid.flatMap((sale) => agentsOf(sale).map((agent) => agent.agentId)));
  const graph = await readRelations(tx, { operatorId, around: [...agents].map(agentNode) });
  const kept = new Map<OrderId, readonly AgentOfSale[]>();
  const refused: object[] = [];
  for (const sale of paid) {
    const buyer = buyers.get(sale.orderId);
    if (buyer?.isRelated === true) {
      kept.set(sale.orderId, []);
      continue;
    }
    const others = agentsOf(sale).filter((agent) => {
      const node = agentNode(agent.agentId);
      const path =
        pathBetween(graph, node, merchantNode(sale.merchantId)) ??
        (buyer?.memberId === undefined
          ? undefined
          : pathBetween(graph, node, memberNode(buyer.memberId)));
      if (path === undefined) return true;
      const { merchantId: merchant_id, orderId: order_id } = sale;
      refused.push({ merchant_id, order_id, role: agent.role, agent_id: agent.agentId, path });
      return false;
    });
    kept.set(sale.orderId, others);
  }
  await writeRefused(tx, { operatorId, onDay, refused });
  return (sale) => kept.get(sale.orderId) ?? [];
}

async function buyersOf(
  tx: Tx,
  operatorId: OperatorId,
  orderIds: readonly OrderId[],
): Promise<
  ReadonlyMap<string, { readonly memberId: MemberId | undefined; readonly isRelated: boolean }>
> {
  const { rows } = await tx.execute<{
    order_id: string;
    member_id: MemberId | null;
    is_related: boolean;
  }>(sql`
    select order_id, member_id, is_related from points_order
     where operator_id = ${operatorId} and order_id = any(${sql.param(orderIds)}::text[])`);
  return new Map(
    rows.map((row) => [
      row.order_id,
      { memberId: row.member_id ?? undefined, isRelated: row.is_related },
    ]),
  );
}

async function writeRefused(
  tx: Tx,
  {
    operatorId,
    onDay,
    refused,
  }: {
    readonly operatorId: OperatorId;
    readonly onDay: string;
    readonly refused: readonly object[];
  },
): Promise<void> {
  if (refused.length === 0) return;
  // A cash line may be looked at by many runs before its concession is collected.
  await tx.execute(sql`
    insert into agent_pay_refused (operator_id, merchant_id, order_id, role, agent_id, path, final_on)
    select ${operatorId}, merchant_id, order_id, role, agent_id, path, ${onDay}::date
      from jsonb_to_recordset(${JSON.stringify(refused)}::jsonb)
        as r(merchant_id text, order_id text, role text, agent_id text, path text[])
    on conflict do nothing`);
}
