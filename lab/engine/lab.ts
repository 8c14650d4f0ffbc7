import type { ConfigError } from '#shared/points/points-config.ts';
import { getOrThrow, ok, type Result } from '#shared/result/result.ts';
import { castOf, guestOf, type GuestFinding } from './fraud.ts';
import { runLife, type Life } from './life.ts';
import { meanOf, measure, type Measures } from './measures.ts';
import { rules, type Dials, type RulesName } from './rules.ts';
import { consumptionOf, type Trade, type TradeError } from './scenario.ts';

export type LabError = TradeError | ConfigError;

export interface Experiment {
  readonly trade: Trade;
  readonly months: number;
  readonly rules: RulesName;
  readonly dials: Dials;
}

export interface Finding {
  readonly life: Life;
  readonly measures: Measures;
  /** The whale or the ring of the scenario. */
  readonly guest: GuestFinding | undefined;
}

/**
 * One life of five spend classes, and of the scenario's guest, under one set of rules. Literal rules know no guards
 * against a ring; under funded ones it has no score, no referrer and no agent, as in the house.
 */
export function runExperiment(experiment: Experiment): Result<Finding, LabError> {
  const { trade, months, dials } = experiment;
  const netFen = consumptionOf({ trade, months, rateBp: dials.rateBp });
  if (!netFen.ok) return netFen;
  const chosen = rules[experiment.rules];
  const guard = chosen.isLiteral ? 'open' : 'unrelated';
  const live = (lived: Trade) =>
    runLife({
      ...castOf(lived, netFen.value, guard),
      months,
      runMonth: trade.runMonth,
      rules: chosen,
      dials,
    });
  const life = live(trade);
  if (!life.ok) return life;
  const without = (): Life => getOrThrow(live({ ...trade, guest: undefined }));
  return ok({
    life: life.value,
    measures: measure(life.value, chosen.isLiteral),
    guest: guestOf(life.value, { guest: trade.guest, dials, guard, without }),
  });
}

/** Lives of noisy trade that are averaged: one life's luck says little. */
const noisyLives = 8;

/** The measures of an experiment; those of noisy trade as the mean of eight lives, seeds 1 to 8. */
export function measuresOf(experiment: Experiment): Result<Measures, LabError> {
  const seeds = experiment.trade.noiseBp === 0 ? 1 : noisyLives;
  const lives: Measures[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const finding = runExperiment({ ...experiment, trade: { ...experiment.trade, seed } });
    if (!finding.ok) return finding;
    lives.push(finding.value.measures);
  }
  return ok(meanOf(lives));
}
