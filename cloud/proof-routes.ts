import Type from 'typebox';
import { readBalances } from '#cloud/ledger/balances.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { paymentLaws } from '#cloud/payments/payment-laws.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import type { MerchantId } from '#shared/ids/ids.ts';
import { MerchantIdSchema } from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'db' | 'operatorId'>;

/**
 * GET /admin/v1/balances?merchantId=   every account of the books, of one merchant or of all books together
 * GET /admin/v1/proofs                 checks every law of the books; 200 also when one is broken: read `holds`
 *
 * Stands above the domains: each states its own laws, and here they are asked together.
 */
export function registerProofRoutes(app: CloudApp, deps: Deps): void {
  registerBalances(app, deps);
  registerProofs(app, deps);
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

function registerProofs(app: CloudApp, deps: Deps): void {
  const schema = {
    summary: 'Check every law of the books',
    response: {
      200: Type.Object({
        holds: Type.Boolean(),
        proofs: Type.Array(
          Type.Object({
            name: Type.String(),
            says: Type.String(),
            holds: Type.Boolean(),
            violations: Type.Array(Type.Record(Type.String(), Type.Unknown())),
          }),
        ),
      }),
    },
  };
  app.get('/admin/v1/proofs', { schema }, async () => {
    const laws = [...ledgerLaws, ...settlementLaws, ...paymentLaws, ...voucherLaws];
    const { operatorId } = deps;
    // One snapshot for all laws: sales that are booked meanwhile must not look like a mismatch.
    const proofs = await deps.db.transaction((tx) => proveLaws(tx, { operatorId, laws }), {
      isolationLevel: 'repeatable read',
      accessMode: 'read only',
    });
    const answer = proofs.map((proof) => ({ ...proof, violations: [...proof.violations] }));
    return { holds: proofs.every((proof) => proof.holds), proofs: answer };
  });
}
