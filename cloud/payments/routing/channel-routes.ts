import Type from 'typebox';
import { orderAmountFenMax } from '#shared/money/fen.ts';
import type { MerchantId, TerminalId } from '#shared/ids/ids.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { MerchantIdSchema, TerminalIdSchema, WalletSchema } from '#shared/wire/v1/common.ts';
import {
  channelNamePattern,
  openMerchantChannels,
  registerChannelTerminal,
  withholdingChannel,
} from '#cloud/payments/merchant-channels.ts';
import {
  channelAlarmsMax,
  clearChannelAlarm,
  listChannelAlarms,
} from '#cloud/payments/routing/channel-alarms.ts';
import {
  nobody,
  NoteSchema,
  PersonHeadersSchema,
  personOf,
  strict,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';

const quotaFenMax = 100_000_000_000;
const salesMax = 1_000_000;
const minutesPerDay = 1_440;

/** An account at a channel: the first one of a wallet, or a further one under the name of its folder. */
const ChannelNameSchema = Type.String({ pattern: channelNamePattern });
/** A shop may be given these before this cloud has an account for them; no other could ever take a payment. */
const everydayChannels: ReadonlySet<string> = new Set([
  'wechat',
  'alipay',
  'unionpay',
  withholdingChannel,
]);
const MerchantPathSchema = Type.Object({ merchantId: MerchantIdSchema }, strict);
const ChannelPathSchema = Type.Object(
  { merchantId: MerchantIdSchema, channel: ChannelNameSchema },
  strict,
);
const MinuteSchema = Type.Integer({ minimum: 0, maximum: minutesPerDay });

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
          dayQuotaFen: Type.Integer({ minimum: 1, maximum: quotaFenMax }),
          perTxnMinFen: Type.Optional(Type.Integer({ minimum: 1, maximum: orderAmountFenMax })),
          dayCountMax: Type.Optional(Type.Integer({ minimum: 1, maximum: salesMax })),
          monthQuotaFen: Type.Optional(Type.Integer({ minimum: 1, maximum: quotaFenMax })),
          monthCountMax: Type.Optional(Type.Integer({ minimum: 1, maximum: salesMax })),
          weight: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
          feeBp: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
          openFromMinute: Type.Optional(MinuteSchema),
          openUntilMinute: Type.Optional(MinuteSchema),
          needsRegistration: Type.Optional(Type.Boolean()),
          enabled: Type.Optional(Type.Boolean()),
        },
        strict,
      ),
      { minItems: 1, maxItems: 16 },
    ),
  },
  strict,
);

type Deps = Pick<CloudDeps, 'clock' | 'db' | 'operatorId'> & {
  /** The accounts of this process, by name. */
  readonly channels: ReadonlyMap<string, Channel>;
};

/**
 * PUT  /admin/v1/merchants/{merchantId}/channels                        opens and closes channels, sets limits and weights
 * PUT  /admin/v1/merchants/{merchantId}/channels/{channel}/terminals    registers a terminal at a channel
 * GET  /admin/v1/merchants/{merchantId}/channel-alarms                  what channels said against the merchant
 * POST /admin/v1/merchants/{merchantId}/channels/{channel}/clear-alarm  somebody looked: sales may go there again (x-person-key)
 */
export function registerChannelRoutes(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  app.put(
    '/admin/v1/merchants/:merchantId/channels',
    {
      schema: {
        summary: 'Set the channels of a merchant, with their limits',
        params: MerchantPathSchema,
        body: ChannelsSchema,
        response: { 200: Type.Object({ open: Type.Integer() }) },
      },
    },
    async (request, reply) => {
      const merchantId = request.params.merchantId as MerchantId;
      const { channels } = request.body;
      const strange = channels.find(
        ({ channel }) => !everydayChannels.has(channel) && !deps.channels.has(channel),
      );
      if (strange !== undefined) {
        const detail = `this cloud has no account named ${strange.channel}`;
        return sendProblem(reply, { status: 422, code: 'request-invalid', detail });
      }
      await db.transaction((tx) => openMerchantChannels(tx, { operatorId, merchantId, channels }));
      return { open: channels.length };
    },
  );
  const TerminalSchema = Type.Object(
    {
      terminalId: TerminalIdSchema,
      channelTerminalNo: Type.String({ pattern: '^[0-9A-Za-z_-]{1,40}$' }),
    },
    strict,
  );
  app.put(
    '/admin/v1/merchants/:merchantId/channels/:channel/terminals',
    {
      schema: {
        summary: 'Enter the number of a till at a channel',
        params: ChannelPathSchema,
        body: TerminalSchema,
        response: { 200: Type.Object({ registered: Type.Boolean() }) },
      },
    },
    async (request) => {
      await registerChannelTerminal(db, {
        operatorId,
        merchantId: request.params.merchantId as MerchantId,
        terminalId: request.body.terminalId as TerminalId,
        channel: request.params.channel,
        channelTerminalNo: request.body.channelTerminalNo,
        nowMs: clock.nowMs(),
      });
      return { registered: true };
    },
  );
  registerAlarmRoutes(app, deps);
}

const AlarmsSchema = Type.Object({
  alarms: Type.Array(
    Type.Object({
      channel: Type.String(),
      code: Type.String(),
      firstAtMs: Type.Integer(),
      lastAtMs: Type.Integer(),
      seenCount: Type.Integer(),
      clearedBy: Type.Optional(Type.String()),
      clearedNote: Type.Optional(Type.String()),
    }),
    { maxItems: channelAlarmsMax },
  ),
});

function registerAlarmRoutes(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  app.get(
    '/admin/v1/merchants/:merchantId/channel-alarms',
    {
      schema: {
        summary: 'Channels that refused a merchant',
        params: MerchantPathSchema,
        response: { 200: AlarmsSchema },
      },
    },
    async (request) => {
      const merchantId = request.params.merchantId as MerchantId;
      const alarms = await listChannelAlarms(db, { operatorId, merchantId });
      return {
        alarms: alarms.map(({ clearedBy, clearedNote, ...alarm }) => ({
          ...alarm,
          ...(clearedBy === undefined ? {} : { clearedBy }),
          ...(clearedNote === undefined ? {} : { clearedNote }),
        })),
      };
    },
  );
  app.post(
    '/admin/v1/merchants/:merchantId/channels/:channel/clear-alarm',
    {
      schema: {
        summary: 'Let sales go to a channel again that refused the merchant',
        headers: PersonHeadersSchema,
        params: ChannelPathSchema,
        body: Type.Object({ note: NoteSchema }, strict),
        response: { 200: Type.Object({ cleared: Type.Boolean() }) },
      },
    },
    async (request, reply) => {
      const person = await personOf(deps, request.headers);
      if (person === undefined) return sendProblem(reply, nobody);
      const { channel } = request.params;
      const merchantId = request.params.merchantId as MerchantId;
      const by = { by: person.personId, note: request.body.note, nowMs: clock.nowMs() };
      const clearance = { operatorId, merchantId, channel, ...by };
      return (await clearChannelAlarm(db, clearance))
        ? { cleared: true }
        : sendProblem(reply, { status: 404, code: 'not-found' });
    },
  );
}
