import { fen, orderAmountFenMax, type Fen } from '#shared/money/fen.ts';

/**
 * An amount while it is being typed: the characters themselves, so that no fraction is ever computed.
 * `text` matches /^\d{0,5}(\.\d{0,2})?$/ and never exceeds {@link orderAmountFenMax}.
 */
export interface AmountEntry {
  readonly text: string;
  /** The last key would have gone above the limit of one order and was not taken. */
  readonly overLimit: boolean;
}

export type AmountKey = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '00' | '.';

export const emptyAmount: AmountEntry = { text: '', overLimit: false };

const entryPattern = /^\d{0,7}(?:\.\d{0,2})?$/;

/** Takes one key. A key that cannot extend the amount (third decimal, second point) changes nothing. */
export function pressAmountKey(entry: AmountEntry, key: AmountKey): AmountEntry {
  const text = normalise(entry.text + key);
  if (!entryPattern.test(text)) return takeWhatFits(entry, key);
  if (fenOfText(text) > orderAmountFenMax) return { text: entry.text, overLimit: true };
  return { text, overLimit: false };
}

export function eraseAmountKey(entry: AmountEntry): AmountEntry {
  return { text: entry.text.slice(0, -1), overLimit: false };
}

/** The amount in fen; an empty entry is 0. */
export const amountOfEntry = (entry: AmountEntry): Fen => fen(fenOfText(entry.text));

/** The entry that shows an amount the agent already has (after a reload, or a refused change). */
export function entryOfAmount(amountFen: number): AmountEntry {
  if (amountFen === 0) return emptyAmount;
  const digits = String(amountFen).padStart(3, '0');
  const [whole, decimals] = [digits.slice(0, -2), digits.slice(-2)];
  return { text: decimals === '00' ? whole : `${whole}.${decimals}`, overLimit: false };
}

/** How many of the two decimals were typed, 0..2, and whether the point was. */
export function typedDecimals(entry: AmountEntry): {
  readonly point: boolean;
  readonly count: number;
} {
  const at = entry.text.indexOf('.');
  return at < 0 ? { point: false, count: 0 } : { point: true, count: entry.text.length - at - 1 };
}

/** "00" after one decimal still adds the one zero that fits. */
function takeWhatFits(entry: AmountEntry, key: AmountKey): AmountEntry {
  return key === '00' ? pressAmountKey(entry, '0') : { ...entry, overLimit: false };
}

/** Leading zeros go; a point alone means "0.". */
function normalise(text: string): string {
  const trimmed = text.replace(/^0+(?=\d)/, '');
  return trimmed.startsWith('.') ? `0${trimmed}` : trimmed;
}

/** Yuan and fen are read as text: "38.5" is "38" and "50". */
function fenOfText(text: string): number {
  const [whole = '', decimals = ''] = text.split('.');
  return Number(whole + decimals.padEnd(2, '0'));
}
