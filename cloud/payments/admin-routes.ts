import Type from 'typebox';
import { orderAmountFenMax } from '#shared/money/fen.ts';
import type { MemberId, MerchantId } from '#shared/ids/ids.ts';
import {
  LossBearerSchema,
  MemberIdSchema,
  MerchantIdSchema,
  OrderIdSchema,
  TerminalIdSchema,
  WalletSchema,
} from '#shared/wire/v1/common.ts';
import { openMerchantChannels, withholdingChannel } from '#cloud/payments/merchant-channels.ts';
import {
  listOfflineExceptions,
  offlineExceptionsMax,
  revokeMemberCodes,
  type OfflineSettlement,
} from '#cloud/payments/offline-store.ts';
import { listParkedBookings, parkedBookingsMax } from '#cloud/payments/parked-bookings.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

const dayQuotaFenMax = 100_000_000_000;

const MerchantPathSchema = Type.Object(
  { merchantId: MerchantIdSchema },
  { additionalProperties: false },
);

/** The channels that have an adapter (cloud/payment-room.ts); no other could ever take a payment. */
const ChannelNameSchema = Type.Union(
  ['wechat', 'alipay', 'unionpay', withholdingChannel].map((name) => Type.Literal(name)),
);

const ChannelsSchema = Type.Object(
  {
    channels: Type.Array(
      Type.Object(
        {
          channel: ChannelNameSchema,
          channelMerchantNo: Type.String({ pattern: '^[0-9A-Za-z]{1,32}$' }),
          wallets: Type.Array(WalletSchema, { maxItems: 3 }),
          priority: Type.Integer({ minimum: 1, maximum: 99 }),
          perTxnMaxFen: Type.Integer({ minimum: 1, maximum: orderAmountFenMax }),
          dayQuotaFen: Type.Integer({ minimum: 1, maximum: dayQuotaFenMax }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 16 },
    ),
  },
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
      /** Who bears it, what of it the platform paid the merchant, and the other sale of the same showing. */
      bearer: Type.Optional(LossBearerSchema),
      coveredFen: Type.Integer(),
      rivalOrderId: Type.Optional(OrderIdSchema),
      /** The first cap it went over. */
      overCaps: Type.Optional(Type.String()),
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
});

/** What the operator does about channels, and what waits for people. */
export function registerPaymentAdminRoutes(
  app: CloudApp,
  deps: Pick<CloudDeps, 'clock' | 'db' | 'operatorId'>,
): void {
  registerCodeRevocation(app, deps);
  const { db, operatorId } = deps;
  app.put(
    '/admin/v1/merchants/:merchantId/channels',
    {
      schema: {
        params: MerchantPathSchema,
        body: ChannelsSchema,
        response: { 200: Type.Object({ open: Type.Integer() }) },
      },
    },
    async (request) => {
      const merchantId = request.params.merchantId as MerchantId;
      const { channels } = request.body;
      await db.transaction((tx) => openMerchantChannels(tx, { operatorId, merchantId, channels }));
      return { open: channels.length };
    },
  );
  app.get(
    '/admin/v1/merchants/:merchantId/payment-exceptions',
    { schema: { params: MerchantPathSchema, response: { 200: ExceptionsSchema } } },
    async (request) => {
      const merchant = { operatorId, merchantId: request.params.merchantId as MerchantId };
      const [offline, unbooked] = await Promise.all([
        listOfflineExceptions(db, merchant),
        listParkedBookings(db, merchant),
      ]);
      return {
        offline: offline.map(offlineView),
        unbooked: [...unbooked],
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
  ...sale.entry,
});

/** POST /admin/v1/members/{memberId}/revoke-codes {reason}: a phone was lost; none of its codes pays any more. */
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
