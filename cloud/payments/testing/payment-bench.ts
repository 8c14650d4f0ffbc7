import { sql } from 'drizzle-orm';
import {
  newId,
  type MemberId,
  type MerchantId,
  type OrderId,
  type TerminalId,
} from '#shared/ids/ids.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import type { Random } from '#shared/time/random.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import {
  createChannelSimulator,
  type ChannelSimulator,
  type ChannelSimulatorOptions,
} from '#cloud/channel-simulator/channel-simulator.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import { provisionMerchant, provisionStore } from '#cloud/identity/provisioning.ts';
import type { TillIdentity } from '#cloud/payments/charge.ts';
import { createChannelHealth } from '#cloud/payments/routing/channel-health.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { createAggregatorChannels } from '#cloud/payments/channels/aggregator/aggregator-channels.ts';
import {
  merchantChannelsDefault,
  openMerchantChannels,
} from '#cloud/payments/merchant-channels.ts';
import {
  settleOfflineOnce,
  type OfflineSettlementDeps,
} from '#cloud/payments/offline/settlement.ts';
import { contentKeyOf } from '#cloud/payments/payment-deps.ts';
import { paymentTiming, type PaymentTiming } from '#cloud/payments/payment-timing.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import {
  makeWechatSandboxKeys,
  type WechatSandboxKeys,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import {
  sandboxAccount,
  sandboxFace,
} from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import { createBookingDesk } from '#cloud/payments/booking/booking-desk.ts';
import { createVoucherDesk } from '#cloud/payments/voucher-desk.ts';
import { createTestCloud, type TestCloud } from '#cloud/platform/testing/test-cloud.ts';

export const benchStartMs = 1_790_000_000_000;

/**
 * The real cloud parts over a real database and the real channel simulator over HTTP; only time is
 * ours.
 */
export interface PaymentBench {
  readonly cloud: TestCloud;
  readonly clock: ManualClock;
  readonly simulator: ChannelSimulator;
  readonly deps: OfflineSettlementDeps;
  readonly till: TillIdentity;
  readonly merchantNo: string;
  /** What must stand in no log and no table: parts of our keys at the channels. */
  readonly secrets: readonly string[];
  /** What `hints.pull` was called with. */
  readonly hinted: readonly TerminalId[];
  newOrderId(): OrderId;
  newMemberId(): MemberId;
  /** A charge whose payment code ends in `suffix`. */
  request(suffix: string, change?: Partial<ChargeRequest>): ChargeRequest;
  /** A cloud process that starts anew on the same database: nothing in memory survives. */
  restarted(): OfflineSettlementDeps;
  /**
   * Moves the clock from one due step to the next until nothing is open, at most `untilMs` ahead.
   */
  runUntilQuiet(options?: { readonly withinMs?: number }): Promise<void>;
  close(): Promise<void>;
}

/** Routes of the simulator's WeChat face that the bench's charges take. */
export const wechatRoutes = {
  pay: '/v3/pay/partner/transactions/codepay',
  query: '/v3/pay/partner/transactions/out-trade-no/:no',
} as const;

/** What an adapter in the bench stands on. */
export interface BenchLine {
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly readTimeoutMs: number;
}

const appId = 'greentill';
/**
 * The wallet WeChat speaks its own dialect here too; making RSA keys takes long, so every bench has
 * the same.
 */
const wechatKeys = makeWechatSandboxKeys();
const stepsMax = 5_000;

export async function createPaymentBench(
  options: {
    readonly startMs?: number;
    readonly timing?: Partial<PaymentTiming>;
    readonly simulator?: Partial<ChannelSimulatorOptions>;
    /** Channels that take the place of those of the same name. */
    readonly dialects?: (line: BenchLine) => readonly (readonly [string, Channel])[];
  } = {},
): Promise<PaymentBench> {
  const clock = createManualClock(options.startMs ?? benchStartMs);
  const hinted: TerminalId[] = [];
  const cloud = await createTestCloud({
    clock,
    hints: { pull: ({ terminalId }) => void hinted.push(terminalId) },
  });
  const keys = sandboxKeysFromSeed('payment-bench');
  const simulator = await createChannelSimulator({
    port: 0,
    seed: 'payment-bench',
    clock,
    channelPrivateKey: keys.channelPrivateKey,
    apps: new Map([[appId, keys.appPublicKey]]),
    faces: [sandboxFace(wechatKeys)],
    ...options.simulator,
  });
  const timing = { ...paymentTiming, ...options.timing };
  const restarted = (): OfflineSettlementDeps =>
    freshDeps({
      cloud,
      clock,
      keys,
      timing,
      baseUrl: simulator.baseUrl,
      dialects: options.dialects ?? (() => []),
    });
  const deps = restarted();
  const merchantNo = '1900000109';
  const till = await provisionTill(cloud, merchantNo);
  let codes = 0;
  return {
    cloud,
    clock,
    simulator,
    deps,
    till,
    merchantNo,
    secrets: secretsOf(wechatKeys),
    hinted,
    newOrderId: () => newId('ord', cloud.deps),
    newMemberId: () => newId('mbr', cloud.deps),
    request: (suffix, change = {}) => {
      codes += 1;
      return {
        orderId: newId('ord', cloud.deps),
        attempt: 1,
        amountFen: 1_234,
        voucherFen: 0,
        concessionBp: 1_000,
        businessDate: '2026-09-21',
        cashier: '小王',
        wallet: 'wechat',
        authCode: `13${String(codes).padStart(14, '0')}${suffix}`,
        openedAtMs: clock.nowMs(),
        ...change,
      };
    },
    restarted,
    runUntilQuiet: (limits = {}) =>
      runUntilQuiet({ deps, clock, untilMs: clock.nowMs() + (limits.withinMs ?? 30 * 86_400_000) }),
    close: async () => {
      await simulator.close();
      await cloud.close();
    },
  };
}

/** The APIv3 key, and a piece out of the middle of the private key's text. */
const secretsOf = (sandbox: WechatSandboxKeys): readonly string[] => [
  sandbox.apiV3Key,
  sandbox.merchantPrivateKey
    .export({ type: 'pkcs8', format: 'der' })
    .toString('base64')
    .slice(400, 440),
];

/** What a cloud process that has just started works with: nothing in its memory is old. */
function freshDeps(parts: {
  readonly cloud: TestCloud;
  readonly clock: Clock;
  readonly keys: ReturnType<typeof sandboxKeysFromSeed>;
  readonly timing: PaymentTiming;
  readonly baseUrl: string;
  readonly dialects: (line: BenchLine) => readonly (readonly [string, Channel])[];
}): OfflineSettlementDeps {
  const { cloud, clock, keys, timing, baseUrl, dialects } = parts;
  const { random } = cloud.deps;
  const line = { clock, random, readTimeoutMs: timing.chargeReadTimeoutMs };
  const vouchers = createVoucherDesk();
  return {
    ...cloud.deps,
    channels: new Map([
      ...createAggregatorChannels({
        baseUrl,
        appId,
        appPrivateKey: keys.appPrivateKey,
        channelPublicKey: keys.channelPublicKey,
        ...line,
      }),
      ['wechat', createWechatChannel({ baseUrl, account: sandboxAccount(wechatKeys), ...line })],
      ...dialects({ baseUrl, ...line }),
    ]),
    timing,
    health: createChannelHealth(),
    vouchers,
    bookings: createBookingDesk({ ...cloud.deps, vouchers }),
    contentKey: contentKeyOf(cloud.deps.keys),
    issuerKeys: cloud.deps.keys.issuer.accepted.map(({ keyId, pair }) => ({
      keyId,
      publicKey: pair.publicKey,
    })),
  };
}

/** Another shop with one till and its own number at the channel. */
export async function provisionTill(cloud: TestCloud, merchantNo: string): Promise<TillIdentity> {
  const { deps } = cloud;
  const { operatorId } = deps;
  const terminalId = newId('trm', deps);
  const merchantId: MerchantId = await deps.db.transaction(async (tx) => {
    const shop = {
      operatorId,
      name: '测试商店',
      concessionBp: basisPoints(1_000),
      sameDayBp: basisPoints(8_000),
      cutOverHour: 4,
    };
    const id = await provisionMerchant(tx, shop, deps);
    const store = { operatorId, merchantId: id, name: '一号店', phone: '010-00000000' };
    const storeId = await provisionStore(tx, store, deps);
    await tx.execute(sql`
      insert into terminal (operator_id, terminal_id, merchant_id, store_id, public_key, model,
        app_version, activated_at_ms)
      values (${operatorId}, ${terminalId}, ${id}, ${storeId}, 'none', 'bench', '0', 0)`);
    await openMerchantChannels(tx, {
      operatorId,
      merchantId: id,
      channels: merchantChannelsDefault(merchantNo),
    });
    return id;
  });
  return { operatorId, merchantId, terminalId };
}

/** Does what is due, then jumps to the next due moment, until nothing is open. */
async function runUntilQuiet(run: {
  readonly deps: OfflineSettlementDeps;
  readonly clock: ManualClock;
  readonly untilMs: number;
}): Promise<void> {
  const { deps, clock, untilMs } = run;
  for (let step = 0; step < stepsMax; step += 1) {
    const done = (await runPaymentsOnce(deps)) + (await settleOfflineOnce(deps));
    if (done > 0) continue;
    const { rows } = await deps.db.execute<{ next: number | null }>(sql`
      select min(at) as next from (
        select greatest(next_at_ms, lease_until_ms) as at from payment_attempt
         where next_step is not null
        union all
        select next_at_ms from offline_settlement where state = 'queued') due`);
    const next = rows[0]?.next ?? null;
    if (next === null) return;
    assert(next <= untilMs, () => `still open at the end of the time given: next step at ${next}`);
    clock.advanceTo(next);
  }
  throw new Error(`not quiet after ${stepsMax} steps`);
}
