import type { BoxMethod } from '#drivers/ecr/box-pos.ts';

export interface BoxBookEntry {
  readonly kind: 'sale' | 'void' | 'refund';
  /** The till's number of it, as the protocol carries it. */
  readonly mark: string;
  readonly amountFen: number;
  /** The box's own number: six digits. */
  readonly ref: string;
  readonly method: BoxMethod;
  readonly atMs: number;
  /** What a void or a refund takes back: the number of the sale. */
  readonly originalRef: string;
}

/** What the till wants of a box. */
export interface DeskAsk {
  readonly kind: BoxBookEntry['kind'];
  readonly mark: string;
  readonly amountFen: number;
  /** How the till names the sale that is taken back: by the box's number or by its own. */
  readonly original: string;
}

/** How it ended: paid, or why not. */
export type BoxVerdict =
  'done' | 'bank' | 'user' | 'network' | 'busy' | 'unknown-sale' | 'reversed';

export interface DeskAnswer {
  readonly verdict: BoxVerdict;
  /** null unless done. */
  readonly entry: BoxBookEntry | null;
}

/** The books of a simulated box. Naive on purpose: a sale that is asked for twice is charged twice. */
export interface BoxBooks {
  entries(): readonly BoxBookEntry[];
  /** Money moves here and nowhere else. */
  charge(
    ask: DeskAsk,
    how: { readonly method: BoxMethod; readonly amountFen: number; readonly atMs: number },
  ): DeskAnswer;
  find(mark: string): BoxBookEntry | undefined;
  /** The newest that was not taken back. */
  lastSale(): BoxBookEntry | undefined;
}

export function createBoxBooks(): BoxBooks {
  const entries: BoxBookEntry[] = [];
  const isReversed = (ref: string): boolean =>
    entries.some((entry) => entry.kind !== 'sale' && entry.originalRef === ref);

  return {
    entries: () => [...entries],
    charge: (ask, { method, amountFen, atMs }) => {
      const original = entries.find((entry) => ask.kind !== 'sale' && isNamed(entry, ask.original));
      if (ask.kind !== 'sale' && original === undefined) {
        return { verdict: 'unknown-sale', entry: null };
      }
      if (original !== undefined && ask.kind === 'void' && isReversed(original.ref)) {
        return { verdict: 'reversed', entry: null };
      }
      const entry: BoxBookEntry = {
        kind: ask.kind,
        mark: ask.mark,
        // A dialect that takes back whole sales names no amount.
        amountFen: amountFen === 0 ? (original?.amountFen ?? 0) : amountFen,
        ref: String(entries.length + 1).padStart(6, '0'),
        method,
        atMs,
        originalRef: original?.ref ?? '',
      };
      entries.push(entry);
      return { verdict: 'done', entry };
    },
    find: (mark) => entries.findLast((entry) => entry.mark === mark),
    lastSale: () => entries.findLast((entry) => entry.kind === 'sale' && !isReversed(entry.ref)),
  };
}

/** "72" and "000072" name the same transaction. */
const isNamed = (entry: BoxBookEntry, name: string): boolean =>
  entry.kind === 'sale' && (entry.mark === name || entry.ref === name.padStart(6, '0'));
