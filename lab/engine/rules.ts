import { basisPoints, wholeBp } from '#shared/money/rate.ts';
import {
  checkPointsConfig,
  defaultPointsConfig,
  type ConfigError,
  type GateMeasure,
  type PointsConfig,
} from '#shared/points/points-config.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { err, type Result } from '#shared/result/result.ts';

/** The sets of rules that are put side by side. */
export type RulesName =
  | 'literal-both'
  | 'literal-consumer'
  | 'literal-gate-off'
  | 'funded-stock'
  | 'funded-inflow'
  | 'funded-gate-off';

export const rulesNames: readonly RulesName[] = [
  'literal-both',
  'literal-consumer',
  'literal-gate-off',
  'funded-stock',
  'funded-inflow',
  'funded-gate-off',
];

export interface Rules {
  readonly name: RulesName;
  /** The market's rule read by its letter: every open period at the largest multiplier, whatever money there is. */
  readonly isLiteral: boolean;
  /** Do the shops' points become vouchers, too, as fast as those of members? */
  readonly merchantVouchers: boolean;
  readonly gate: GateMeasure | 'off';
}

export const rules: Readonly<Record<RulesName, Rules>> = {
  'literal-both': literal('literal-both', 'outstanding', true),
  'literal-consumer': literal('literal-consumer', 'outstanding', false),
  'literal-gate-off': literal('literal-gate-off', 'off', false),
  'funded-stock': funded('funded-stock', 'outstanding'),
  'funded-inflow': funded('funded-inflow', 'period_inflow'),
  'funded-gate-off': funded('funded-gate-off', 'off'),
};

function literal(name: RulesName, gate: Rules['gate'], merchantVouchers: boolean): Rules {
  return { name, isLiteral: true, merchantVouchers, gate };
}

function funded(name: RulesName, gate: Rules['gate']): Rules {
  return { name, isLiteral: false, merchantVouchers: false, gate };
}

/** What of a network's rules can be turned by hand. Shares in basis points. */
export interface Dials {
  /** Mean concession rate, 300..2000. */
  readonly rateBp: number;
  /** The fund's part of every concession. */
  readonly fundBp: number;
  /** kappa: the part of unreleased points that the fund must still cover after a release. */
  readonly coverageBp: number;
  /** Periods that the forecast looks at; 1: no forecast. */
  readonly horizon: number;
  /** Periods of a new lot, both ends; 36 and 36 as in the published figures. */
  readonly nMin: number;
  readonly nMax: number;
  /** Spent in the month of release, in the next and in the one after; the rest expires. */
  readonly redemptionBp: readonly [number, number, number];
}

export const publishedDials: Dials = {
  rateBp: 1000,
  fundBp: 7000,
  coverageBp: 3000,
  horizon: 6,
  nMin: 36,
  nMax: 36,
  redemptionBp: [3500, 3500, 2000],
};

/** Roles under contract take 10% in the published split, the contingency 5%; the margin takes what the fund leaves. */
const agentsAndContingencyBp = 1500;
const marginBpMax = 3000;

/**
 * The real configuration of these dials, judged by the real check. The lab's network has no size of its own, so the
 * minimum scale and the part of one shop in the growth are switched off.
 */
export function configOf(dials: Dials, gate: Rules['gate']): Result<PointsConfig, ConfigError> {
  const margin = wholeBp - agentsAndContingencyBp - dials.fundBp;
  const wrong = dialOutOfRange(dials);
  if (wrong) return err(wrong);
  return checkPointsConfig({
    ...defaultPointsConfig,
    gateMeasure: gate === 'off' ? 'outstanding' : gate,
    gateMinScale: pointFen(0),
    gateMaxTopMerchantShareBp: wholeBp,
    coverageBp: basisPoints(dials.coverageBp),
    fundMinBp: basisPoints(dials.fundBp),
    marginBp: basisPoints(Math.max(0, Math.min(margin, marginBpMax))),
    plannerHorizon: dials.horizon,
    nMin: dials.nMin,
    nMax: dials.nMax,
  });
}

function dialOutOfRange(dials: Dials): ConfigError | undefined {
  const redeemed = dials.redemptionBp.reduce((sum, part) => sum + part, 0);
  const bounds: readonly (readonly [key: string, value: number, min: number, max: number])[] = [
    ['rateBp', dials.rateBp, 300, 2000],
    ['fundMinBp', dials.fundBp, 5500, 9000],
    ['coverageBp', dials.coverageBp, 1000, 9047],
    ['redemptionBp', Math.min(...dials.redemptionBp), 0, wholeBp],
    ['redemptionBp', redeemed, 0, wholeBp],
  ];
  const broken = bounds.find(
    ([, value, min, max]) => !Number.isSafeInteger(value) || value < min || value > max,
  );
  if (!broken) return undefined;
  const [key, value, min, max] = broken;
  return { type: 'config-out-of-range', key, value, min, max };
}
