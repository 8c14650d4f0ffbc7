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

export const entry = (
  meaning: string,
  action: string,
  actor: Actor,
  retry: ErrorEntry['retry'],
  zh: string,
  en: string,
): ErrorEntry => ({ meaning, action, actor, retry, zh, en });
