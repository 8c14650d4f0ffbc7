import type { Face } from '#cloud/channel-simulator/protocol.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { createAggregatorChannel } from '#cloud/payments/channels/aggregator/aggregator-channel.ts';
import type { AggregatorOptions } from '#cloud/payments/channels/aggregator/client.ts';

const faces = ['wechat', 'alipay', 'unionpay', 'withholding'] as const satisfies readonly Face[];

/** Every channel that the simulator plays, by the name that stands in merchant_channel. */
export const createAggregatorChannels = (
  options: AggregatorOptions,
): ReadonlyMap<string, Channel> =>
  new Map(faces.map((face) => [face, createAggregatorChannel({ ...options, face })]));
