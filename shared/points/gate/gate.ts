import { divFloor } from '#shared/money/exact.ts';
import { wholeBp } from '#shared/money/rate.ts';
import type { GateMeasure, PointsConfig } from '#shared/points/points-config.ts';

/** A pool at two closes, in point-fen; bigint because whole pools may pass 2^53. */
export interface PoolPair {
  readonly previous: bigint;
  readonly current: bigint;
}

export interface InflowPair extends PoolPair {
  readonly previousDays: number;
  readonly currentDays: number;
}

/**
 * Rule R10 on the stock of unreleased points: open iff previous > 0 and current >= previous * 1.15.
 * 以上 includes the number itself (民法典 1259). Cross-multiplied: no quotient, no float.
 */
export const gateOpenByOutstanding = (pool: PoolPair, config: PointsConfig): boolean =>
  pool.previous > 0n &&
  pool.current * BigInt(wholeBp) >= pool.previous * BigInt(wholeBp + config.gateGrowthBp);

/** The same rule on points that entered per day: 28 to 31 days alone is no growth (docs/points.md 2.6). */
export const gateOpenByInflow = (pool: InflowPair, config: PointsConfig): boolean =>
  gateOpenByOutstanding(
    {
      previous: pool.previous * BigInt(pool.currentDays),
      current: pool.current * BigInt(pool.previousDays),
    },
    config,
  );

export interface GateInput {
  readonly outstanding: PoolPair & {
    /** All points that the merchant with the most brought in during the period; 0 or more. */
    readonly topMerchantGrowth: bigint;
  };
  readonly inflow: InflowPair & {
    /**
     * What the merchant with the largest growth brought in more than in the period before, times the days of the other
     * period on both sides: current * previousDays - previous * currentDays; 0 or more.
     */
    readonly topMerchantGrowth: bigint;
  };
}

export type GateReason =
  | 'open'
  | 'no-previous-pool'
  | 'growth-below-threshold'
  | 'below-min-scale'
  | 'merchant-concentration';

/** What one measure says at a close, whether it decides or not. */
export interface GateReading {
  readonly open: boolean;
  readonly reason: GateReason;
  readonly previous: bigint;
  readonly current: bigint;
  /** Growth to the close before (of the inflow: per day), in basis points, rounded down; undefined without one. */
  readonly growthBp: bigint | undefined;
}

export interface GateDecision extends GateReading {
  /** The measure that decided. */
  readonly measure: GateMeasure;
  /** Both measures: the other one is shown beside it (docs/points.md 2.6). */
  readonly readings: Readonly<Record<GateMeasure, GateReading>>;
}

/**
 * The whole gate at a period's close (docs/points.md 2.6), reasons in this order: no previous pool, growth,
 * minimum scale, and one merchant's part of the growth. No person opens a gate: whoever finds fake sales behind a
 * growth refuses their points (cloud/review), and the next close counts without them.
 */
export function decideGate(input: GateInput, config: PointsConfig): GateDecision {
  const { inflow } = input;
  // Per day, cross-multiplied: both sides get the days of the other period.
  const perDay = {
    previous: inflow.previous * BigInt(inflow.currentDays),
    current: inflow.current * BigInt(inflow.previousDays),
    topMerchantGrowth: inflow.topMerchantGrowth,
  };
  const readings = {
    outstanding: readPool(input.outstanding, input.outstanding, config),
    period_inflow: readPool(inflow, perDay, config),
  };
  return { measure: config.gateMeasure, ...readings[config.gateMeasure], readings };
}

/** `pool` is what is shown and has the minimum scale, `compared` what growth is read from. */
function readPool(
  pool: PoolPair,
  compared: PoolPair & { readonly topMerchantGrowth: bigint },
  config: PointsConfig,
): GateReading {
  const { previous, current } = pool;
  const reason = reasonOf(current, compared, config);
  const growthBp =
    compared.previous > 0n
      ? divFloor((compared.current - compared.previous) * BigInt(wholeBp), compared.previous)
      : undefined;
  return { open: reason === 'open', reason, previous, current, growthBp };
}

function reasonOf(
  scale: bigint,
  compared: PoolPair & { readonly topMerchantGrowth: bigint },
  config: PointsConfig,
): GateReason {
  if (compared.previous <= 0n) return 'no-previous-pool';
  if (!gateOpenByOutstanding(compared, config)) return 'growth-below-threshold';
  if (scale < BigInt(config.gateMinScale)) return 'below-min-scale';
  const growth = compared.current - compared.previous;
  const concentrated =
    compared.topMerchantGrowth * BigInt(wholeBp) >
    growth * BigInt(config.gateMaxTopMerchantShareBp);
  // The whole (100%) switches the concentration check off: a pilot may consist of one merchant.
  return concentrated && config.gateMaxTopMerchantShareBp < wholeBp
    ? 'merchant-concentration'
    : 'open';
}
