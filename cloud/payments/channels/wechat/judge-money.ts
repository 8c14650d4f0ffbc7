import type { Declined, NotKnown } from '#cloud/channel/channel-money.ts';
import type { Unknown } from '#cloud/channel/channel.ts';
import type { WechatAnswer } from '#cloud/payments/channels/wechat/client.ts';
import { wechatDeclines, wechatUnknownNumbers } from '#cloud/payments/channels/wechat/codes.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

/**
 * What follows from an answer about money behind a payment when it is no "yes": nothing from silence; from a refusal
 * only what the whitelist allows. `judge` reads what was said.
 */
export function silentOr<O>(
  answer: WechatAnswer,
  asked: 'instruction' | 'query',
  judge: (said: unknown) => O,
): O | Declined | NotKnown | Unknown {
  if (answer.type === 'said') return judge(answer.value);
  if (answer.type === 'none') return unknown(answer.code);
  const { code } = answer;
  if (asked === 'query')
    return wechatUnknownNumbers.has(code) ? { type: 'not-known', code } : unknown(code);
  return wechatDeclines.has(code) ? { type: 'declined', code } : unknown(code);
}
