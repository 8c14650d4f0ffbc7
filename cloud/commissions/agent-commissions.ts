import { sql } from 'drizzle-orm';
import type { AgentOfSale } from '#cloud/commissions/agent-contracts.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Waterfall } from '#shared/points/agents/waterfall.ts';

/** What commissions need of a decided line: they exist only where the order is final. */
export interface CommissionSource {
  readonly line: { readonly merchantId: MerchantId; readonly orderId: OrderId };
  readonly final: Waterfall | undefined;
  readonly agents: readonly AgentOfSale[];
}

/** Writes who earned what on the final orders of one run: at most one payee per role, none for a share of zero. */
export async function insertCommissions(
  tx: Tx,
  options: {
    readonly operatorId: OperatorId;
    readonly run: number;
    readonly decisions: readonly CommissionSource[];
  },
): Promise<void> {
  const rows = options.decisions.flatMap(({ line, final, agents }) =>
    agents.map((agent) => ({
      operator_id: options.operatorId,
      merchant_id: line.merchantId,
      order_id: line.orderId,
      role: agent.role,
      agent_id: agent.agentId,
      contract_id: agent.contractId,
      amount_fen: final?.agents[agent.role] ?? 0,
      final_run: options.run,
    })),
  );
  await tx.execute(sql`
    INSERT INTO agent_commission
    SELECT * FROM jsonb_populate_recordset(NULL::agent_commission, ${JSON.stringify(rows)}::jsonb)
    WHERE amount_fen > 0`);
}
