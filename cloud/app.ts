import { registerAdminIdentityRoutes } from '#cloud/identity/admin-routes.ts';
import { registerCatalogueAdminRoutes } from '#cloud/catalogue/catalogue-admin-routes.ts';
import { registerCatalogueRoutes } from '#cloud/catalogue/catalogue-routes.ts';
import { registerIdentityRoutes } from '#cloud/identity/routes.ts';
import { registerJournalAdminRoutes } from '#cloud/journal/parked-routes.ts';
import { registerJournalRoutes } from '#cloud/journal/intake/batch-routes.ts';
import { registerOwnJournalRoutes } from '#cloud/journal/restore/own-journal-routes.ts';
import { registerFreezeRoutes } from '#cloud/members/freeze-routes.ts';
import { registerMemberRoutes } from '#cloud/members/member-routes.ts';
import { registerOrderRoutes } from '#cloud/orders/routes.ts';
import type { PaymentRoom } from '#cloud/payment-room.ts';
import { registerRefundRoutes } from '#cloud/refunds/routes.ts';
import { hurryRefund } from '#cloud/refunds/refund-store.ts';
import { registerAuditRoutes } from '#cloud/disclosure/audit/audit-routes.ts';
import { registerDisclosureRoutes } from '#cloud/disclosure/disclosure-routes.ts';
import { registerPolicyRoutes } from '#cloud/policy/policy-routes.ts';
import { registerWindDownRoutes } from '#cloud/policy/wind-down-routes.ts';
import { registerAdjustRoutes } from '#cloud/release/adjust/adjust-routes.ts';
import { registerReleaseRoutes } from '#cloud/release/routes.ts';
import { registerPaymentAdminRoutes } from '#cloud/payments/admin-routes.ts';
import { registerPaidTwiceRoutes } from '#cloud/payments/paid-twice/paid-twice-routes.ts';
import { registerResolutionRoutes } from '#cloud/payments/resolution/resolution-routes.ts';
import { personOf } from '#cloud/persons/person-door.ts';
import { registerPaymentRoutes } from '#cloud/payments/routes.ts';
import { registerNotifyRoutes } from '#cloud/payments/notifies/notify-routes.ts';
import { registerCouponReviewRoutes } from '#cloud/promotion/coupon-review-routes.ts';
import { registerPromotionAdminRoutes } from '#cloud/promotion/promotion-admin-routes.ts';
import { registerPromotionRoutes } from '#cloud/promotion/promotion-routes.ts';
import { registerPromiseAdminRoutes } from '#cloud/promises/admin-routes.ts';
import { registerBillRoutes } from '#cloud/reconciliation/bill-routes.ts';
import { registerProofRoutes } from '#cloud/proof/proof-routes.ts';
import { proveBeforeRelease } from '#cloud/proof/proof-run.ts';
import { hurryInstruction } from '#cloud/settlement/instructions/instruction-store.ts';
import { registerInstructionRoutes } from '#cloud/settlement/instructions/instruction-routes.ts';
import { registerPayeeRoutes } from '#cloud/settlement/instructions/payees/payee-routes.ts';
import { registerReceiverRoutes } from '#cloud/settlement/instructions/receiver-routes.ts';
import { instructKept } from '#cloud/settlement/instructions/kept-instruction.ts';
import { registerSettlementRoutes } from '#cloud/settlement/settlement-routes.ts';
import { registerCommissionRoutes } from '#cloud/commissions/commission-routes.ts';
import { personActs } from '#cloud/person-acts.ts';
import { registerActRoutes } from '#cloud/persons/act-routes.ts';
import { registerAgentRoutes } from '#cloud/commissions/agent-routes.ts';
import { registerRelationRoutes } from '#cloud/relations/relation-routes.ts';
import { registerReviewRoutes } from '#cloud/review/review-routes.ts';
import { registerVelocityRoutes } from '#cloud/review/velocity-routes.ts';
import { registerTierRoutes } from '#cloud/tiers/tier-routes.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';

/** What the app needs besides its dependencies: the payment room, and whom to wake. */
export interface AppParts {
  readonly payments: PaymentRoom;
  /** The inbox took entries: the projection of this process should look now, not at the next tick. */
  readonly onJournalTaken: (entriesCount: number) => void;
}

/** Every route of the cloud, registered by name. Workers are started apart (cloud/workers.ts): a test may want none. */
export async function buildApp(deps: CloudDeps, parts: AppParts): Promise<CloudApp> {
  const app = await createHttpShell(deps);
  const proposer = { ...deps, acts: personActs(deps, parts.payments) };
  registerIdentityRoutes(app, deps);
  registerAdminIdentityRoutes(app, deps);
  registerJournalRoutes(app, deps, { onTaken: parts.onJournalTaken });
  registerJournalAdminRoutes(app, deps);
  registerOwnJournalRoutes(app, deps);
  registerOrderRoutes(app, deps);
  registerMemberRoutes(app, deps);
  registerPaymentRoutes(app, parts.payments);
  registerNotifyRoutes(app, {
    ...deps,
    ...parts.payments,
    wakes: { refund: hurryRefund, instruction: hurryInstruction },
  });
  registerPaymentAdminRoutes(app, { ...deps, channels: parts.payments.channels });
  registerReviewRoutes(app, proposer);
  registerVelocityRoutes(app, deps);
  registerRelationRoutes(app, deps);
  registerTierRoutes(app, deps);
  registerAgentRoutes(app, deps);
  registerCommissionRoutes(app, proposer);
  registerActRoutes(app, proposer);
  registerFreezeRoutes(app, proposer);
  registerResolutionRoutes(app, deps, { ...parts.payments, instructKept });
  registerPaidTwiceRoutes(app, proposer);
  registerRefundRoutes(app, parts.payments);
  registerSettlementRoutes(app, deps);
  registerInstructionRoutes(app, {
    ...deps,
    channels: parts.payments.channels,
    personOf: (headers) => personOf(deps, headers),
  });
  registerReceiverRoutes(app, deps);
  registerPayeeRoutes(app, proposer);
  registerPromiseAdminRoutes(app, proposer);
  registerPromotionRoutes(app, deps);
  registerPromotionAdminRoutes(app, deps);
  registerCouponReviewRoutes(app, deps);
  registerCatalogueRoutes(app, deps);
  registerCatalogueAdminRoutes(app, deps);
  registerBillRoutes(app, deps, parts.payments);
  registerProofRoutes(app, proposer);
  registerDisclosureRoutes(app, deps);
  registerAuditRoutes(app, deps);
  registerPolicyRoutes(app, deps);
  registerWindDownRoutes(app, deps);
  registerAdjustRoutes(app, deps);
  registerReleaseRoutes(app, { ...deps, proveFirst: () => proveBeforeRelease(deps) });
  return app;
}
