import { wholeBp } from '#shared/money/rate.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
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
  readonly outstanding: PoolPair;
  readonly inflow: InflowPair;
  /** Points that the merchant with the largest growth added more than in the period before; 0 or more. */
  readonly topMerchantGrowth: bigint;
}

export type GateReason =
  | 'open'
  | 'no-previous-pool'
  | 'growth-below-threshold'
  | 'below-min-scale'
  | 'merchant-concentration';

export interface GateDecision {
  readonly open: boolean;
  readonly reason: GateReason;
  readonly measure: GateMeasure;
  readonly previous: bigint;
  readonly current: bigint;
}

/**
 * The whole gate at a period's close (docs/points.md 2.6), reasons in this order: no previous pool, growth,
 * minimum scale, and one merchant's part of the growth (held for review: closed until two people decide).
 */
export function decideGate(input: GateInput, config: PointsConfig): GateDecision {
  const pool = measuredPool(input, config.gateMeasure);
  const reason = reasonOf(input, pool, config);
  return { open: reason === 'open', reason, measure: config.gateMeasure, ...pool };
}

function measuredPool(input: GateInput, measure: GateMeasure): PoolPair {
  switch (measure) {
    case 'outstanding':
      return { previous: input.outstanding.previous, current: input.outstanding.current };
    case 'period_inflow':
      return { previous: input.inflow.previous, current: input.inflow.current };
    default:
      return exhaustive(measure);
  }
}

function reasonOf(input: GateInput, pool: PoolPair, config: PointsConfig): GateReason {
  if (pool.previous <= 0n) return 'no-previous-pool';
  const grown =
    config.gateMeasure === 'outstanding'
      ? gateOpenByOutstanding(input.outstanding, config)
      : gateOpenByInflow(input.inflow, config);
  if (!grown) return 'growth-below-threshold';
  if (pool.current < BigInt(config.gateMinScale)) return 'below-min-scale';
  const growth = pool.current - pool.previous;
  const concentrated =
    input.topMerchantGrowth * BigInt(wholeBp) > growth * BigInt(config.gateMaxTopMerchantShareBp);
  // The whole (100%) switches the concentration check off: a pilot may consist of one merchant.
  return concentrated && config.gateMaxTopMerchantShareBp < wholeBp
    ? 'merchant-concentration'
    : 'open';
}
