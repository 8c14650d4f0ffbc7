import { sql } from 'drizzle-orm';
import { setTerritory, signContract, type ContractError } from '#cloud/commissions/agent-admin.ts';
import { setAgentPayee, setPayoutTerms } from '#cloud/commissions/commission-payouts.ts';
import type { ActKind, ActKinds } from '#cloud/persons/acts.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { ProblemInput } from '#cloud/platform/problem.ts';
import type { AgentId, MerchantId } from '#shared/ids/ids.ts';
import type { AgentRole } from '#shared/points/points-config.ts';
import { err, ok } from '#shared/result/result.ts';

const noAgent: ProblemInput = { status: 404, code: 'not-found', detail: 'no such agent' };

const refusals: Readonly<Record<ContractError['type'], ProblemInput>> = {
  'scope-invalid': { status: 400, code: 'request-invalid', detail: 'scope does not fit the role' },
  'dates-invalid': {
    status: 400,
    code: 'request-invalid',
    detail: 'validTo is not after validFrom',
  },
  'agent-unknown': noAgent,
  'contract-exists': {
    status: 409,
    code: 'request-invalid',
    detail: 'another contract of this scope begins on that day',
  },
};

/**
 * Whatever decides who is paid how much of the concession, and where: each needs two people. The shapes of `what` are
 * those that commission-routes.ts parsed.
 */
export const agentActs = (deps: Pick<CloudDeps, 'clock' | 'random'>): ActKinds => ({
  'agent-contract': contractAct(deps),
  'agent-payee': {
    async execute(tx, { operatorId, subject, what }) {
      const { sealed } = what as { sealed: string };
      const agentId = subject as AgentId;
      return (await setAgentPayee(tx, { operatorId, agentId, sealed })) ? ok({}) : err(noAgent);
    },
  },
  'agent-tax-kind': {
    async execute(tx, { operatorId, subject, what }) {
      const { taxKind } = what as { taxKind: string };
      const { rowCount } = await tx.execute(sql`
        update agent set tax_kind = ${taxKind}
         where operator_id = ${operatorId} and agent_id = ${subject}`);
      return rowCount === 1 ? ok({}) : err(noAgent);
    },
  },
  'payout-terms': {
    async execute(tx, { operatorId, what }) {
      const terms = what as { channel: string; dayOfMonth: number; thresholdFen: number };
      await setPayoutTerms(tx, { operatorId, ...terms });
      return ok({});
    },
  },
  'merchant-territory': {
    async execute(tx, { operatorId, subject, what }) {
      const { districtCode } = what as { districtCode: string };
      await setTerritory(tx, { operatorId, merchantId: subject as MerchantId, districtCode });
      return ok({});
    },
  },
});

/** What a proposed contract says, beside the agent. */
export interface ProposedContract {
  readonly agentId: AgentId;
  readonly role: AgentRole;
  readonly scope: string;
  readonly validFrom: string;
  readonly validTo?: string | undefined;
}

const contractAct = (deps: Pick<CloudDeps, 'clock' | 'random'>): ActKind => ({
  async execute(tx, { operatorId, what }) {
    const { agentId, role, scope, validFrom, validTo } = what as unknown as ProposedContract;
    const contract = { operatorId, agentId, role, scope, validFrom, validTo };
    const signed = await signContract(tx, contract, deps);
    return signed.ok ? ok({ contractId: signed.value }) : err(refusals[signed.error.type]);
  },
});
