/**
 * Every error code of the product: what it means, who acts, and whether trying again can help.
 * docs/errors.md is generated from this table; a test holds both equal.
 */
export type Actor = 'cashier' | 'owner' | 'customer' | 'operator' | 'nobody';

export interface ErrorEntry {
  /** One English sentence: what happened. */
  readonly meaning: string;
  /** One English sentence: what to do about it. */
  readonly action: string;
  readonly actor: Actor;
  /** May the same request be sent again? `query` = ask for the last result first, never replay. */
  readonly retry: 'yes' | 'no' | 'query';
  /** Words for the till, plain Chinese then plain English. */
  readonly zh: string;
  readonly en: string;
}

const entry = (
  meaning: string,
  action: string,
  actor: Actor,
  retry: ErrorEntry['retry'],
  zh: string,
  en: string,
): ErrorEntry => ({ meaning, action, actor, retry, zh, en });

export const errorCatalogue = {
  'amount-not-integer': entry('The amount is not a whole number of fen.', 'Type the amount again.', 'cashier', 'no', '金额不对，请重新输入', 'That is not an amount. Type it again.'),
  'amount-not-positive': entry('The amount is zero or negative.', 'Type an amount above zero.', 'cashier', 'no', '请先输入金额', 'Enter an amount first.'),
  'amount-over-limit': entry('The amount is above the limit for one order.', 'Split the sale or ask the owner to raise the limit.', 'cashier', 'no', '超过单笔上限，请分开收或找店主', 'Over the limit for one sale. Split it or ask the owner.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
