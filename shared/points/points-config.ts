import { basisPoints, wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import type { PeriodKind } from '#shared/time/period.ts';

export type AgentRole = 'marketer' | 'region' | 'province';

/** The three fixed service roles in the order in which ties are broken; never an upline (rule R25). */
export const agentRoles: readonly AgentRole[] = ['marketer', 'region', 'province'];

/**
 * Which pool the 15% rule reads (docs/points.md 2.6): the stock of unreleased points, or the points that entered
 * in the period, per day.
 */
export type GateMeasure = 'outstanding' | 'period_inflow';

/** Every number a rule reads. Versioned and dated by the cloud; effective from the next period. */
export interface PointsConfig {
  /** Length of a period (rule R6); it stands for good once the first points are final. */
  readonly periodKind: PeriodKind;
  readonly concessionMinBp: BasisPoints;
  readonly concessionMaxBp: BasisPoints;
  readonly merchantShareBp: BasisPoints;
  readonly referralBp: BasisPoints;
  readonly referralWindowDays: number;
  readonly settleImmediateBp: BasisPoints;
  readonly voucherMaxShareBp: BasisPoints;
  readonly voucherDays: number;
  readonly gateMeasure: GateMeasure;
  readonly gateGrowthBp: BasisPoints;
  readonly gateMinScale: PointFen;
  readonly gateMaxTopMerchantShareBp: BasisPoints;
  readonly dailyReleaseBp: BasisPoints;
  readonly monthlyReleaseBp: BasisPoints;
  readonly nMin: number;
  readonly nMax: number;
  readonly multMinBp: BasisPoints;
  readonly multMaxBp: BasisPoints;
  readonly coverageBp: BasisPoints;
  /** Periods that the forecast bound looks at, this one included; 1: the hard bound alone. */
  readonly plannerHorizon: number;
  readonly bonusRequiresScore: boolean;
  readonly agentMode: 'concession' | 'flow';
  readonly agents: Readonly<Record<AgentRole, AgentRates>>;
  readonly agentTotalCapBp: BasisPoints;
  readonly marginBp: BasisPoints;
  readonly contingencyBp: BasisPoints;
  readonly fundMinBp: BasisPoints;
  /** Scores at which tiers 0, 1, 2, ... begin, in fen of 12-month consumption; rising, first 0. */
  readonly tierScoreFen: readonly Fen[];
  readonly tierReferredWeightBp: BasisPoints;
  readonly tierReferredCapBp: BasisPoints;
}

export interface AgentRates {
  /** Share of the concession in `concession` mode. */
  readonly concessionBp: BasisPoints;
  /** Ceiling in `concession` mode, as a share of the order's net flow. */
  readonly flowCapBp: BasisPoints;
  /** Share of the net flow in `flow` mode. */
  readonly flowBp: BasisPoints;
}

const rates = (concessionBp: number, flowCapBp: number, flowBp: number): AgentRates => ({
  concessionBp: basisPoints(concessionBp),
  flowCapBp: basisPoints(flowCapBp),
  flowBp: basisPoints(flowBp),
});

/** The values of the published rules (docs/points.md 2.13). */
export const defaultPointsConfig: PointsConfig = {
  periodKind: 'month',
  concessionMinBp: basisPoints(300),
  concessionMaxBp: basisPoints(2000),
  merchantShareBp: wholeBp,
  referralBp: basisPoints(500),
  referralWindowDays: 365,
  settleImmediateBp: basisPoints(8000),
  voucherMaxShareBp: basisPoints(5000),
  voucherDays: 90,
  gateMeasure: 'outstanding',
  gateGrowthBp: basisPoints(1500),
  gateMinScale: pointFen(1_000_000),
  gateMaxTopMerchantShareBp: basisPoints(3000),
  dailyReleaseBp: basisPoints(5000),
  monthlyReleaseBp: basisPoints(20_000),
  nMin: 36,
  nMax: 40,
  multMinBp: wholeBp,
  multMaxBp: basisPoints(50_000),
  coverageBp: basisPoints(3000),
  plannerHorizon: 6,
  bonusRequiresScore: true,
  agentMode: 'concession',
  agents: {
    marketer: rates(500, 100, 50),
    region: rates(300, 120, 100),
    province: rates(200, 150, 150),
  },
  agentTotalCapBp: basisPoints(2000),
  marginBp: basisPoints(1500),
  contingencyBp: basisPoints(500),
  fundMinBp: basisPoints(7000),
  tierScoreFen: [0, 200_000, 1_000_000, 5_000_000, 20_000_000].map(fen),
  tierReferredWeightBp: basisPoints(2000),
  tierReferredCapBp: basisPoints(5000),
};

/** A tier takes one period off a lot, and a lot has 36 to 40 (rule R24). */
const tiersMax = 5;

export interface ConfigError {
  readonly type: 'config-out-of-range';
  readonly key: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

type NumberKey = {
  [K in keyof PointsConfig]: PointsConfig[K] extends number ? K : never;
}[keyof PointsConfig];

/** Legal ranges. A rule may be made stricter here, never looser. */
const ranges: Readonly<Record<NumberKey, readonly [min: number, max: number]>> = {
  concessionMinBp: [300, 2000],
  concessionMaxBp: [300, 2000],
  merchantShareBp: [0, 10_000],
  referralBp: [0, 500],
  referralWindowDays: [0, 365],
  settleImmediateBp: [5000, 8000],
  voucherMaxShareBp: [1000, 10_000],
  voucherDays: [30, 365],
  gateGrowthBp: [1500, 10_000],
  gateMinScale: [0, 1_000_000_000_000],
  gateMaxTopMerchantShareBp: [0, 10_000],
  dailyReleaseBp: [0, 5000],
  monthlyReleaseBp: [0, 20_000],
  nMin: [36, 40],
  nMax: [36, 40],
  multMinBp: [2000, 10_000],
  multMaxBp: [10_000, 50_000],
  coverageBp: [1000, 9047],
  plannerHorizon: [1, 24],
  agentTotalCapBp: [0, 2000],
  marginBp: [0, 3000],
  contingencyBp: [300, 2000],
  fundMinBp: [5000, 9500],
  tierReferredWeightBp: [0, 2000],
  tierReferredCapBp: [0, 5000],
};

/** Checks one version of the configuration: every number in its legal range and the ranges among each other. */
export function checkPointsConfig(config: PointsConfig): Result<PointsConfig, ConfigError> {
  for (const [key, [min, max]] of Object.entries(ranges)) {
    const value: number = config[key as NumberKey];
    if (!Number.isSafeInteger(value) || value < min || value > max)
      return err({ type: 'config-out-of-range', key, value, min, max });
  }
  const relations: ConfigError[] = [
    { ...outOf('concessionMinBp', config.concessionMinBp), min: 300, max: config.concessionMaxBp },
    { ...outOf('nMin', config.nMin), min: 36, max: config.nMax },
    // The coverage proof needs new money to raise coverage: f / 1.05 >= kappa.
    {
      ...outOf('coverageBp * 1.05', config.coverageBp * 105),
      min: 0,
      max: config.fundMinBp * 100,
    },
    // A release at a multiplier under the coverage floor would raise coverage without bound.
    { ...outOf('coverageBp', config.coverageBp), min: 0, max: config.multMinBp - 1 },
  ];
  relations.push(...agentRelations(config), ...tierRelations(config));
  const broken = relations.find(({ value, min, max }) => value < min || value > max);
  return broken === undefined ? ok(config) : err(broken);
}

/** What a role may be paid at most on the net flow is a ceiling of the published rules (rule R26). */
const agentRelations = (config: PointsConfig): readonly ConfigError[] =>
  agentRoles.flatMap((role) => {
    const most = defaultPointsConfig.agents[role];
    const own = config.agents[role];
    return [
      { ...outOf(`agents.${role}.concessionBp`, own.concessionBp), min: 0, max: 2000 },
      { ...outOf(`agents.${role}.flowCapBp`, own.flowCapBp), min: 0, max: most.flowCapBp },
      { ...outOf(`agents.${role}.flowBp`, own.flowBp), min: 0, max: most.flowBp },
    ];
  });

/** Tiers 0 to 4 at rising scores, the first at 0 (rule R23). */
const tierRelations = ({ tierScoreFen }: PointsConfig): readonly ConfigError[] => [
  { ...outOf('tierScoreFen', tierScoreFen.length), min: 1, max: tiersMax },
  ...tierScoreFen.map((score, tier) => ({
    ...outOf(`tierScoreFen.${tier}`, score),
    min: tier === 0 ? 0 : tierScoreFen[tier - 1]! + 1,
    max: tier === 0 ? 0 : Number.MAX_SAFE_INTEGER,
  })),
];

const outOf = (key: string, value: number) =>
  ({ type: 'config-out-of-range', key, value }) as const;
