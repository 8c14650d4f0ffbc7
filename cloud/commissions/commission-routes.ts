import Type from 'typebox';
import {
  addAgent,
  setTerritory,
  signContract,
  type ContractError,
} from '#cloud/commissions/agent-admin.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import { idPattern, type AgentId, type MerchantId } from '#shared/ids/ids.ts';
import { BusinessDateSchema, MerchantIdSchema } from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId'>;

const AgentIdSchema = Type.String({ pattern: idPattern('agt') });
const DistrictCodeSchema = Type.String({ pattern: '^[0-9]{6}$' });

/**
 * POST /admin/v1/agents                                 an agent: somebody who may be paid a commission
 * POST /admin/v1/agent-contracts                        one role for one scope from a day on
 * PUT  /admin/v1/merchants/{merchantId}/territory       where a shop lies, for region and province
 */
export function registerCommissionRoutes(app: CloudApp, deps: Deps): void {
  const { operatorId } = deps;
  const agent = {
    summary: 'Add an agent',
    body: Type.Object(
      { name: Type.String({ minLength: 1, maxLength: 64 }) },
      { additionalProperties: false },
    ),
    response: { 201: Type.Object({ agentId: AgentIdSchema }) },
  };
  app.post('/admin/v1/agents', { schema: agent }, async (request, reply) => {
    const { name } = request.body;
    const agentId = await deps.db.transaction((tx) => addAgent(tx, { operatorId, name }, deps));
    return reply.code(201).send({ agentId });
  });

  const territory = {
    summary: 'Say where a shop lies',
    params: Type.Object({ merchantId: MerchantIdSchema }),
    body: Type.Object({ districtCode: DistrictCodeSchema }, { additionalProperties: false }),
    response: { 200: Type.Object({ districtCode: DistrictCodeSchema }) },
  };
  const path = '/admin/v1/merchants/:merchantId/territory';
  app.put(path, { schema: territory }, async (request) => {
    const merchantId = request.params.merchantId as MerchantId;
    const { districtCode } = request.body;
    await deps.db.transaction((tx) => setTerritory(tx, { operatorId, merchantId, districtCode }));
    return { districtCode };
  });
  registerContracts(app, deps);
}

const ContractSchema = Type.Object(
  {
    agentId: AgentIdSchema,
    role: Type.Union([Type.Literal('marketer'), Type.Literal('region'), Type.Literal('province')]),
    scope: Type.String({ minLength: 2, maxLength: 30 }),
    validFrom: BusinessDateSchema,
    validTo: Type.Optional(BusinessDateSchema),
  },
  { additionalProperties: false },
);

const refusals: Readonly<Record<ContractError['type'], ProblemInput>> = {
  'scope-invalid': { status: 400, code: 'request-invalid', detail: 'scope does not fit the role' },
  'dates-invalid': {
    status: 400,
    code: 'request-invalid',
    detail: 'validTo is not after validFrom',
  },
  'agent-unknown': { status: 404, code: 'not-found', detail: 'no such agent' },
  'contract-exists': {
    status: 409,
    code: 'request-invalid',
    detail: 'another contract of this scope begins on that day',
  },
};

function registerContracts(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Sign an agent contract',
    body: ContractSchema,
    response: { 201: Type.Object({ contractId: Type.String({ pattern: idPattern('ctr') }) }) },
  };
  app.post('/admin/v1/agent-contracts', { schema }, async (request, reply) => {
    const { agentId, role, scope, validFrom, validTo } = request.body;
    const days = validTo === undefined ? [validFrom] : [validFrom, validTo];
    if (!days.every(isCalendarDay))
      return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'no such day' });
    const contract = { agentId: agentId as AgentId, role, scope, validFrom, validTo };
    const signed = await deps.db.transaction((tx) =>
      signContract(tx, { operatorId: deps.operatorId, ...contract }, deps),
    );
    if (signed.ok) return reply.code(201).send({ contractId: signed.value });
    return sendProblem(reply, refusals[signed.error.type]);
  });
}
