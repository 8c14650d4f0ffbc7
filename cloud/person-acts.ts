import { showHolds } from '#cloud/proof/book-seals.ts';
import { agentActs } from '#cloud/commissions/agent-acts.ts';
import { liftHold } from '#cloud/ledger/release-hold.ts';
import { thawActs } from '#cloud/members/freeze-routes.ts';
import { paidTwiceActs } from '#cloud/payments/paid-twice/decide-paid-twice.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { payeeActs } from '#cloud/settlement/instructions/payees/payee-routes.ts';
import { instructKept } from '#cloud/settlement/instructions/kept-instruction.ts';
import type { ActKinds } from '#cloud/persons/acts.ts';
import { promiseActs } from '#cloud/promises/admin-routes.ts';
import { reviewActs } from '#cloud/review/review-routes.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { err, ok } from '#shared/result/result.ts';

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'random' | 'operatorId' | 'metrics'>;
type Payments = Pick<PaymentDeps, 'channels' | 'timing' | 'vouchers'>;

/** Every kind of act that needs two people, asked together: each domain states its own. */
export const personActs = (deps: Deps, payments: Payments): ActKinds => ({
  ...agentActs(deps),
  ...holdActs(deps),
  ...payeeActs,
  ...paidTwiceActs({ ...payments, instructKept }),
  ...thawActs,
  ...promiseActs,
  ...reviewActs,
});

const holdActs = (deps: Pick<Deps, 'db' | 'operatorId' | 'metrics'>): ActKinds => ({
  'lift-release-hold': {
    async execute(tx, { operatorId, subject, proposedBy, by, why, nowMs }) {
      // Both stand in the hold's own record; the reason is that of the proposal.
      const liftedBy = `${proposedBy} ${by}`;
      const lift = { operatorId, holdNo: Number(subject), liftedBy, why, nowMs };
      const lifted = await liftHold(tx, lift);
      if (lifted.ok) return ok({});
      return err({ status: 404, code: 'not-found', detail: 'no such hold stands' });
    },
    told: () => showHolds(deps),
  },
});
