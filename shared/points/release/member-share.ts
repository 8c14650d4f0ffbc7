import { divCeil, divFloor, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import type { ShareBound, Words } from '#shared/points/words/explanation-words.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { wantOf } from '#shared/points/release/points-used.ts';
import type { Theta } from '#shared/points/release/water-fill.ts';

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

/** Why a member got nothing on a day. */
export type NothingReason =
  | 'gate-closed'
  | 'withdrawn'
  | 'nothing-to-divide'
  | 'under-one-fen'
  | 'account-not-active'
  | 'nothing-due'
  | 'month-cap-used';

export const nothingWords: Readonly<Record<NothingReason, Words>> = {
  'gate-closed': {
    zh: '闸门关闭，当日所有人都没有释放；到期积分顺延',
    en: 'The gate was closed: nobody got anything on this day. Due points wait.',
  },
  withdrawn: {
    zh: '当日账户被冻结或发生退款，未释放；积分保留',
    en: 'The account was frozen or a refund came on this day: it was left out and keeps its points.',
  },
  'nothing-to-divide': {
    zh: '当日额度为零',
    en: "The day's limit was zero.",
  },
  'under-one-fen': {
    zh: '按比例不足一分',
    en: 'His share was less than one fen.',
  },
  'account-not-active': {
    zh: '账户不在正常状态',
    en: 'The account is not active.',
  },
  'nothing-due': {
    zh: '没有到期积分',
    en: 'He has no due points.',
  },
  'month-cap-used': {
    zh: '本月上限已用完：本月消费的两倍',
    en: 'His cap of the month was used up: twice what he bought in it.',
  },
};
