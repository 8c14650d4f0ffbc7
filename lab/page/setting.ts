import { publishedDials, type Dials, type RulesName } from '#lab/engine/rules.ts';
import type { Trade } from '#lab/engine/scenario.ts';
import { scenarioNamed, type ScenarioName } from '#lab/engine/scenarios.ts';

/** Everything that can be turned on the page, as it is shown: percentages are whole or half per cent. */
export interface Setting {
  readonly scenario: ScenarioName;
  readonly growth: number;
  readonly noise: number;
  readonly season: number;
  readonly rate: number;
  readonly fund: number;
  readonly kappa: number;
  readonly horizon: number;
  readonly months: number;
  /** Part of vouchers that is spent before it ends. */
  readonly redeemed: number;
  readonly gate: 'stock' | 'inflow' | 'off';
  readonly literalSides: 'both' | 'consumer';
}

export type DialName = Exclude<keyof Setting, 'scenario' | 'gate' | 'literalSides'>;

export interface DialRange {
  readonly name: DialName;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit: '%' | 'months';
}

/** The sliders in the order of the page: what trade does, then what the rules say. */
export const tradeDials: readonly DialRange[] = [
  { name: 'growth', min: -10, max: 25, step: 0.5, unit: '%' },
  { name: 'season', min: 0, max: 200, step: 10, unit: '%' },
  { name: 'noise', min: 0, max: 20, step: 1, unit: '%' },
  { name: 'months', min: 12, max: 72, step: 1, unit: 'months' },
  { name: 'redeemed', min: 0, max: 100, step: 5, unit: '%' },
];

export const ruleDials: readonly DialRange[] = [
  { name: 'rate', min: 3, max: 20, step: 1, unit: '%' },
  { name: 'fund', min: 55, max: 90, step: 1, unit: '%' },
  { name: 'kappa', min: 10, max: 50, step: 1, unit: '%' },
  { name: 'horizon', min: 1, max: 24, step: 1, unit: 'months' },
];

export function settingOf(scenario: ScenarioName): Setting {
  const { trade } = scenarioNamed(scenario)!;
  return {
    scenario,
    growth: trade.growthBp / 100,
    noise: trade.noiseBp / 100,
    season: trade.seasonBp / 100,
    rate: publishedDials.rateBp / 100,
    fund: publishedDials.fundBp / 100,
    kappa: publishedDials.coverageBp / 100,
    horizon: publishedDials.horizon,
    months: 60,
    redeemed: 90,
    gate: 'stock',
    literalSides: 'both',
  };
}

/** A scenario's trade; what was already chosen for the rules stays. */
export const withScenario = (setting: Setting, scenario: ScenarioName): Setting => {
  const { growth, noise, season } = settingOf(scenario);
  return { ...setting, scenario, growth, noise, season };
};

const basisPointsOf = (percent: number): number => Math.round(percent * 100);

export const tradeOf = (setting: Setting): Trade => ({
  ...scenarioNamed(setting.scenario)!.trade,
  growthBp: basisPointsOf(setting.growth),
  noiseBp: basisPointsOf(setting.noise),
  seasonBp: basisPointsOf(setting.season),
});

/** Of what is spent, 7, 7 and 4 parts of 18 fall into the three months, as in the published 35, 35 and 20 of 90. */
export function dialsOf(setting: Setting): Dials {
  const spent = basisPointsOf(setting.redeemed);
  const first = Math.floor((spent * 7) / 18);
  return {
    ...publishedDials,
    rateBp: basisPointsOf(setting.rate),
    fundBp: basisPointsOf(setting.fund),
    coverageBp: basisPointsOf(setting.kappa),
    horizon: setting.horizon,
    redemptionBp: [first, first, spent - 2 * first],
  };
}

export function rulesOf({ gate, literalSides }: Setting): {
  readonly funded: RulesName;
  readonly literal: RulesName;
} {
  const literal =
    gate === 'off'
      ? 'literal-gate-off'
      : literalSides === 'both'
        ? 'literal-both'
        : 'literal-consumer';
  const funded = {
    stock: 'funded-stock',
    inflow: 'funded-inflow',
    off: 'funded-gate-off',
  } as const;
  return { funded: funded[gate], literal };
}
