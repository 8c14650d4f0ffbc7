import { fen, subtractFen } from '#shared/money/fen.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Screen } from '#terminal/ipc/state.ts';
import type { Words } from '../i18n/zh.ts';

export type Tone = 'good' | 'amber' | 'bad';

export interface Announcement {
  readonly tone: Tone;
  readonly text: string;
}

/** Amounts are spoken without the currency sign: "38.50元". */
export type SayAmount = (amountFen: number) => string;

/**
 * What a new screen sounds like, or undefined when it changes nothing for the ear. Success is said only on the
 * screens that carry the word of a channel or of the box; 离线记账 says in the same breath that no money has arrived.
 */
export function announcementOf(
  screen: Screen,
  words: Words,
  amount: SayAmount,
): Announcement | undefined {
  switch (screen.type) {
    case 'ready':
    case 'held':
      return undefined;
    case 'waiting':
      return screen.phase === 'unknown' ? { tone: 'amber', text: words.say.unknown } : undefined;
    case 'box-waiting':
      return screen.phase === 'unknown' ? { tone: 'amber', text: words.say.unknown } : undefined;
    case 'box-paid': {
      const paidFen = subtractFen(fen(screen.amountFen), fen(screen.voucherFen));
      return { tone: 'good', text: words.say.paid(words.box.name, amount(paidFen)) };
    }
    case 'paid':
      return {
        tone: 'good',
        text: words.say.paid(words.wallet[screen.wallet], amount(screen.amountFen)),
      };
    case 'cash':
      return {
        tone: 'good',
        text:
          screen.changeFen === 0
            ? words.say.cashExact(amount(screen.tenderedFen))
            : words.say.cash(amount(screen.tenderedFen), amount(screen.changeFen)),
      };
    case 'offline-accepted':
      return { tone: 'amber', text: words.say.offline(amount(screen.amountFen)) };
    case 'promised':
      return { tone: 'amber', text: words.promise.say[screen.kind](amount(screen.amountFen)) };
    case 'not-paid':
      return { tone: 'bad', text: words.say.notPaid };
    default:
      return exhaustive(screen);
  }
}

/** Names what is announced, so that a repeated state of the same screen is heard once. */
export function announcementKey(screen: Screen): string {
  const order = 'orderId' in screen ? (screen.orderId ?? '') : '';
  const phase = 'phase' in screen ? screen.phase : '';
  const atMs = 'atMs' in screen ? screen.atMs : '';
  return `${screen.type} ${order} ${phase} ${atMs}`;
}
