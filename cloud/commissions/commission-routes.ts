import Type from 'typebox';
import { addAgent } from '#cloud/commissions/agent-admin.ts';
import { openPayeeVault } from '#cloud/commissions/payee-vault.ts';
import { answerProposed, proposedAnswer, type Proposer } from '#cloud/persons/act-routes.ts';
import { PersonHeadersSchema, strict, WhySchema } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import { idPattern, type AgentId } from '#shared/ids/ids.ts';
import { BusinessDateSchema, MerchantIdSchema } from '#shared/wire/v1/common.ts';

type Deps = Proposer & Pick<CloudDeps, 'random' | 'config'>;

const AgentIdSchema = Type.String({ pattern: idPattern('agt') });
const AgentPath = Type.Object({ agentId: AgentIdSchema }, strict);
const DistrictCodeSchema = Type.String({ pattern: '^[0-9]{6}$' });
const Name = Type.String({ minLength: 1, maxLength: 64 });

/**
 * POST /admin/v1/agents                                 an agent: somebody who may be paid a commission
 * One person proposes (x-person-key), another one agrees (cloud/persons/act-routes.ts):
 * POST /admin/v1/agent-contracts                        one role for one scope from a day on
 * PUT  /admin/v1/merchants/{merchantId}/territory       where a shop lies, for region and province
 * PUT  /admin/v1/agents/{agentId}/payee                 where an agent is paid
 * PUT  /admin/v1/agents/{agentId}/tax-kind              a person, whose pay is reported and withheld from, or a company
 * PUT  /admin/v1/payout-terms                           when agents are paid, from what sum on
 */
export function registerCommissionRoutes(app: CloudApp, deps: Deps): void {
  const { operatorId } = deps;
  const agent = {
    summary: 'Add an agent',
    body: Type.Object({ name: Name }, strict),
    response: { 201: Type.Object({ agentId: AgentIdSchema }) },
  };
  app.post('/admin/v1/agents', { schema: agent }, async (request, reply) => {
    const { name } = request.body;
    const agentId = await deps.db.transaction((tx) => addAgent(tx, { operatorId, name }, deps));
    return reply.code(201).send({ agentId });
  });
  registerContracts(app, deps);
  registerTerritory(app, deps);
  registerPay(app, deps);
  registerPayoutTerms(app, deps);
}

function registerContracts(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Propose an agent contract',
    headers: PersonHeadersSchema,
    body: Type.Object(
      {
        agentId: AgentIdSchema,
        role: Type.Union([
          Type.Literal('marketer'),
          Type.Literal('region'),
          Type.Literal('province'),
        ]),
        scope: Type.String({ minLength: 2, maxLength: 30 }),
        validFrom: BusinessDateSchema,
        validTo: Type.Optional(BusinessDateSchema),
        why: WhySchema,
      },
      strict,
    ),
    response: proposedAnswer,
  };
  app.post('/admin/v1/agent-contracts', { schema }, async (request, reply) => {
    const { why, ...what } = request.body;
    const { role, scope, validFrom, validTo } = what;
    const days = validTo === undefined ? [validFrom] : [validFrom, validTo];
    if (!days.every(isCalendarDay))
      return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'no such day' });
    const subject = `${role}/${scope}/${validFrom}`;
    const { headers } = request;
    return await answerProposed(reply, deps, {
      headers,
      kind: 'agent-contract',
      subject,
      what,
      why,
    });
  });
}

function registerTerritory(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Propose where a shop lies',
    headers: PersonHeadersSchema,
    params: Type.Object({ merchantId: MerchantIdSchema }, strict),
    body: Type.Object({ districtCode: DistrictCodeSchema, why: WhySchema }, strict),
    response: proposedAnswer,
  };
  const path = '/admin/v1/merchants/:merchantId/territory';
  app.put(path, { schema }, async (request, reply) => {
    const { why, ...what } = request.body;
    const act = { kind: 'merchant-territory', subject: request.params.merchantId, what, why };
    return await answerProposed(reply, deps, { headers: request.headers, ...act });
  });
}

/** So much of an account is shown to whoever agrees, and only of one that is long enough to stay unknown. */
const shownSigns = 4;
const shownFromSigns = 8;

function registerPay(app: CloudApp, deps: Deps): void {
  const vault = openPayeeVault(deps);
  const payee = {
    summary: 'Propose where an agent is paid',
    headers: PersonHeadersSchema,
    params: AgentPath,
    body: Type.Object({ payee: Name, payeeName: Type.Optional(Name), why: WhySchema }, strict),
    response: proposedAnswer,
  };
  app.put('/admin/v1/agents/:agentId/payee', { schema: payee }, async (request, reply) => {
    const agentId = request.params.agentId as AgentId;
    const { payee: account, payeeName, why } = request.body;
    const to = { account, ...(payeeName === undefined ? {} : { name: payeeName }) };
    const endsWith = account.length < shownFromSigns ? '' : account.slice(-shownSigns);
    const what = { sealed: vault.seal(to, agentId), endsWith };
    const act = { kind: 'agent-payee', subject: agentId, what, why };
    return await answerProposed(reply, deps, { headers: request.headers, ...act });
  });
  const TaxKind = Type.Union([Type.Literal('person'), Type.Literal('company')]);
  const tax = {
    summary: 'Propose whether an agent is a person or a company',
    headers: PersonHeadersSchema,
    params: AgentPath,
    body: Type.Object({ taxKind: TaxKind, why: WhySchema }, strict),
    response: proposedAnswer,
  };
  app.put('/admin/v1/agents/:agentId/tax-kind', { schema: tax }, async (request, reply) => {
    const { why, ...what } = request.body;
    const act = { kind: 'agent-tax-kind', subject: request.params.agentId, what, why };
    return await answerProposed(reply, deps, { headers: request.headers, ...act });
  });
}

function registerPayoutTerms(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Propose when agents are paid',
    headers: PersonHeadersSchema,
    body: Type.Object(
      {
        channel: Type.String({ minLength: 1, maxLength: 32 }),
        dayOfMonth: Type.Integer({ minimum: 1, maximum: 28 }),
        thresholdFen: Type.Integer({ minimum: 1, maximum: 100_000_000 }),
        why: WhySchema,
      },
      strict,
    ),
    response: proposedAnswer,
  };
  app.put('/admin/v1/payout-terms', { schema }, async (request, reply) => {
    const { why, ...what } = request.body;
    const act = { kind: 'payout-terms', subject: 'payout-terms', what, why };
    return await answerProposed(reply, deps, { headers: request.headers, ...act });
  });
}
