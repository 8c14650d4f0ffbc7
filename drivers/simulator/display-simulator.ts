import type { FarSide } from '#drivers/core/far-side.ts';
import { lampOrder, led8nDigits, type DisplayLamp } from '#drivers/display/led8n-bytes.ts';

/** One digit as a person sees it. */
export interface DisplayCell {
  /** The lit segments out of "abcdefg", in this order. */
  readonly segments: string;
  readonly point: boolean;
}

/** An LED8N display at the far end of a wire: it parses every byte and never answers. */
export interface DisplaySimulator {
  attach(far: FarSide): void;
  /** The digits from left to right. */
  cells(): readonly DisplayCell[];
  /** The digits as text, without the dark ones: "12.50". */
  text(): string;
  lamps(): readonly DisplayLamp[];
  /** The line speed it was told to use last. */
  baud(): number;
  /** How often the digits were written or cleared. */
  updateCount(): number;
  /** Bytes that belong to no command it knows. A correct driver leaves this at 0. */
  strayByteCount(): number;
  /** Off and on: dark until it is told something. */
  powerCycle(): void;
  onChange(listener: () => void): void;
}

const segmentsOf: Readonly<Record<string, string>> = {
  '0': 'abcdef',
  '1': 'bc',
  '2': 'abdeg',
  '3': 'abcdg',
  '4': 'bcfg',
  '5': 'acdfg',
  '6': 'acdefg',
  '7': 'abc',
  '8': 'abcdefg',
  '9': 'abcdfg',
  '-': 'g',
};
const bauds = [9_600, 4_800, 2_400, 1_200, 600, 300];
/** A show command may carry eight digits and a point after each. */
const showBytesMax = 2 * led8nDigits;
const carriageReturn = 0x0d;

/** The commands by their first bytes, and how many bytes follow; 'line' reads to the carriage return. */
const commands = [
  { head: '1b40', rest: 0 },
  { head: '0c', rest: 0 },
  { head: '18', rest: 0 },
  { head: '1b5141', rest: 'line' },
  { head: '1b73', rest: 1 },
  { head: '024c', rest: 4 },
  { head: '0242', rest: 1 },
] as const;
type Head = (typeof commands)[number]['head'];

interface Glass {
  readonly text: string;
  readonly lamps: readonly DisplayLamp[];
  readonly baud: number;
  readonly updateCount: number;
}

export function createDisplaySimulator(): DisplaySimulator {
  const dark: Glass = { text: '', lamps: [], baud: 2_400, updateCount: 0 };
  const listeners: (() => void)[] = [];
  let glass = dark;
  let pending: readonly number[] = [];
  let strayByteCount = 0;

  const take = (byte: number): void => {
    const step = nextCommand([...pending, byte]);
    pending = step.pending;
    strayByteCount += step.strayByteCount;
    if (!step.command) return;
    glass = applied(glass, step.command.head, step.command.rest);
    for (const listener of listeners) listener();
  };

  return {
    attach: (far) =>
      far.onBytes((chunk) => {
        for (const byte of chunk) take(byte);
      }),
    cells: () => cellsOf(glass.text),
    text: () => glass.text,
    lamps: () => glass.lamps,
    baud: () => glass.baud,
    updateCount: () => glass.updateCount,
    strayByteCount: () => strayByteCount,
    powerCycle: () => {
      pending = [];
      glass = { ...dark, baud: glass.baud, updateCount: glass.updateCount };
      for (const listener of listeners) listener();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

interface ParserStep {
  readonly pending: readonly number[];
  readonly command?: { readonly head: Head; readonly rest: readonly number[] };
  readonly strayByteCount: number;
}

/** One byte more. A byte that fits nowhere ends what was torn and is looked at as the start of the next command. */
function nextCommand(bytes: readonly number[]): ParserStep {
  const hex = Buffer.from(bytes).toString('hex');
  const known = commands.find(({ head }) => hex.startsWith(head));
  if (!known) {
    if (commands.some(({ head }) => head.startsWith(hex)))
      return { pending: bytes, strayByteCount: 0 };
    return bytes.length === 1 ? { pending: [], strayByteCount: 1 } : torn(bytes);
  }
  const { head } = known;
  const rest = bytes.slice(head.length / 2);
  if (known.rest === 'line') {
    if (rest.at(-1) === carriageReturn)
      return { pending: [], command: { head, rest: rest.slice(0, -1) }, strayByteCount: 0 };
    const last = rest.at(-1);
    const isText = last === undefined || segmentsOf[String.fromCharCode(last)] || last === 0x2e;
    return isText && rest.length <= showBytesMax
      ? { pending: bytes, strayByteCount: 0 }
      : torn(bytes);
  }
  // Arguments are digits "0".."5" only: anything else is the start of another command after a torn one.
  if (rest.some((byte) => byte < 0x30 || byte > 0x35)) return torn(bytes);
  return rest.length < known.rest
    ? { pending: bytes, strayByteCount: 0 }
    : { pending: [], command: { head, rest }, strayByteCount: 0 };
}

function torn(bytes: readonly number[]): ParserStep {
  const again = nextCommand(bytes.slice(-1));
  return { ...again, strayByteCount: again.strayByteCount + bytes.length - 1 };
}

function applied(glass: Glass, head: Head, rest: readonly number[]): Glass {
  const first = (rest[0] ?? 0) - 0x30;
  switch (head) {
    case '1b40':
      return { ...glass, text: '', lamps: [], updateCount: glass.updateCount + 1 };
    case '0c':
    case '18':
      return { ...glass, text: '', updateCount: glass.updateCount + 1 };
    case '1b5141': {
      const text = Buffer.from(rest).toString('ascii');
      const shown = text.replaceAll('.', '').length <= led8nDigits ? text : glass.text;
      return { ...glass, text: shown, updateCount: glass.updateCount + 1 };
    }
    case '1b73':
      return { ...glass, lamps: lampOrder.slice(first - 1, first > 0 ? first : 0) };
    case '024c':
      return { ...glass, lamps: lampOrder.filter((_, index) => rest[index] === 0x31) };
    case '0242':
      return { ...glass, baud: bauds[first] ?? glass.baud };
  }
}

/** Right-aligned, a point in the digit before it. */
function cellsOf(text: string): readonly DisplayCell[] {
  const lit = [...text.matchAll(/([-0-9])(\.?)/g)].map(([, digit = '', point]) => ({
    segments: segmentsOf[digit] ?? '',
    point: point === '.',
  }));
  const darkCount = Math.max(0, led8nDigits - lit.length);
  return [...Array.from({ length: darkCount }, () => ({ segments: '', point: false })), ...lit];
}
