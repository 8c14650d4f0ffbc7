import { fen, type Fen } from '#shared/money/fen.ts';
import type { Md5Hex, WaterFillRow } from '#shared/points/release/water-fill.ts';

/**
 * The rule of docs/points.md 2.7 written down a second time, from its words and not from the code:
 * the level rises from cap to cap. Rows in the order in which they meet their cap (e/w); between
 * two caps everybody who is not at his own gets his part of what is left. Then floors, and one fen
 * each to the largest remainders, ties by md5 of `runId:id`, then by id.
 */
export function slowWaterFill(book: {
  readonly runId: string;
  readonly totalFen: Fen;
  readonly rows: readonly WaterFillRow[];
  readonly md5Hex: Md5Hex;
}): readonly Fen[] {
  const { rows, totalFen } = book;
  const most = rows.map(({ wantFen, capFen }) => BigInt(wantFen < capFen ? wantFen : capFen));
  if (sum(most) <= BigInt(totalFen)) return most.map((value) => fen(Number(value)));
  const wants = rows.map(({ wantFen }) => BigInt(wantFen));
  const rising = rows
    .map((_, at) => at)
    .filter((at) => wants[at]! > 0n)
    .toSorted((a, b) => Number(signOf(most[a]! * wants[b]! - most[b]! * wants[a]!)));
  const given = rows.map(() => 0n);
  let left = BigInt(totalFen);
  let open = rising;
  for (;;) {
    const weight = sum(open.map((at) => wants[at]!));
    const first = open[0];
    // Does the level that is left pass the lowest cap?
    if (first === undefined || most[first]! * weight >= left * wants[first]!)
      return withOddFen(book, { given, open, left, weight, wants });
    given[first] = most[first]!;
    left -= most[first]!;
    open = open.slice(1);
  }
}

function withOddFen(
  { rows, runId, md5Hex }: Parameters<typeof slowWaterFill>[0],
  level: {
    readonly given: readonly bigint[];
    readonly open: readonly number[];
    readonly left: bigint;
    readonly weight: bigint;
    readonly wants: readonly bigint[];
  },
): readonly Fen[] {
  const { open, left, weight, wants } = level;
  const parts = [...level.given];
  for (const at of open) parts[at] = (wants[at]! * left) / weight;
  let odd = left - sum(open.map((at) => parts[at]!));
  const key = (at: number): string => `${md5Hex(`${runId}:${rows[at]!.id}`)} ${rows[at]!.id}`;
  const remainder = (at: number): bigint => (wants[at]! * left) % weight;
  const inTurn = open.toSorted((a, b) => {
    const more = Number(signOf(remainder(b) - remainder(a)));
    return more === 0 ? (key(a) < key(b) ? -1 : 1) : more;
  });
  for (const at of inTurn) {
    if (odd === 0n) break;
    parts[at] = parts[at]! + 1n;
    odd -= 1n;
  }
  return parts.map((value) => fen(Number(value)));
}

const sum = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => a + b, 0n);
const signOf = (value: bigint): bigint => (value > 0n ? 1n : value < 0n ? -1n : 0n);
