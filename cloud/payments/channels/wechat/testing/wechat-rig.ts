import {
  createChannelSimulator,
  type ChannelSimulator,
  type ChannelSimulatorOptions,
} from '#cloud/channel-simulator/channel-simulator.ts';
import {
  makeWechatSandboxKeys,
  publicKeyId,
  type WechatSandboxKeys,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { WechatIdentity, WechatOptions } from '#cloud/payments/channels/wechat/config.ts';
import {
  sandboxAccount,
  sandboxFace,
} from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { createManualClock, type ManualClock } from '#cloud/payments/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

export const merchantNo = '1900000109';

const suffixes = {
  paid: '01',
  paying: '03',
  'unknown-but-paid': '04',
  'unknown-not-paid': '05',
  expired: '06',
  'answer-lost': '07',
  balance: '12',
} as const;

export interface WechatRig {
  readonly channel: Channel;
  readonly channelMerchantNo: string;
  readonly wallet: 'wechat';
  readonly codeFor: (behaviour: keyof typeof suffixes) => string;
  readonly setLine: (fault: LineFault) => void;
  readonly advance: (ms: number) => void;
  readonly close: () => Promise<void>;
  readonly simulator: ChannelSimulator;
  readonly clock: ManualClock;
  readonly keys: WechatSandboxKeys;
  readonly options: WechatOptions;
  /** A fresh payment code with these last two digits. */
  code(suffix: string): string;
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
  let codes = 0;
  const code = (suffix: string): string => {
    codes += 1;
    return `13${String(codes).padStart(14, '0')}${suffix}`;
  };
  return {
    simulator,
    clock,
    keys,
    options,
    code,
    channel: createWechatChannel(options),
    channelMerchantNo: merchantNo,
    wallet: 'wechat',
    codeFor: (behaviour) => code(suffixes[behaviour]),
    setLine: (fault) => simulator.setFaults(() => fault),
    advance: (ms) => clock.advance(ms),
    close: () => simulator.close(),
  };
}
