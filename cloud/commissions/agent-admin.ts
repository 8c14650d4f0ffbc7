import { sql } from 'drizzle-orm';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Tx } from '#cloud/platform/db.ts';
import {
  newId,
  type AgentId,
  type ContractId,
  type MerchantId,
  type OperatorId,
} from '#shared/ids/ids.ts';
import type { AgentRole } from '#shared/points/points-config.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

type IdDeps = Pick<CloudDeps, 'clock' | 'random'>;

export async function addAgent(
  tx: Tx,
  agent: { readonly operatorId: OperatorId; readonly name: string },
  deps: IdDeps,
): Promise<AgentId> {
  const agentId = newId('agt', deps);
  await tx.execute(sql`INSERT INTO agent (operator_id, agent_id, name, created_at_ms)
    VALUES (${agent.operatorId}, ${agentId}, ${agent.name}, ${deps.clock.nowMs()})`);
  return agentId;
}

export interface NewContract {
  readonly operatorId: OperatorId;
  readonly agentId: AgentId;
  readonly role: AgentRole;
  /** marketer: merchant id; region: six digits of GB/T 2260; province: the first two of them. */
  readonly scope: string;
  /** First day of sales that it earns on, YYYY-MM-DD. */
  readonly validFrom: string;
  /** First day on which it earns no longer; open when undefined. */
  readonly validTo: string | undefined;
}

export interface ContractError {
  readonly type: 'agent-unknown' | 'scope-invalid' | 'dates-invalid' | 'contract-exists';
}

const scopePattern: Readonly<Record<AgentRole, RegExp>> = {
  marketer: /^mch_[0-9A-Z]{26}$/,
  region: /^[0-9]{6}$/,
  province: /^[0-9]{2}$/,
};

/**
 * Signs a contract of one service role for one scope. Contracts are never changed: a younger one of the same scope
 * takes over from its first day on. Errors in this order: scope-invalid, dates-invalid, agent-unknown,
 * contract-exists (another one of that scope begins on the same day).
 */
export async function signContract(
  tx: Tx,
  contract: NewContract,
  deps: IdDeps,
): Promise<Result<ContractId, ContractError>> {
  const { operatorId, agentId, role, scope, validFrom, validTo } = contract;
  if (!scopePattern[role].test(scope)) return err({ type: 'scope-invalid' });
  if (validTo !== undefined && validTo <= validFrom) return err({ type: 'dates-invalid' });
  const known = await tx.execute(sql`
    SELECT 1 FROM agent WHERE operator_id = ${operatorId} AND agent_id = ${agentId}`);
  if (known.rows.length === 0) return err({ type: 'agent-unknown' });
  const contractId = newId('ctr', deps);
  const inserted = await tx.execute(sql`
    INSERT INTO agent_contract
      (operator_id, contract_id, agent_id, role, scope, valid_from, valid_to)
    VALUES (${operatorId}, ${contractId}, ${agentId}, ${role}, ${scope}, ${validFrom}::date,
      ${validTo ?? null}::date)
    ON CONFLICT DO NOTHING`);
  return inserted.rowCount === 1 ? ok(contractId) : err({ type: 'contract-exists' });
}

/** Says where a shop lies: six digits of GB/T 2260. Sales that are final already keep what they paid. */
export async function setTerritory(
  tx: Tx,
  place: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly districtCode: string;
  },
): Promise<void> {
  await tx.execute(sql`
    INSERT INTO merchant_territory (operator_id, merchant_id, district_code)
    VALUES (${place.operatorId}, ${place.merchantId}, ${place.districtCode})
    ON CONFLICT (operator_id, merchant_id) DO UPDATE SET district_code = EXCLUDED.district_code`);
}
