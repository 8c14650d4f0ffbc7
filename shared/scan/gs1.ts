import { err, ok, type Result } from '#shared/result/result.ts';
import { checkDigitHolds } from '#shared/scan/check-digit.ts';

/**
 * GS1 element strings: application identifier (AI, 2 to 4 digits) and value, again and again; values of variable length
 * end with the separator GS (0x1D). Source: GS1 General Specifications (lists of AIs and
 * of predefined lengths). Every AI is cut off correctly; values are checked where a till needs
 * them: key check digits and dates.
 */
export interface Gs1Element {
  readonly ai: string;
  readonly value: string;
}

/**
 * Errors in order: nothing there, too long, no such AI, value too short, value with strange
 * characters, check, date.
 */
export type Gs1Error =
  | { readonly type: 'gs1-empty' }
  | { readonly type: 'gs1-too-long' }
  | { readonly type: 'gs1-ai-unknown' | 'gs1-value' | 'gs1-check-digit'; readonly atChar: number };

export const gs1Separator = '\x1d';
/** The longest GS1 DataMatrix holds fewer; more is no code. */
export const gs1CharsMax = 1_024;
export const gs1ElementsMax = 64;
/** The longest value of any AI (8200, a web address, and 90 characters elsewhere). */
const valueCharsMax = 90;

/** How many digits an AI has, by its first two. Missing = not assigned. */
const aiDigits: readonly (readonly [from: number, to: number, digits: number])[] = [
  [0, 4, 2],
  [10, 22, 2],
  [23, 25, 3],
  [30, 30, 2],
  [31, 36, 4],
  [37, 37, 2],
  [39, 39, 4],
  [40, 42, 3],
  [43, 43, 4],
  [70, 70, 4],
  [71, 71, 3],
  [72, 72, 4],
  [80, 82, 4],
  [90, 99, 2],
];

/** Lengths of values that need no separator, by the first two digits of the AI. */
const fixedChars: Readonly<Record<string, number>> = {
  '00': 18,
  '01': 14,
  '02': 14,
  '03': 14,
  '04': 16,
  ...Object.fromEntries(
    ['11', '12', '13', '14', '15', '16', '17', '18', '19'].map((ai) => [ai, 6]),
  ),
  '20': 2,
  ...Object.fromEntries(['31', '32', '33', '34', '35', '36'].map((ai) => [ai, 6])),
  '41': 13,
};

const checked = new Set([
  '00',
  '01',
  '02',
  '03',
  '410',
  '411',
  '412',
  '413',
  '414',
  '415',
  '416',
  '417',
]);
const dates = new Set(['11', '12', '13', '15', '16', '17']);
const batchOrSerial = new Set(['10', '21']);
const batchCharsMax = 20;

/** Cuts an element string into its elements. A separator before the first one is the scanner's FNC1 and is skipped. */
export function parseGs1(text: string): Result<readonly Gs1Element[], Gs1Error> {
  if (text.length > gs1CharsMax) return err({ type: 'gs1-too-long' });
  const elements: Gs1Element[] = [];
  let at = 0;
  while (at < text.length) {
    if (text.charAt(at) === gs1Separator) {
      at += 1;
      continue;
    }
    if (elements.length >= gs1ElementsMax) return err({ type: 'gs1-too-long' });
    const element = readElement(text, at);
    if (!element.ok) return element;
    elements.push(element.value);
    at += element.value.ai.length + element.value.value.length;
  }
  return elements.length === 0 ? err({ type: 'gs1-empty' }) : ok(elements);
}

function readElement(text: string, at: number): Result<Gs1Element, Gs1Error> {
  const head = text.slice(at, at + 2);
  const digits = /^[0-9]{2}$/.test(head) ? aiDigitsOf(Number(head)) : 0;
  const ai = text.slice(at, at + digits);
  if (digits === 0 || ai.length < digits || !/^[0-9]+$/.test(ai)) {
    return err({ type: 'gs1-ai-unknown', atChar: at });
  }
  const from = at + digits;
  const fixed = fixedChars[head];
  const value = text.slice(from, fixed === undefined ? endOfValue(text, from) : from + fixed);
  if (!valueFits({ ai, value, fixed })) return err({ type: 'gs1-value', atChar: from });
  if (checked.has(ai) && !checkDigitHolds(value)) {
    return err({ type: 'gs1-check-digit', atChar: from });
  }
  return ok({ ai, value });
}

const aiDigitsOf = (head: number): number =>
  aiDigits.find(([from, to]) => head >= from && head <= to)?.[2] ?? 0;

function endOfValue(text: string, from: number): number {
  const end = text.indexOf(gs1Separator, from);
  return end < 0 ? text.length : end;
}

function valueFits(element: Gs1Element & { readonly fixed: number | undefined }): boolean {
  const { ai, value, fixed } = element;
  if (fixed !== undefined) {
    return value.length === fixed && /^[0-9]+$/.test(value) && (!dates.has(ai) || isDate(value));
  }
  // Character set 82 of GS1 lies within printable ASCII; the rest of it is let through and not interpreted.
  if (!/^[\x20-\x7e]+$/.test(value)) return false;
  return value.length <= (batchOrSerial.has(ai) ? batchCharsMax : valueCharsMax);
}

const monthDaysMax = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** YYMMDD; day 00 means the last day of the month. The century is not ours to know. */
function isDate(value: string): boolean {
  const [month, day] = [Number(value.slice(2, 4)), Number(value.slice(4, 6))];
  return day <= (monthDaysMax[month - 1] ?? -1);
}
