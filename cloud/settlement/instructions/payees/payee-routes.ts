import Type from 'typebox';
import { openPayeeVault } from '#cloud/commissions/payee-vault.ts';
import { answerProposed, proposedAnswer, type Proposer } from '#cloud/persons/act-routes.ts';
import type { ActKinds } from '#cloud/persons/acts.ts';
import {
  nobody,
  PersonHeadersSchema,
  personOf,
  strict,
  WhySchema,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import {
  addPayee,
  listPayees,
  payeesListedMax,
  shownName,
  type ShownPayee,
} from '#cloud/settlement/instructions/payees/shop-payees.ts';
import { tellPayee } from '#cloud/settlement/instructions/payees/tell-payee.ts';
import type { MerchantId } from '#shared/ids/ids.ts';
import { err, ok } from '#shared/result/result.ts';

type Deps = Proposer & Pick<CloudDeps, 'config' | 'random' | 'logger'>;

const payeeAct = 'shop-payee';
const noShop = { status: 404, code: 'not-found', detail: 'no such shop' } as const;

/** What a proposal holds: the number only sealed. */
interface ProposedPayee extends ShownPayee {
  readonly sealed: string;
}

/** Where a shop is paid by hand needs two people. */
export const payeeActs: ActKinds = {
  [payeeAct]: {
    async execute(tx, { operatorId, subject, what, why, proposedBy, by: agreedBy, nowMs }) {
      const { sealed, name, bank, lastFour } = what as unknown as ProposedPayee;
      const shown = { name, bank, lastFour };
      const of = { operatorId, merchantId: subject as MerchantId, why, nowMs };
      const people = { proposedBy, agreedBy };
      const added = await addPayee(tx, { ...of, ...people, ...shown, sealed });
      return added === undefined ? err(noShop) : ok({ ...added });
    },
  },
};

const ShopPath = Type.Object({ merchantId: Type.String({ maxLength: 64 }) }, strict);
const Shown = {
  payeeNo: Type.Integer(),
  name: Type.String(),
  bank: Type.String(),
  lastFour: Type.String(),
};

/**
 * PUT  /admin/v1/merchants/{id}/payee             one person proposes where a shop is paid by hand; another one agrees
 * GET  /admin/v1/merchants/{id}/payees            its accounts, the newest first, by their last four digits
 * POST /admin/v1/instructions/{no}/payee          the whole account, for the person who pays this one; written down
 */
export function registerPayeeRoutes(app: CloudApp, deps: Deps): void {
  const vault = openPayeeVault(deps);
  const propose = {
    summary: 'Propose where a shop is paid what people pay it by hand',
    headers: PersonHeadersSchema,
    params: ShopPath,
    body: Type.Object(
      {
        /** As the bank knows it. */
        name: Type.String({ minLength: 2, maxLength: 64 }),
        /** Digits alone. */
        number: Type.String({ pattern: '^[0-9]{8,30}$' }),
        bank: Type.String({ minLength: 2, maxLength: 64 }),
        why: WhySchema,
      },
      strict,
    ),
    response: proposedAnswer,
  };
  app.put('/admin/v1/merchants/:merchantId/payee', { schema: propose }, async (request, reply) => {
    const merchantId = request.params.merchantId as MerchantId;
    const { name, number, bank, why } = request.body;
    const sealed = vault.seal({ account: number, name, bank }, merchantId);
    const what = { sealed, name: shownName(name), bank, lastFour: number.slice(-4) };
    const act = { kind: payeeAct, subject: merchantId, what, why };
    return await answerProposed(reply, deps, { headers: request.headers, ...act });
  });
  const listed = Type.Object({
    ...Shown,
    why: Type.String(),
    proposedBy: Type.String(),
    agreedBy: Type.String(),
    madeAtMs: Type.Integer(),
  });
  const list = {
    summary: 'Where a shop is paid by hand, and was',
    params: ShopPath,
    response: { 200: Type.Object({ payees: Type.Array(listed, { maxItems: payeesListedMax }) }) },
  };
  app.get('/admin/v1/merchants/:merchantId/payees', { schema: list }, async (request) => {
    const merchantId = request.params.merchantId as MerchantId;
    return { payees: [...(await listPayees(deps.db, { ...deps, merchantId }))] };
  });
  registerTelling(app, deps);
}

function registerTelling(app: CloudApp, deps: Deps): void {
  const vault = openPayeeVault(deps);
  const schema = {
    summary: 'The whole account, for the person who pays this instruction',
    headers: PersonHeadersSchema,
    params: Type.Object(
      { instructionNo: Type.String({ pattern: '^[0-9A-Za-z_*-]{1,64}$' }) },
      strict,
    ),
    response: {
      200: Type.Object({
        payeeNo: Type.Integer(),
        name: Type.String(),
        bank: Type.String(),
        number: Type.String(),
      }),
    },
  };
  const path = '/admin/v1/instructions/:instructionNo/payee';
  app.post(path, { schema }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const { instructionNo } = request.params;
    const { db, operatorId } = deps;
    const asked = { operatorId, instructionNo, by: person.personId, nowMs: deps.clock.nowMs() };
    const told = await tellPayee(db, vault, asked);
    if (told.ok) {
      const { payeeNo, account: number, name = '', bank = '' } = told.value;
      return reply.header('cache-control', 'no-store').send({ payeeNo, name, bank, number });
    }
    if (told.error === 'instruction-unknown')
      return sendProblem(reply, {
        status: 404,
        code: 'not-found',
        detail: 'nothing to pay by hand',
      });
    if (told.error === 'amount-changed')
      return sendProblem(reply, { status: 409, code: 'resolution-impossible', detail: told.error });
    if (told.error !== 'payee-unreadable')
      return sendProblem(reply, { status: 409, code: told.error });
    deps.logger.error({ instructionNo }, 'a payee that cannot be read');
    return sendProblem(reply, { status: 500, code: 'internal-error' });
  });
}
