import type { Face } from '#cloud/channel-simulator/protocol.ts';
import type { Channel } from '#cloud/payments/channel.ts';
import { createSimulatedChannel } from '#cloud/payments/channels/simulated/simulated-channel.ts';
import type { SignedClientOptions } from '#cloud/payments/channels/simulated/signed-client.ts';

const faces = ['wechat', 'alipay', 'unionpay', 'withholding'] as const satisfies readonly Face[];

/** Every channel that the simulator plays, by the name that stands in merchant_channel. */
export const createSimulatedChannels = (
  options: SignedClientOptions,
): ReadonlyMap<string, Channel> =>
  new Map(faces.map((face) => [face, createSimulatedChannel({ ...options, face })]));
