import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { assert } from '#shared/result/assert.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { createAggregatorChannel } from '#cloud/payments/channels/aggregator/aggregator-channel.ts';
import { createAlipayChannel } from '#cloud/payments/channels/alipay/alipay-channel.ts';
import { readAlipayAccount } from '#cloud/payments/channels/alipay/config.ts';
import { readUnionpayAccount } from '#cloud/payments/channels/unionpay/config.ts';
import { createUnionpayChannel } from '#cloud/payments/channels/unionpay/unionpay-channel.ts';
import { readWechatAccount } from '#cloud/payments/channels/wechat/config.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { channelNamePattern } from '#cloud/payments/merchant-channels.ts';
import { notifyPathOf } from '#cloud/payments/notifies/notify-routes.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

export type PaymentEnvironment = Readonly<Record<string, string | undefined>>;

/** What every adapter stands on. */
export interface ChannelLine extends Pick<CloudDeps, 'clock' | 'random'> {
  /** How long one answer may take, milliseconds of real time. */
  readonly readTimeoutMs: number;
}

/** Channels by the name that stands in merchant_channel. */
export type NamedChannels = readonly (readonly [name: string, channel: Channel])[];

const faces = ['wechat', 'alipay', 'unionpay', 'withholding'] as const;
export const channelAccountsMax = 200;
const namePattern = new RegExp(channelNamePattern);

/**
 * Every channel of this process. The environment itself is the first account of each channel: a wallet's own channel
 * takes the aggregator's place for it. Each folder in CHANNEL_ACCOUNTS is one more, under the folder's name.
 */
export function openChannels(
  line: ChannelLine,
  environment: PaymentEnvironment,
): ReadonlyMap<string, Channel> {
  const own = new Map([
    ...aggregatorChannels(line, environment),
    ...trueChannels(line, environment),
  ]);
  for (const [name, channel] of furtherAccounts(line, environment)) {
    assert(!own.has(name), () => `the channel account ${name} has the name of another channel`);
    own.set(name, channel);
  }
  return own;
}

/** A licensed aggregator carries every wallet that has no channel of its own. */
function aggregatorChannels(line: ChannelLine, environment: PaymentEnvironment): NamedChannels {
  return isSet(environment, 'CHANNEL_URL')
    ? faces.map((face) => [face, aggregatorOf(line, environment, { name: face, face })])
    : [];
}

function aggregatorOf(
  line: ChannelLine,
  environment: PaymentEnvironment,
  { name, face }: { readonly name: string; readonly face: (typeof faces)[number] },
): Channel {
  const folder = environment['CHANNEL_KEYS'] ?? join('.data', 'channel');
  return createAggregatorChannel({
    ...line,
    baseUrl: environment['CHANNEL_URL'] ?? '',
    appId: environment['CHANNEL_APP'] ?? 'greentill',
    appPrivateKey: createPrivateKey(readFileSync(join(folder, 'app-private-key.pem'))),
    channelPublicKey: createPublicKey(readFileSync(join(folder, 'channel-public-key.pem'))),
    notifyUrl: notifyUrlOf(environment, name),
    face,
  });
}

/** A wallet's own channel, where its address is set. `name` is told to it as the place of its notifies. */
type Opener = (line: ChannelLine, environment: PaymentEnvironment, name: string) => Channel;

const openers = {
  WECHAT_URL: (line, environment, name) =>
    createWechatChannel({
      ...line,
      baseUrl: environment['WECHAT_URL'] ?? '',
      account: readWechatAccount({
        WECHAT_NOTIFY_URL: notifyUrlOf(environment, name),
        ...environment,
      }),
    }),
  ALIPAY_URL: (line, environment, name) =>
    createAlipayChannel({
      ...line,
      gatewayUrl: environment['ALIPAY_URL'] ?? '',
      account: readAlipayAccount({
        ALIPAY_NOTIFY_URL: notifyUrlOf(environment, name),
        ...environment,
      }),
    }),
  UNIONPAY_URL: (line, environment, name) =>
    createUnionpayChannel({
      ...line,
      baseUrl: environment['UNIONPAY_URL'] ?? '',
      account: readUnionpayAccount({
        UNIONPAY_BACK_URL: notifyUrlOf(environment, name),
        ...environment,
      }),
    }),
} as const satisfies Readonly<Record<string, Opener>>;

const trueChannels = (line: ChannelLine, environment: PaymentEnvironment): NamedChannels =>
  Object.entries(openers).flatMap(([variable, open]) => {
    const name = variable.slice(0, -'_URL'.length).toLowerCase();
    return isSet(environment, variable) ? [[name, open(line, environment, name)] as const] : [];
  });

/** More accounts: another provider's, or a merchant's own. */
function furtherAccounts(line: ChannelLine, environment: PaymentEnvironment): NamedChannels {
  const folder = environment['CHANNEL_ACCOUNTS'] ?? '';
  if (folder === '') return [];
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, settingsFile)));
  assert(names.length <= channelAccountsMax, () => `more than ${channelAccountsMax} accounts`);
  return names.map((name) => {
    assert(namePattern.test(name), () => `a channel account is named ${namePattern.source}`);
    const settings = settingsIn(join(folder, name), environment);
    return [name, accountOf(line, settings, name)] as const;
  });
}

const settingsFile = 'account.env';

/** The variables of one account. Its keys lie beside them; nothing but the notify origin comes from outside. */
const settingsIn = (folder: string, environment: PaymentEnvironment): PaymentEnvironment => ({
  NOTIFY_ORIGIN: environment['NOTIFY_ORIGIN'],
  CHANNEL_KEYS: folder,
  WECHAT_KEYS: folder,
  ALIPAY_KEYS: folder,
  UNIONPAY_KEYS: folder,
  ...parseEnv(readFileSync(join(folder, settingsFile), 'utf8')),
});

function accountOf(line: ChannelLine, settings: PaymentEnvironment, name: string): Channel {
  const addresses = ['CHANNEL_URL', ...Object.keys(openers)].filter((one) => isSet(settings, one));
  const [address] = addresses;
  assert(addresses.length === 1, () => `the channel account ${name} names one channel's address`);
  if (address !== undefined && isOpener(address)) return openers[address](line, settings, name);
  const face = faces.find((one) => one === settings['CHANNEL_FACE']);
  assert(face !== undefined, () => `CHANNEL_FACE of ${name} is one of ${faces.join(', ')}`);
  return aggregatorOf(line, settings, { name, face });
}

const isOpener = (variable: string): variable is keyof typeof openers =>
  Object.hasOwn(openers, variable);

const isSet = (environment: PaymentEnvironment, variable: string): boolean =>
  (environment[variable] ?? '') !== '';

/** Where a channel posts notifies: nowhere when the cloud has no address that channels reach. */
function notifyUrlOf(environment: PaymentEnvironment, name: string): string | undefined {
  const origin = environment['NOTIFY_ORIGIN'] ?? '';
  return origin === '' ? undefined : `${origin}${notifyPathOf(name)}`;
}
