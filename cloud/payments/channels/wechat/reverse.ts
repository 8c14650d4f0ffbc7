import type { Channel } from '#cloud/channel/channel.ts';
import type { ReverseOutcome } from '#cloud/channel/channel-exchange.ts';
import type { WechatClient } from '#cloud/payments/channels/wechat/client.ts';
import type { WechatPaths } from '#cloud/payments/channels/wechat/paths.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

/**
 * A reversal's 200 says that it was done, not what it found. Whether money went back is told by the
 * query behind it; when that one is unclear, so is the reversal, and it is simply made again.
 */
export const createWechatReverse =
  (deps: {
    readonly client: WechatClient;
    readonly paths: WechatPaths;
    readonly query: Channel['query'];
  }): Channel['reverse'] =>
  async (order) => {
    const { client, paths, query } = deps;
    const value = paths.parties(order.channelMerchantNo);
    const answer = await client.ask({ method: 'POST', target: paths.reverse(order), value });
    const { evidence } = answer;
    const { requestDigest } = evidence;
    if (answer.type === 'none') return { outcome: unknown(answer.code), evidence };
    if (answer.type === 'refused') return { outcome: refusal(answer.code), evidence };
    const found = await query(order);
    const outcome: ReverseOutcome =
      found.outcome.type === 'closed' || found.outcome.type === 'refunded'
        ? found.outcome
        : unknown('state-mismatch');
    const rawAnswer = `${evidence.rawAnswer}\n${found.evidence.rawAnswer}`;
    return { outcome, evidence: { ...found.evidence, requestDigest, rawAnswer } };
  };

const refusal = (code: string): ReverseOutcome => {
  if (code === 'RULE_LIMIT' || code === 'RULELIMIT') return { type: 'too-early' };
  if (code === 'REVERSE_EXPIRE' || code === 'REVERSE_EXPIRED') return { type: 'window-over' };
  return unknown(code);
};
