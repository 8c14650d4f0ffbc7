import { describe, expect, it } from 'vitest';
import { runRing, runWhale } from './fraud.ts';
import { runExperiment } from './lab.ts';
import { publishedDials, type RulesName } from './rules.ts';
import { scenarioNamed } from './scenarios.ts';
import { getOrThrow } from '#shared/result/result.ts';

const months = 60;
const live = (name: string, rules: RulesName, lived = months) =>
  getOrThrow(
    runExperiment({
      trade: scenarioNamed(name)!.trade,
      months: lived,
      rules,
      dials: publishedDials,
    }),
  );

describe('the scenarios with somebody out of the ordinary', () => {
  it.each(['funded-stock', 'funded-inflow', 'literal-both'] as const)(
    'whale, %s: the gate and the others are those of the table about him',
    (rules) => {
      const { guest, measures } = live('whale', rules);
      const table = getOrThrow(runWhale({ growthBp: 1500, months, rules, dials: publishedDials }));
      expect(measures.openPeriods).toBe(table.openWith);
      expect(guest).toEqual({
        type: 'whale',
        othersChange: table.othersWithFen / table.othersWithoutFen - 1,
      });
    },
  );

  it('ring: guarded under funded rules it loses, by the letter it makes eight times its money', () => {
    const { trade } = scenarioNamed('exactly-15')!;
    const gain = (rules: RulesName, guard: 'open' | 'unrelated') =>
      getOrThrow(runRing({ trade, months, rules, dials: publishedDials, guard })).gain;
    const [funded, literal] = [live('ring', 'funded-stock'), live('ring', 'literal-both')];
    expect(funded.guest).toEqual({ type: 'ring', gain: gain('funded-stock', 'unrelated') });
    expect(literal.guest).toEqual({ type: 'ring', gain: gain('literal-both', 'open') });
    expect(gain('funded-stock', 'unrelated')).toBeLessThan(0);
    expect(gain('literal-both', 'open')).toBeGreaterThan(8);
  });

  it('nobody is told of where there is none, or nothing to measure yet', () => {
    expect(live('flat', 'funded-stock', 12).guest).toBeUndefined();
    expect(live('ring', 'funded-stock', 5).guest).toBeUndefined();
    expect(live('whale', 'funded-stock', 3).guest).toMatchObject({ type: 'whale' });
  });
});
