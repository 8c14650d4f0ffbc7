/**
 * Code 128 (ISO/IEC 15417): characters U+0000..U+007F in the fewest symbols. Code set A has capitals and controls, B
 * capitals and small letters, C two digits in one symbol.
 */
export interface Code128 {
  /**
   * Data of GS k 73: `{A` `{B` `{C` choose a set, `{S` shifts one character, `{{` is a brace, a
   * pair in C is one byte.
   */
  readonly bytes: readonly number[];
  /** Symbol values from the start to the check symbol, without the stop. */
  readonly symbols: readonly number[];
}

export const code128CharactersMax = 80;

/** Shortest Code 128 of a text; null when it is empty, too long or not ASCII. */
export function encodeCode128(text: string): Code128 | null {
  if (text.length < 1 || text.length > code128CharactersMax) return null;
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  if (codes.some((code) => code > 0x7f)) return null;
  const end = shortestWay(codes);
  if (end === null) return null;
  const steps: Step[] = [];
  for (let step: Step | null = end; step !== null; step = step.before) steps.unshift(step);
  const symbols = steps.flatMap((step) => step.symbols);
  const sum = symbols.reduce((total, symbol, index) => total + symbol * Math.max(1, index), 0);
  return {
    bytes: steps.flatMap((step) => step.bytes),
    symbols: [...symbols, sum % checkModulus],
  };
}

/** Modules of the whole bar code: eleven per symbol, thirteen for the stop. */
export const code128Modules = (code: Code128): number => code.symbols.length * 11 + 13;

type CodeSet = 'A' | 'B' | 'C';
/** When several are equally short the first is taken: every reader and every printer knows B. */
const codeSets: readonly CodeSet[] = ['B', 'C', 'A'];

/** One symbol or a change of set, with the way that led to it. */
interface Step {
  readonly before: Step | null;
  readonly set: CodeSet;
  readonly bytes: readonly number[];
  readonly symbols: readonly number[];
  /** Symbols and bytes from the start: fewer symbols win, then fewer bytes. */
  readonly symbolCount: number;
  readonly byteCount: number;
}

const checkModulus = 103;
const brace = 0x7b;
const startSymbol = { A: 103, B: 104, C: 105 } as const;
const changeSymbol = { A: 101, B: 100, C: 99 } as const;
const shiftSymbol = 98;
const setByte = { A: 0x41, B: 0x42, C: 0x43 } as const;
const shiftByte = 0x53;

/** The best way to each set at each place; ends that a real-time command could follow are kept apart. */
function shortestWay(codes: readonly number[]): Step | null {
  const places: Map<string, Step>[] = Array.from({ length: codes.length + 1 }, () => new Map());
  const reach = (place: number, step: Step): void => {
    const key = `${step.set}${endsInDle(step) ? 'd' : ''}`;
    const known = places[place]?.get(key);
    if (known === undefined || isBetter(step, known)) places[place]?.set(key, step);
  };
  for (const set of codeSets) {
    reach(0, follow(null, set, [brace, setByte[set]], [startSymbol[set]]));
  }
  for (const place of codes.keys()) {
    // A copy: the changes of set found here are added to the place itself.
    const arrived = place === 0 ? [] : Array.from(places[place]?.values() ?? []);
    for (const step of arrived) {
      for (const set of codeSets) {
        if (set === step.set) continue;
        reach(place, follow(step, set, [brace, setByte[set]], [changeSymbol[set]]));
      }
    }
    for (const step of places[place]?.values() ?? []) {
      for (const { taken, next } of consume(step, codes, place)) reach(place + taken, next);
    }
  }
  return [...(places.at(-1)?.values() ?? [])].reduce<Step | null>(
    (best, step) => (best === null || isBetter(step, best) ? step : best),
    null,
  );
}

/** What one symbol, or a shift with its symbol, can take at this place. */
function consume(
  step: Step,
  codes: readonly number[],
  place: number,
): readonly { readonly taken: number; readonly next: Step }[] {
  const code = codes[place] ?? 0;
  if (step.set === 'C') {
    const second = codes[place + 1];
    if (second === undefined || !isDigit(code) || !isDigit(second)) return [];
    const pair = (code - 0x30) * 10 + second - 0x30;
    return isRealTime(step, pair) ? [] : [{ taken: 2, next: follow(step, 'C', [pair], [pair]) }];
  }
  const value = valueIn(step.set, code);
  if (value !== null) {
    if (isRealTime(step, code)) return [];
    const bytes = code === brace ? [brace, brace] : [code];
    return [{ taken: 1, next: follow(step, step.set, bytes, [value]) }];
  }
  const shifted = valueIn(step.set === 'A' ? 'B' : 'A', code);
  if (shifted === null) return [];
  const bytes = [brace, shiftByte, ...(code === brace ? [brace, brace] : [code])];
  return [{ taken: 1, next: follow(step, step.set, bytes, [shiftSymbol, shifted]) }];
}

function valueIn(set: 'A' | 'B', code: number): number | null {
  if (code >= 0x20 && code < 0x60) return code - 0x20;
  if (set === 'A') return code < 0x20 ? code + 0x40 : null;
  return code >= 0x60 ? code - 0x20 : null;
}

function follow(
  before: Step | null,
  set: CodeSet,
  bytes: readonly number[],
  symbols: readonly number[],
): Step {
  const symbolCount = (before?.symbolCount ?? 0) + symbols.length;
  const byteCount = (before?.byteCount ?? 0) + bytes.length;
  return { before, set, bytes, symbols, symbolCount, byteCount };
}

const isBetter = (one: Step, other: Step): boolean =>
  one.symbolCount < other.symbolCount ||
  (one.symbolCount === other.symbolCount && one.byteCount < other.byteCount);

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

const endsInDle = (step: Step): boolean => step.bytes.at(-1) === 0x10;

/** "1604" in set C would be 10 04: a question to the printer, which it would answer and leave out of the bars. */
const isRealTime = (step: Step, next: number): boolean =>
  endsInDle(step) && (next === 0x04 || next === 0x05 || next === 0x14);
