import { basisPoints } from '#shared/money/rate.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import type { Random } from '#shared/time/random.ts';
import type { Actor } from './account.ts';

/** How trade goes: consumption paid in money, month by month. */
export interface Trade {
  /** Growth per month in basis points, also below 0; for an S-curve the growth at its beginning. */
  readonly growthBp: number;
  /** Strength of the season: 0 none, 10000 the published year of a town's shops. */
  readonly seasonBp: number;
  /** Deviation of a month's luck, up or down. */
  readonly noiseBp: number;
  readonly seed: number;
  /** The month in which half of the whole market is reached; undefined: growth has no end. */
  readonly halfwayMonth: number | undefined;
  /** From the month after `afterMonth` on, growth is this instead. */
  readonly turn: { readonly afterMonth: number; readonly growthBp: number } | undefined;
  /** In this month trade stops for good and all vouchers are brought in. */
  readonly runMonth: number | undefined;
  /** Somebody out of the ordinary who trades beside the others (fraud.ts); undefined: nobody. */
  readonly guest: GuestName | undefined;
}

/** `whale`: 30% of all trade for two years, then gone. `ring`: a tenth of all trade for a year, all of it fake. */
export type GuestName = 'whale' | 'ring';

/** Trade that stays as it is: what a scenario does not name. */
export const steady: Trade = {
  growthBp: 0,
  seasonBp: 0,
  noiseBp: 0,
  seed: 1,
  halfwayMonth: undefined,
  turn: undefined,
  runMonth: undefined,
  guest: undefined,
};

export const monthsMax = 120;
/** One million yuan in the first month: everything is measured as a share, so the size only fixes the rounding. */
const baseFen = 100_000_000;
/** Under this rounding would be seen. */
const baseFenMin = 600_000;
/**
 * All trade of a life at a rate of 10%. Were all its points due at once on both sides, at five each and with the
 * referral, that would be 10.25 times its concession: still an amount.
 */
const totalFenMax = 9_500_000_000_000;
const totalRateBp = 1000;

/** It has 40% of trade. */
export const largestClass = 'most';

/** The five spend classes, as parts of trade. */
const classes: readonly (readonly [id: string, shareBp: number])[] = [
  ['least', 500],
  ['less', 1000],
  ['middle', 2000],
  ['more', 2500],
  [largestClass, 4000],
];

/**
 * With such a multiple, days, classes, a 10% rate and the 5% of a referral all divide without a remainder, so that a
 * growth of exactly 15% stays one after rounding.
 */
export const evenFen = 120_000;

/** However unlucky, a month has this much of its trade. */
const luckMin = 0.1;

/** The year of a town's shops, January first: before the spring festival, its quiet weeks, autumn and year's end. */
const year = [1.1, 0.82, 0.96, 0.95, 1, 0.98, 0.95, 0.94, 1.055, 1.08, 1.05, 1.115];

export type TradeError =
  | { readonly type: 'months-out-of-range'; readonly max: number }
  | { readonly type: 'growth-too-large' };

/** Consumption of each month, whole fen. Fails where growth over so many months leaves every scale. */
export function consumptionOf(life: {
  readonly trade: Trade;
  readonly months: number;
  readonly rateBp: number;
}): Result<readonly number[], TradeError> {
  const { trade, months } = life;
  if (!Number.isSafeInteger(months) || months < 3 || months > monthsMax)
    return err({ type: 'months-out-of-range', max: monthsMax });
  const shape = shapeOf(trade, months);
  const total = shape.reduce((all, value) => all + value, 0);
  const base = Math.min(baseFen, (totalFenMax / total) * (totalRateBp / life.rateBp));
  if (base < baseFenMin) return err({ type: 'growth-too-large' });
  const isSmooth = trade.seasonBp === 0 && trade.noiseBp === 0 && trade.halfwayMonth === undefined;
  if (isSmooth && base === baseFen) return ok(evenSteps(trade, months));
  return ok(shape.map((value) => Math.floor((value * base) / 600) * 600));
}

function shapeOf(trade: Trade, months: number): readonly number[] {
  const random = createSeededRandom(trade.seed);
  return Array.from({ length: months }, (_, index) => {
    const month = index + 1;
    // Drawn in every month, so that a month's luck does not depend on the others' dials.
    const luck = Math.max(luckMin, 1 + (trade.noiseBp / 10_000) * bell(random));
    if (trade.runMonth !== undefined && month >= trade.runMonth) return 0;
    const season = 1 + (trade.seasonBp / 10_000) * (year[index % year.length]! - 1);
    return trendAt(trade, month) * season * luck;
  });
}

/** Mean 0, deviation 1, never beyond 3.5: four even draws together. */
function bell(random: Random): number {
  const draws = random.unit() + random.unit() + random.unit() + random.unit();
  return (draws - 2) * Math.sqrt(3);
}

/** 1 in the first month. */
function trendAt(trade: Trade, month: number): number {
  const growth = 1 + trade.growthBp / 10_000;
  if (trade.halfwayMonth !== undefined) {
    const at = (when: number) => 1 / (1 + growth ** (trade.halfwayMonth! - when));
    return at(month) / at(1);
  }
  const until = Math.min(month, trade.turn?.afterMonth ?? month);
  const after = month - until;
  return growth ** (until - 1) * (1 + (trade.turn?.growthBp ?? 0) / 10_000) ** after;
}

/** Month by month in whole steps of {@link evenFen}, rounded up: growth is never under what was asked for. */
function evenSteps(trade: Trade, months: number, firstFen = baseFen): readonly number[] {
  const values: number[] = [];
  let steps = Math.ceil(firstFen / evenFen);
  for (let month = 1; month <= months; month += 1) {
    const stopped = trade.runMonth !== undefined && month >= trade.runMonth;
    values.push(stopped ? 0 : steps * evenFen);
    const turned = trade.turn !== undefined && month >= trade.turn.afterMonth;
    const growthBp = turned ? trade.turn.growthBp : trade.growthBp;
    steps = Math.ceil((steps * (10_000 + growthBp)) / 10_000);
  }
  return values;
}

/** Who buys so large a part of all trade in his months, grows like the others, and then leaves. */
export function whaleOf(whale: {
  readonly growthBp: number;
  readonly months: number;
  readonly shareBp: number;
  /** What the others buy in the first month. */
  readonly othersFen: number;
}): readonly number[] {
  const firstFen = (whale.othersFen * whale.shareBp) / (10_000 - whale.shareBp);
  return evenSteps({ ...steady, growthBp: whale.growthBp }, whale.months, firstFen);
}

/**
 * The five classes with their parts of each month's trade; all of them have a full score and
 * somebody who brought them.
 */
export const classActors = (netFen: readonly number[]): readonly Actor[] =>
  classes.map(([id, shareBp]) => ({
    id,
    scoreBp: basisPoints(10_000),
    netFen: netFen.map((whole) => Math.floor((whole * shareBp) / 10_000)),
    hasReferrer: true,
    side: 'member',
    shopId: 'shops',
  }));
