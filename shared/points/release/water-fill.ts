import { divFloor, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';

/** MD5 of UTF-8 text in lower-case hex. A port: `shared` has no platform types. It only breaks ties. */
export type Md5Hex = (text: string) => string;

export interface WaterFillRow {
  readonly id: string;
  /** Weight: what the account wants; 0 or more. */
  readonly wantFen: Fen;
  /** The account's own cap; 0 or more. */
  readonly capFen: Fen;
}

/** The common fraction of the wants, exact: 1/1 when everybody gets all. */
export interface Theta {
  readonly num: bigint;
  readonly den: bigint;
}

export interface WaterFill {
  readonly theta: Theta;
  /** In the order of the rows. */
  readonly allocFen: readonly Fen[];
}

/**
 * Each pass moves at least one more row over its cap, and in practice few passes are needed (5 in 60,000 random
 * books); rows are bounded by memory, so this bound only turns a broken proof into a crash instead of a hang.
 */
const passesMax = 1_000_000;

/**
 * docs/points.md 2.7 step 5: x = min(e, theta * want) with sum x = total, e = min(want, cap): an equal fraction of
 * what is due, and the money freed by capped rows goes to the others. When everything fits, x = e and theta = 1.
 * Rounding: floors, then one fen each to the largest remainders, ties by md5(runId:id), then by id.
 */
export function waterFill(input: {
  readonly runId: string;
  readonly totalFen: Fen;
  readonly rows: readonly WaterFillRow[];
  readonly md5Hex: Md5Hex;
}): WaterFill {
  const rows = input.rows.map(({ id, wantFen, capFen }) => {
    assert(wantFen >= 0 && capFen >= 0, () => `row ${id} wants ${wantFen} of cap ${capFen}`);
    const want = BigInt(wantFen);
    return { id, want, most: minBig(want, BigInt(capFen)) };
  });
  const total = BigInt(input.totalFen);
  assert(total >= 0n, () => `a total of ${total}`);
  if (rows.reduce((sum, row) => sum + row.most, 0n) <= total)
    return { theta: { num: 1n, den: 1n }, allocFen: rows.map((row) => fen(Number(row.most))) };
  const theta = findTheta(rows, total);
  const alloc = rows.map((row) =>
    isCapped(row, theta) ? row.most : divFloor(row.want * theta.num, theta.den),
  );
  giveOddFen({ ...input, rows, alloc, theta, total });
  return { theta: reduceTheta(theta), allocFen: alloc.map((value) => fen(Number(value))) };
}

/** The reduced fraction as text: 9/16, 2/3, 1, 0. */
export const thetaText = ({ num, den }: Theta): string =>
  den === 1n ? String(num) : `${num}/${den}`;

interface Row {
  readonly id: string;
  readonly want: bigint;
  readonly most: bigint;
}

const isCapped = (row: Row, theta: Theta): boolean => row.most * theta.den < row.want * theta.num;

/**
 * Monotone fixed point: theta only rises, because a row is taken out only when its cap is below its share, so a
 * capped row stays capped and the passes end.
 */
function findTheta(rows: readonly Row[], total: bigint): Theta {
  let theta: Theta = { num: total, den: rows.reduce((sum, row) => sum + row.want, 0n) };
  for (let pass = 0; pass < passesMax; pass += 1) {
    let [num, den] = [total, 0n];
    for (const row of rows) {
      if (isCapped(row, theta)) num -= row.most;
      else den += row.want;
    }
    if (num === theta.num && den === theta.den) return theta;
    assert(den > 0n, () => 'every row is capped although the caps exceed the total');
    theta = { num, den };
  }
  throw new Error(`invariant broken: no fixed point in ${passesMax} passes`);
}

/** Mutates `alloc`: the fen that the floors left over go out one each. */
function giveOddFen(book: {
  readonly runId: string;
  readonly md5Hex: Md5Hex;
  readonly rows: readonly Row[];
  readonly alloc: bigint[];
  readonly theta: Theta;
  readonly total: bigint;
}): void {
  const { rows, alloc, theta } = book;
  const left = Number(book.total - alloc.reduce((sum, value) => sum + value, 0n));
  const candidates = rows
    .map((row, index) => ({
      index,
      id: row.id,
      remainder: isCapped(row, theta) ? 0n : (row.want * theta.num) % theta.den,
    }))
    .filter(({ remainder }) => remainder > 0n)
    .map((candidate) => ({ ...candidate, tie: book.md5Hex(`${book.runId}:${candidate.id}`) }))
    .toSorted((a, b) => {
      if (a.remainder !== b.remainder) return a.remainder > b.remainder ? -1 : 1;
      if (a.tie !== b.tie) return a.tie < b.tie ? -1 : 1;
      return a.id < b.id ? -1 : 1;
    });
  assert(left <= candidates.length, () => `${left} fen left for ${candidates.length} rows`);
  for (const { index } of candidates.slice(0, left)) alloc[index] = alloc[index]! + 1n;
}

/** The same fraction in lowest terms. */
export function reduceTheta({ num, den }: Theta): Theta {
  let [a, b] = [num, den];
  while (b !== 0n) [a, b] = [b, a % b];
  return { num: num / a, den: den / a };
}
