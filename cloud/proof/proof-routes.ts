import Type, { type Static } from 'typebox';
import type { Proof } from '#cloud/ledger/proofs.ts';
import { readBalances } from '#cloud/ledger/balances.ts';
import { listHolds } from '#cloud/ledger/release-hold.ts';
import { answerProposed, proposedAnswer, type Proposer } from '#cloud/persons/act-routes.ts';
import { PersonHeadersSchema, strict, WhySchema } from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { registerSealRoutes } from '#cloud/proof/seal-routes.ts';
import { proveHouse, runProofs } from '#cloud/proof/proof-run.ts';
import type { MerchantId } from '#shared/ids/ids.ts';
import { MerchantIdSchema } from '#shared/wire/v1/common.ts';

/** The largest integer of the database. */
const holdNoMax = 2_147_483_647;

type Deps = Pick<
  CloudDeps,
  'db' | 'clock' | 'operatorId' | 'logger' | 'keys' | 'config' | 'metrics'
> &
  Proposer;

/**
 * GET /admin/v1/balances?merchantId=   every account of the books, of one merchant or of all books together
 * GET /admin/v1/proofs                 checks every law of the books; 200 also when one is broken: read `holds`
 * POST /admin/v1/proof-runs            the same, and holds all releases for each broken law
 * GET /admin/v1/release-holds          what stops releases, and what stopped them before
 * POST /admin/v1/release-holds/{no}/lift {why}   one person proposes to let them go on; another one agrees (act-routes.ts)
 *
 * Stands above the domains: each states its own laws, and here they are asked together.
 */
export function registerProofRoutes(app: CloudApp, deps: Deps): void {
  registerBalances(app, deps);
  registerProofs(app, deps);
  registerHolds(app, deps);
  registerSealRoutes(app, deps);
}

function registerBalances(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Balances of the books',
    querystring: Type.Object({ merchantId: Type.Optional(MerchantIdSchema) }),
    response: {
      200: Type.Object({
        balances: Type.Array(
          Type.Object({
            account: Type.String(),
            nature: Type.String(),
            balanceFen: Type.Integer(),
          }),
        ),
      }),
    },
  };
  app.get('/admin/v1/balances', { schema }, async (request) => {
    const merchantId = request.query.merchantId as MerchantId | undefined;
    const { operatorId } = deps;
    return { balances: [...(await readBalances(deps.db, { operatorId, merchantId }))] };
  });
}

const ProofsSchema = Type.Object({
  holds: Type.Boolean(),
  proofs: Type.Array(
    Type.Object({
      name: Type.String(),
      says: Type.String(),
      holds: Type.Boolean(),
      violations: Type.Array(Type.Record(Type.String(), Type.Unknown())),
    }),
  ),
});

const answerOf = (proofs: readonly Proof[]): Static<typeof ProofsSchema> => ({
  holds: proofs.every((proof) => proof.holds),
  proofs: proofs.map((proof) => ({ ...proof, violations: [...proof.violations] })),
});

function registerProofs(app: CloudApp, deps: Deps): void {
  const check = { summary: 'Check every law of the books', response: { 200: ProofsSchema } };
  app.get('/admin/v1/proofs', { schema: check }, async () => answerOf(await proveHouse(deps)));

  const run = {
    summary: 'Check every law, and hold releases for what is broken',
    response: { 200: ProofsSchema },
  };
  app.post('/admin/v1/proof-runs', { schema: run }, async () => answerOf(await runProofs(deps)));
}

const HoldSchema = Type.Object({
  holdNo: Type.Integer(),
  reason: Type.String(),
  detail: Type.Unknown(),
  raisedAtMs: Type.Integer(),
  liftedAtMs: Type.Union([Type.Integer(), Type.Null()]),
  liftedBy: Type.Union([Type.String(), Type.Null()]),
  liftedWhy: Type.Union([Type.String(), Type.Null()]),
});

function registerHolds(app: CloudApp, deps: Deps): void {
  const { db, operatorId } = deps;
  const list = {
    summary: 'What stops releases, and what stopped them before',
    response: { 200: Type.Object({ holds: Type.Array(HoldSchema) }) },
  };
  app.get('/admin/v1/release-holds', { schema: list }, async () => ({
    holds: [...(await listHolds(db, operatorId))],
  }));

  const lift = {
    summary: 'Propose to let releases go on',
    headers: PersonHeadersSchema,
    params: Type.Object({ holdNo: Type.Integer({ minimum: 1, maximum: holdNoMax }) }),
    body: Type.Object({ why: WhySchema }, strict),
    response: proposedAnswer,
  };
  app.post('/admin/v1/release-holds/:holdNo/lift', { schema: lift }, async (request, reply) => {
    const { why } = request.body;
    const subject = String(request.params.holdNo);
    const act = { kind: 'lift-release-hold', subject, what: {}, why };
    return await answerProposed(reply, deps, { headers: request.headers, ...act });
  });
}
