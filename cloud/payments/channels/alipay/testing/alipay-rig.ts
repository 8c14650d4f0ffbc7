import { createPublicKey } from 'node:crypto';
import {
  createChannelSimulator,
  type ChannelSimulatorOptions,
} from '#cloud/channel-simulator/channel-simulator.ts';
import { alipayFace, gatewayPath } from '#cloud/channel-simulator/faces/alipay/alipay-face.ts';
import {
  makeAlipaySandboxKeys,
  sandboxAppId,
  type AlipaySandboxKeys,
} from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { createAlipayChannel } from '#cloud/payments/channels/alipay/alipay-channel.ts';
import {
  publicKeyMode,
  type AlipayIdentity,
  type AlipayOptions,
} from '#cloud/payments/channels/alipay/config.ts';
import { simulatedEnd, type SimulatedEnd } from '#cloud/payments/channels/testing/simulated-rig.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

export const sellerId = '2088000000000109';
export const otherSellerId = '2088000000000118';
const token = 'sandbox-token-of-109';

export const direct: AlipayIdentity = { type: 'direct', sellerId };
export const provider: AlipayIdentity = {
  type: 'provider',
  tokens: new Map([
    [sellerId, token],
    [otherSellerId, 'sandbox-token-of-118'],
  ]),
};

export interface AlipayRig extends SimulatedEnd<'alipay'> {
  readonly channel: Channel;
  readonly channelMerchantNo: string;
  readonly keys: AlipaySandboxKeys;
  readonly options: AlipayOptions;
}

/** One simulator and one adapter over a real socket. */
export async function openAlipayRig(
  identity: AlipayIdentity,
  change: {
    readonly keys?: AlipaySandboxKeys;
    /** Certificate mode with this serial; else public key mode. */
    readonly certificateSerial?: string;
    readonly notifyUrl?: string;
    readonly simulator?: Partial<ChannelSimulatorOptions>;
  } = {},
): Promise<AlipayRig> {
  const clock = createManualClock(1_790_000_000_000);
  const keys = change.keys ?? makeAlipaySandboxKeys();
  const neutral = sandboxKeysFromSeed('alipay-rig');
  const { certificateSerial } = change;
  const merchants = new Map([
    ['', sellerId],
    [token, sellerId],
    ['sandbox-token-of-118', otherSellerId],
  ]);
  const simulator = await createChannelSimulator({
    port: 0,
    seed: 'alipay',
    clock,
    channelPrivateKey: neutral.channelPrivateKey,
    apps: new Map(),
    faces: [
      alipayFace({
        callers: new Map([
          [
            sandboxAppId,
            {
              publicKey: createPublicKey(keys.appPrivateKey),
              merchantOfToken: (given) => merchants.get(given),
            },
          ],
        ]),
        privateKey: keys.alipayPrivateKey,
        ...(certificateSerial === undefined ? {} : { certificateSerial }),
      }),
    ],
    ...change.simulator,
  });
  const options: AlipayOptions = {
    gatewayUrl: `${simulator.baseUrl}${gatewayPath}`,
    clock,
    random: createSystemRandom(),
    readTimeoutMs: 5_000,
    account: {
      appId: sandboxAppId,
      identity,
      privateKey: keys.appPrivateKey,
      alipayKeys: new Map([
        [certificateSerial ?? publicKeyMode, createPublicKey(keys.alipayPrivateKey)],
      ]),
      certificates:
        certificateSerial === undefined
          ? undefined
          : { appSerial: 'a'.repeat(32), rootSerial: 'b'.repeat(32) },
      notifyUrl: change.notifyUrl,
      billOrigins: [simulator.baseUrl],
      storeId: 'SHOP0001',
      freezesMoney: true,
    },
  };
  return {
    ...simulatedEnd({ wallet: 'alipay', simulator, clock }),
    keys,
    options,
    channel: createAlipayChannel(options),
    channelMerchantNo: sellerId,
  };
}
