import Type from 'typebox';
import type { MemberId, MerchantId } from '#shared/ids/ids.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import {
  LossBearerSchema,
  MemberIdSchema,
  MerchantIdSchema,
  OrderIdSchema,
  TerminalIdSchema,
} from '#shared/wire/v1/common.ts';
import {
  listOfflineExceptions,
  offlineExceptionsMax,
  revokeMemberCodes,
} from '#cloud/payments/offline/store.ts';
import type { OfflineSettlement } from '#cloud/payments/offline/sale.ts';
import { listParkedBookings, parkedBookingsMax } from '#cloud/payments/booking/parked-bookings.ts';
import {
  listResolutionBreaks,
  resolutionBreaksMax,
} from '#cloud/payments/resolution/resolution-checks.ts';
import { VerdictSchema } from '#cloud/payments/paid-twice/paid-twice-routes.ts';
import { listPaidTwice, paidTwiceMax } from '#cloud/payments/paid-twice/paid-twice-store.ts';
import { Nullable } from '#cloud/persons/person-door.ts';
import { registerFindingRoutes } from '#cloud/payments/notifies/finding-routes.ts';
import { registerAccountRoutes } from '#cloud/payments/routing/account-routes.ts';
import { registerChannelRoutes } from '#cloud/payments/routing/channel-routes.ts';
import { listUndecided, listWentBack, undecidedMax } from '#cloud/payments/undecided.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

const MerchantPathSchema = Type.Object(
  { merchantId: MerchantIdSchema },
  { additionalProperties: false },
);

const ExceptionsSchema = Type.Object({
  /** Offline sales that did not turn into money. */
  offline: Type.Array(
    Type.Object({
      orderId: OrderIdSchema,
      state: Type.String(),
      amountFen: Type.Integer(),
      acceptedAtMs: Type.Integer(),
      code: Type.Optional(Type.String()),
      /**
       * Who bears it, what of it the platform pays the merchant (not yet with a `parkedReason`),
       * and the other sale of the same showing.
       */
      bearer: Type.Optional(LossBearerSchema),
      coveredFen: Type.Integer(),
      /** Why it does not go on by itself: its settlement, or the booking of what is covered. */
      parkedReason: Type.Optional(Type.String()),
      rivalOrderId: Type.Optional(OrderIdSchema),
      /** The first cap it went over. */
      overCaps: Type.Optional(Type.String()),
      voucherRefused: Type.Optional(Type.String()),
      /** Its entry in the journal of its terminal: with the rival's, the evidence. */
      terminalId: TerminalIdSchema,
      epoch: Type.Optional(Type.String()),
      seq: Type.Optional(Type.Integer()),
    }),
    { maxItems: offlineExceptionsMax },
  ),
  /** Charges that are paid but that the books refused. */
  unbooked: Type.Array(
    Type.Object({
      orderId: OrderIdSchema,
      attempt: Type.Integer(),
      netFen: Type.Integer(),
      why: Type.String(),
    }),
    { maxItems: parkedBookingsMax },
  ),
  /**
   * Charges that should have been definite by now; two people may decide about those of more than a
   * day.
   */
  undecided: Type.Array(
    Type.Object({
      orderId: OrderIdSchema,
      attempt: Type.Integer(),
      channel: Type.String(),
      outTradeNo: Type.String(),
      netFen: Type.Integer(),
      status: Type.String(),
      submittedAtMs: Type.Integer(),
      nextAtMs: Type.Integer(),
    }),
    { maxItems: undecidedMax },
  ),
  /** Charges that were found paid too late: the money went back by itself. */
  wentBack: Type.Array(
    Type.Object({
      orderId: OrderIdSchema,
      attempt: Type.Integer(),
      channel: Type.String(),
      netFen: Type.Integer(),
      settledAtMs: Type.Integer(),
    }),
    { maxItems: undecidedMax },
  ),
  /**
   * Charges paid beside other money that two people decided about; those on their way back have no
   * end yet.
   */
  paidTwice: Type.Array(
    Type.Object({
      orderId: OrderIdSchema,
      attempt: Type.Integer(),
      verdict: VerdictSchema,
      amountFen: Type.Integer(),
      /** What had gone back of the other money when they decided. */
      backFen: Nullable(Type.Integer()),
      why: Type.String(),
      proposedBy: Type.String(),
      agreedBy: Type.String(),
      decidedAtMs: Type.Integer(),
      endedAtMs: Nullable(Type.Integer()),
      endedAs: Nullable(Type.String()),
    }),
    { maxItems: paidTwiceMax },
  ),
  /** Where a channel contradicts what two people decided. */
  breaks: Type.Array(
    Type.Object({
      orderId: OrderIdSchema,
      attempt: Type.Integer(),
      verdict: Type.String(),
      said: Type.String(),
      sinceMs: Type.Integer(),
    }),
    { maxItems: resolutionBreaksMax },
  ),
});

/** What the operator does about channels, and what waits for people. */
export function registerPaymentAdminRoutes(
  app: CloudApp,
  deps: Pick<CloudDeps, 'clock' | 'db' | 'operatorId'> & {
    readonly channels: ReadonlyMap<string, Channel>;
  },
): void {
  registerCodeRevocation(app, deps);
  registerChannelRoutes(app, deps);
  registerAccountRoutes(app, deps.channels);
  registerFindingRoutes(app, deps);
  const { db, clock, operatorId } = deps;
  app.get(
    '/admin/v1/merchants/:merchantId/payment-exceptions',
    {
      schema: {
        summary: 'Payments of a merchant that people have to look into',
        params: MerchantPathSchema,
        response: { 200: ExceptionsSchema },
      },
    },
    async (request) => {
      const merchant = { operatorId, merchantId: request.params.merchantId as MerchantId };
      const [offline, unbooked, undecided, wentBack, paidTwice, breaks] = await Promise.all([
        listOfflineExceptions(db, merchant),
        listParkedBookings(db, merchant),
        listUndecided(db, { ...merchant, nowMs: clock.nowMs() }),
        listWentBack(db, merchant),
        listPaidTwice(db, merchant),
        listResolutionBreaks(db, merchant),
      ]);
      return {
        offline: offline.map(offlineView),
        unbooked: [...unbooked],
        undecided: [...undecided],
        wentBack: [...wentBack],
        paidTwice: paidTwice.map((one) => ({ ...one })),
        breaks: [...breaks],
      };
    },
  );
}

const offlineView = (sale: OfflineSettlement) => ({
  orderId: sale.orderId,
  state: sale.state,
  amountFen: sale.amountFen,
  acceptedAtMs: sale.acceptedAtMs,
  coveredFen: sale.coveredFen,
  terminalId: sale.terminalId,
  ...(sale.reason === undefined ? {} : { code: sale.reason }),
  ...(sale.bearer === undefined ? {} : { bearer: sale.bearer }),
  ...(sale.rivalOrderId === undefined ? {} : { rivalOrderId: sale.rivalOrderId }),
  ...(sale.overCaps === undefined ? {} : { overCaps: sale.overCaps }),
  ...(sale.voucherRefused === undefined ? {} : { voucherRefused: sale.voucherRefused }),
  ...(sale.parkedReason === undefined ? {} : { parkedReason: sale.parkedReason }),
  ...sale.entry,
});

/**
 * POST /admin/v1/members/{memberId}/revoke-codes {reason}: a phone was lost; none of its codes pays any more.
 */
function registerCodeRevocation(
  app: CloudApp,
  { db, clock, operatorId }: Pick<CloudDeps, 'clock' | 'db' | 'operatorId'>,
): void {
  const schema = {
    summary: 'Stop every code of a member',
    params: Type.Object({ memberId: MemberIdSchema }, { additionalProperties: false }),
    body: Type.Object(
      { reason: Type.String({ minLength: 1, maxLength: 64 }) },
      { additionalProperties: false },
    ),
    response: { 200: Type.Object({ revoked: Type.Integer() }) },
  };
  app.post('/admin/v1/members/:memberId/revoke-codes', { schema }, (request) => {
    const memberId = request.params.memberId as MemberId;
    const entry = { operatorId, memberId, reason: request.body.reason, nowMs: clock.nowMs() };
    return db.transaction((tx) => revokeMemberCodes(tx, entry));
  });
}
