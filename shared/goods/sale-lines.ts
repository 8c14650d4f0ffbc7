import { fen, sumFen, timesFen, type Fen } from '#shared/money/fen.ts';
import {
  entryBodyCharsMax,
  orderLinesMax,
  type EntryBody,
  type SaleLine,
} from '#shared/wire/v1/entries.ts';

/** What one line comes to. */
export const lineFen = ({ priceFen, quantity }: Pick<SaleLine, 'priceFen' | 'quantity'>): Fen =>
  timesFen(fen(priceFen), quantity);

export const linesFen = (lines: readonly SaleLine[]): Fen => sumFen(lines.map(lineFen));

/** The lines of an order as far as they are known: one entry holds only so many of them. */
export interface OrderLines {
  /** Entries that there are in all, and how many of them have come. */
  readonly parts: number;
  readonly part: number;
  readonly items: readonly SaleLine[];
}

/** The lines of an order; none while one of its entries is missing or was refused. */
export const wholeLines = (lines: OrderLines | undefined): readonly SaleLine[] =>
  lines !== undefined && lines.part === lines.parts ? lines.items : [];

/**
 * The lines with one more entry; undefined when it does not follow the last one, when there are too
 * many, or when they do not come to `priceFen`, the order's price before its coupon. Pure.
 */
export function withLines(
  before: OrderLines | undefined,
  { part, parts, lines }: EntryBody<'order.lines'>,
  priceFen: Fen,
): OrderLines | undefined {
  const isNext = part === (before?.part ?? 0) + 1 && parts === (before?.parts ?? parts);
  const items = [...(before?.items ?? []), ...lines];
  if (!isNext || part > parts || items.length > orderLinesMax) return undefined;
  const sum = linesFen(items);
  const fits = part === parts ? sum === priceFen : sum < priceFen;
  return fits ? { part, parts, items } : undefined;
}

/** The order's id and the numbers of the parts, in characters, generously. */
const frameChars = 128;

/** Lines as the bodies of their entries, each below the limit of one entry. Pure. */
export function cutLines(
  orderId: string,
  lines: readonly SaleLine[],
): readonly EntryBody<'order.lines'>[] {
  const groups: SaleLine[][] = [];
  let charsLeft = 0;
  for (const line of lines) {
    const chars = JSON.stringify(line).length + 1;
    const last = groups.at(-1);
    if (last === undefined || chars > charsLeft) {
      groups.push([line]);
      charsLeft = entryBodyCharsMax - frameChars - chars;
    } else {
      last.push(line);
      charsLeft -= chars;
    }
  }
  const parts = groups.length;
  return groups.map((group, index) => ({ orderId, part: index + 1, parts, lines: group }));
}
