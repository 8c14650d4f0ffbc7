import type { BoxFailure, BoxMethod, BoxReversal, BoxSale } from '#drivers/ecr/box-pos.ts';

/** What the till wants done; written down by the caller before it is handed over. */
export type BoxIntent =
  | { readonly kind: 'sale'; readonly order: BoxSale }
  | { readonly kind: 'void' | 'refund'; readonly order: BoxReversal };

/** Is it the intent of this number? One number, one intent. */
export const isIntentOf = (
  intent: BoxIntent,
  { merchantOrderNo }: { readonly merchantOrderNo: string },
): boolean => intent.order.merchantOrderNo === merchantOrderNo;

/** Everything a dialect can put into bytes. Not every dialect has every ask. */
export type BoxAsk =
  | BoxIntent
  | { readonly kind: 'query' | 'close'; readonly about: BoxSale | BoxReversal }
  | { readonly kind: 'chore'; readonly chore: BoxChore };

/** Daily duties of some boxes: new keys, the end of the day. */
export type BoxChore = 'load-keys' | 'close-day';

export type BoxChoreOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'not-done'; readonly code: BoxFailure; readonly detail: string };

/** One message of a box, freed of its dialect. Texts are masked: no card number is in it. */
export interface BoxReport {
  /** `order`: the answer to a sale or a reversal, the dialect does not say which. */
  readonly about: 'sale' | 'reversal' | 'order' | 'query' | 'close' | 'chore';
  /**
   * `progress`: still working, an answer follows. `pending`: the customer has neither paid nor given up.
   * `unclear`: the box failed to say what became of it.
   */
  readonly verdict: 'done' | 'not-done' | 'progress' | 'pending' | 'not-found' | 'unclear';
  /** Why it is not done. */
  readonly code: BoxFailure;
  readonly detail: string;
  /** Our order number as the box knows it (`markOf` of the dialect); null when it does not say. */
  readonly mark: string | null;
  readonly amountFen: number | null;
  /** '' when it does not say. */
  readonly boxRef: string;
  readonly method: BoxMethod;
  readonly paidAtMs: number | null;
  readonly payerMask: string;
  /** The id of the request that this answers; null when the dialect has none. */
  readonly requestId: string | null;
}

export const emptyReport: BoxReport = {
  about: 'sale',
  verdict: 'unclear',
  code: 'box-answer-invalid',
  detail: '',
  mark: null,
  amountFen: null,
  boxRef: '',
  method: 'other',
  paidAtMs: null,
  payerMask: '',
  requestId: null,
};

const detailCharsMax = 80;

/** A text of the box for people: short, printable, and with no long run of digits. */
export function plainDetail(text: string): string {
  const printable = text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').trim();
  const masked = printable.replaceAll(/\d{7,}/g, (run) => `***${run.slice(-4)}`);
  return Array.from(masked).slice(0, detailCharsMax).join('');
}

/** At most the first six and the last four digits of a payer's number, masked by the box already or not. */
export function payerMaskOf(text: string): string {
  const shown = text.trim();
  const [first = ''] = /^\d+/.exec(shown) ?? [];
  const [last = ''] = /\d+$/.exec(shown) ?? [];
  if (first === '' && last === '') return '';
  const isWhole = first === shown;
  const head = isWhole && shown.length < cardDigitsMin ? '' : first.slice(0, 6);
  return `${head}****${last.slice(-4)}`;
}

/** A shorter run of digits shows its end only. */
const cardDigitsMin = 13;
