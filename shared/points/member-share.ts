import { divCeil, divFloor, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import type { ShareBound } from '#shared/points/explanation-words.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { wantOf } from '#shared/points/points-used.ts';
import type { Theta } from '#shared/points/water-fill.ts';

/** What stands stored of one member's part of a run. */
export interface StoredShare {
  readonly duePoints: PointFen;
  /** The member's own multiplier. */
  readonly multBp: BasisPoints;
  readonly wantFen: Fen;
  /** The smaller of want and month cap. */
  readonly mostFen: Fen;
  readonly allocFen: Fen;
  readonly pointsUsed: PointFen;
}

/** The sum of one member step by step, as docs/points.md 2.7 makes it. */
export interface ShareSteps {
  readonly bound: Exclude<ShareBound, 'nothing'>;
  /** What his month cap left, when it was smaller than what he wanted; otherwise it did not matter. */
  readonly monthCapFen: Fen | undefined;
  /** floor(theta * want). */
  readonly shareFen: Fen;
  /** theta * want less its floor, as a fraction over theta's denominator. */
  readonly remainder: bigint;
  /** 1: one of the odd fen came here. */
  readonly oddFen: Fen;
  readonly valueFen: Fen;
  readonly pointsUsed: PointFen;
}

/**
 * Computes a member's sum again from what the run stored, and throws when the stored sum is another one: then the books
 * and their explanation disagree. Only whether an odd fen came here is taken from the stored sum, because that depends
 * on everybody's remainder; it is checked that it may have.
 */
export function explainShare(stored: StoredShare, theta: Theta): ShareSteps {
  const { duePoints, multBp, wantFen, mostFen } = stored;
  assert(wantOf(duePoints, multBp) === wantFen, () => `a want of ${wantFen} for ${duePoints}`);
  const exact = BigInt(wantFen) * theta.num;
  const share = divFloor(exact, theta.den);
  const remainder = exact - share * theta.den;
  const isShared = BigInt(mostFen) * theta.den > exact;
  const oddFen = isShared ? BigInt(stored.allocFen) - share : 0n;
  assert(oddFen === 0n || (oddFen === 1n && remainder > 0n), () => `${oddFen} odd fen`);
  const value = isShared ? share + oddFen : BigInt(mostFen);
  assert(value === BigInt(stored.allocFen), () => `${stored.allocFen} where ${value} is right`);
  const used = minBig(BigInt(duePoints), divCeil(value * BigInt(wholeBp), BigInt(multBp)));
  assert(used === BigInt(stored.pointsUsed), () => `${stored.pointsUsed} points where ${used}`);
  return {
    bound: isShared ? 'share' : mostFen < wantFen ? 'month-cap' : 'want',
    monthCapFen: mostFen < wantFen ? mostFen : undefined,
    shareFen: fen(Number(share)),
    remainder,
    oddFen: fen(Number(oddFen)),
    valueFen: fen(Number(value)),
    pointsUsed: pointFen(used),
  };
}

/** Reads the reduced fraction that a run stored: 9/16, 1, 0. */
export function thetaOf(text: string): Theta {
  const [num, den] = text.split('/');
  return { num: BigInt(num!), den: BigInt(den ?? '1') };
}
