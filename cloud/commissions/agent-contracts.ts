import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import type { AgentId, ContractId, MerchantId, OperatorId } from '#shared/ids/ids.ts';
import type { AgentRole } from '#shared/points/points-config.ts';

/** A contract that holds for a sale. */
export interface AgentOfSale {
  readonly role: AgentRole;
  readonly agentId: AgentId;
  readonly contractId: ContractId;
}

export interface SalePlace {
  readonly merchantId: MerchantId;
  /** Ledger date, YYYY-MM-DD: the contract of that day earns. */
  readonly ledgerDate: string;
}

/**
 * Who serves each shop on each day, by contract and territory: at most one payee per role. Roles without a contract
 * are absent, and their share stays in the fund. Source: docs/points.md 2.12, rules R25, R26.
 */
export async function agentsOfSales(
  tx: Tx,
  query: { readonly operatorId: OperatorId; readonly sales: readonly SalePlace[] },
): Promise<(sale: SalePlace) => readonly AgentOfSale[]> {
  const places = [...new Map(query.sales.map((sale) => [placeKey(sale), sale])).values()];
  const { rows } = await tx.execute(sql`
    SELECT DISTINCT ON (i.merchant_id, i.day, c.role)
      i.merchant_id, i.day::text AS day, c.role, c.agent_id, c.contract_id
    FROM unnest(
      ${sql.param(places.map((place) => place.merchantId))}::text[],
      ${sql.param(places.map((place) => place.ledgerDate))}::date[]
    ) AS i (merchant_id, day)
    LEFT JOIN merchant_territory t
      ON t.operator_id = ${query.operatorId} AND t.merchant_id = i.merchant_id
    JOIN agent_contract c ON c.operator_id = ${query.operatorId}
      AND c.scope = CASE c.role WHEN 'marketer' THEN i.merchant_id
                                WHEN 'region' THEN t.district_code
                                ELSE left(t.district_code, 2) END
      AND c.valid_from <= i.day AND (c.valid_to IS NULL OR i.day < c.valid_to)
    ORDER BY i.merchant_id, i.day, c.role, c.valid_from DESC`);
  const found = new Map<string, AgentOfSale[]>();
  for (const row of rows) {
    const key = `${String(row['merchant_id'])}/${String(row['day'])}`;
    const agent = {
      role: row['role'] as AgentRole,
      agentId: row['agent_id'] as AgentId,
      contractId: row['contract_id'] as ContractId,
    };
    found.set(key, [...(found.get(key) ?? []), agent]);
  }
  return (sale) => found.get(placeKey(sale)) ?? [];
}

const placeKey = (place: SalePlace): string => `${place.merchantId}/${place.ledgerDate}`;
