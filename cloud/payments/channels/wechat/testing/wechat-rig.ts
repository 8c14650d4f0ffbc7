import {
  createChannelSimulator,
  type ChannelSimulatorOptions,
} from '#cloud/channel-simulator/channel-simulator.ts';
import {
  makeWechatSandboxKeys,
  publicKeyId,
  type WechatSandboxKeys,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { WechatIdentity, WechatOptions } from '#cloud/payments/channels/wechat/config.ts';
import {
  sandboxAccount,
  sandboxFace,
} from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { simulatedEnd, type SimulatedEnd } from '#cloud/payments/channels/testing/simulated-rig.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

export const merchantNo = '1900000109';

export interface WechatRig extends SimulatedEnd<'wechat'> {
  readonly channel: Channel;
  readonly channelMerchantNo: string;
  readonly keys: WechatSandboxKeys;
  readonly options: WechatOptions;
}

/** One simulator and one adapter over a real socket, both keys of the platform known. */
export async function openWechatRig(
  identity: WechatIdentity,
  change: {
    readonly keys?: WechatSandboxKeys;
    readonly platformKeyId?: string;
    readonly simulator?: Partial<ChannelSimulatorOptions>;
  } = {},
): Promise<WechatRig> {
  const clock = createManualClock(1_790_000_000_000);
  const keys = change.keys ?? makeWechatSandboxKeys();
  const neutral = sandboxKeysFromSeed('wechat-rig');
  const simulator = await createChannelSimulator({
    port: 0,
    seed: 'wechat',
    clock,
    channelPrivateKey: neutral.channelPrivateKey,
    apps: new Map(),
    faces: [sandboxFace(keys)],
    ...change.simulator,
  });
  const options: WechatOptions = {
    baseUrl: simulator.baseUrl,
    clock,
    random: createSystemRandom(),
    readTimeoutMs: 5_000,
    account: {
      ...sandboxAccount(keys, identity),
      platformKeyId: change.platformKeyId ?? publicKeyId,
    },
  };
  return {
    ...simulatedEnd({ wallet: 'wechat', simulator, clock }),
    keys,
    options,
    channel: createWechatChannel(options),
    channelMerchantNo: merchantNo,
  };
}
