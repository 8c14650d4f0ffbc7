import type { Declined, NotKnown } from '#cloud/channel/channel-money.ts';
import type { Unknown } from '#cloud/channel/channel-exchange.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

/** What the clients of the channels answer, as far as a verdict on money needs it. */
type MoneyAnswer =
  | { readonly type: 'said'; readonly value: unknown }
  | { readonly type: 'refused' | 'none'; readonly code: string };

/** The only refusals of a channel from which anything follows. */
interface MoneyCodes {
  /** After these nothing has moved. */
  readonly declines: ReadonlySet<string>;
  /** These say that the number asked for is not known. */
  readonly unknownNumbers: ReadonlySet<string>;
}

/**
 * What follows from an answer about money behind a payment when it is no "yes": nothing from
 * silence; from a refusal only what the whitelist allows. `judge` reads what was said. Each channel
 * has its own whitelist, and all of them this one rule.
 */
export const silentOrBy =
  ({ declines, unknownNumbers }: MoneyCodes) =>
  <O>(
    answer: MoneyAnswer,
    asked: 'instruction' | 'query',
    judge: (said: unknown) => O,
  ): O | Declined | NotKnown | Unknown => {
    if (answer.type === 'said') return judge(answer.value);
    const { code } = answer;
    if (answer.type === 'none') return unknown(code);
    if (asked === 'query')
      return unknownNumbers.has(code) ? { type: 'not-known', code } : unknown(code);
    return declines.has(code) ? { type: 'declined', code } : unknown(code);
  };
