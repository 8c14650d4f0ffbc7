import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAggregatorChannel } from '#cloud/payments/channels/aggregator/aggregator-channel.ts';
import { createAlipayChannel } from '#cloud/payments/channels/alipay/alipay-channel.ts';
import { readAlipayAccount } from '#cloud/payments/channels/alipay/config.ts';
import { readUnionpayAccount } from '#cloud/payments/channels/unionpay/config.ts';
import { createUnionpayChannel } from '#cloud/payments/channels/unionpay/unionpay-channel.ts';
import { readWechatAccount } from '#cloud/payments/channels/wechat/config.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { createChannelHealth } from '#cloud/payments/routing/channel-health.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { OfflineSettlementDeps } from '#cloud/payments/offline-settlement.ts';
import { contentKeyOf } from '#cloud/payments/payment-deps.ts';
import { fasterTiming, paymentTiming } from '#cloud/payments/payment-timing.ts';
import { createVoucherDesk } from '#cloud/payments/voucher-desk.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/** Everything that taking money needs, put together. */
export type PaymentRoom = OfflineSettlementDeps;

/**
 * | variable         | default   | meaning                                                                             |
 * |------------------|-----------|-------------------------------------------------------------------------------------|
 * | CHANNEL_URL      | (none)    | the channel's address; without it every charge is answered no-channel               |
 * | CHANNEL_APP      | greentill | our app id there                                                                    |
 * | CHANNEL_KEYS     | .data/channel | folder with app-private-key.pem and channel-public-key.pem                      |
 * | WECHAT_URL, WECHAT_KEYS, … | (none) | wallet WeChat speaks WeChat Pay v3 (channels/wechat/config.ts)           |
 * | ALIPAY_URL, ALIPAY_KEYS, … | (none) | wallet Alipay speaks to Alipay's gateway (channels/alipay/config.ts)     |
 * | UNIONPAY_URL, …  | (none)    | wallet UnionPay speaks to UnionPay's gateway (channels/unionpay/config.ts)          |
 * | CHANNEL_SPEED_UP | 1         | demos: time rules so many times as fast; tell the simulator the same                |
 */
export type PaymentEnvironment = Readonly<Record<string, string | undefined>>;

const faces = ['wechat', 'alipay', 'unionpay', 'withholding'] as const;

export function createPaymentRoom(deps: CloudDeps, environment: PaymentEnvironment): PaymentRoom {
  const timing = fasterTiming(paymentTiming, Number(environment['CHANNEL_SPEED_UP'] ?? 1));
  const { db, clock, hints, logger } = deps;
  return {
    db,
    clock,
    hints,
    logger,
    channels: openChannels(deps, environment, timing.callReadTimeoutMs),
    timing,
    health: createChannelHealth(),
    vouchers: createVoucherDesk(),
    contentKey: contentKeyOf(deps.keys),
    issuerKeys: deps.keys.issuer.accepted.map(({ keyId, pair }) => ({
      keyId,
      publicKey: pair.publicKey,
    })),
  };
}

/** Every channel by the name that stands in merchant_channel. A wallet's own channel replaces the aggregator for it. */
export const openChannels = (
  deps: ChannelDeps,
  environment: PaymentEnvironment,
  readTimeoutMs: number,
): ReadonlyMap<string, Channel> =>
  new Map([
    ...aggregatorChannels(deps, environment, readTimeoutMs),
    ...trueChannels(deps, environment, readTimeoutMs),
  ]);

type ChannelDeps = Pick<CloudDeps, 'clock' | 'random'>;
type NamedChannels = readonly (readonly [string, Channel])[];

/** A licensed aggregator carries every wallet that has no channel of its own. */
function aggregatorChannels(
  deps: ChannelDeps,
  environment: PaymentEnvironment,
  readTimeoutMs: number,
): NamedChannels {
  const baseUrl = environment['CHANNEL_URL'];
  if (baseUrl === undefined || baseUrl === '') return [];
  const folder = environment['CHANNEL_KEYS'] ?? join('.data', 'channel');
  const connection = {
    baseUrl,
    appId: environment['CHANNEL_APP'] ?? 'greentill',
    appPrivateKey: createPrivateKey(readFileSync(join(folder, 'app-private-key.pem'))),
    channelPublicKey: createPublicKey(readFileSync(join(folder, 'channel-public-key.pem'))),
    clock: deps.clock,
    random: deps.random,
    readTimeoutMs,
  };
  return faces.map((face) => [face, createAggregatorChannel({ ...connection, face })]);
}

/** The wallets' own channels, each where its address is set. */
function trueChannels(
  { clock, random }: ChannelDeps,
  environment: PaymentEnvironment,
  readTimeoutMs: number,
): NamedChannels {
  const at = (name: string, channel: string, open: (url: string) => Channel): NamedChannels => {
    const url = environment[name] ?? '';
    return url === '' ? [] : [[channel, open(url)]];
  };
  const line = { clock, random, readTimeoutMs };
  return [
    ...at('WECHAT_URL', 'wechat', (baseUrl) =>
      createWechatChannel({ ...line, baseUrl, account: readWechatAccount(environment) }),
    ),
    ...at('ALIPAY_URL', 'alipay', (gatewayUrl) =>
      createAlipayChannel({ ...line, gatewayUrl, account: readAlipayAccount(environment) }),
    ),
    ...at('UNIONPAY_URL', 'unionpay', (baseUrl) =>
      createUnionpayChannel({ ...line, baseUrl, account: readUnionpayAccount(environment) }),
    ),
  ];
}
