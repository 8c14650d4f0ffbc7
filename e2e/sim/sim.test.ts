import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OracleName } from './oracles.ts';
import { pinnedSeeds } from './pinned-seeds.ts';
import { plantedBugs } from './planted/catalogue.ts';
import type { SeedReport } from './run-seed.ts';
import type { SimBench } from './sim-bench.ts';
import { openTestBench } from './testing/test-bench.ts';

const steps = 4;
const seedMsMax = 60_000;

let bench: SimBench;
beforeAll(async () => {
  bench = await openTestBench();
});
afterAll(() => bench.close());

const run = (seed: number, planted?: string): Promise<SeedReport> =>
  bench.run({ seed, steps, planted });

it(
  'the same seed gives the same trace, whatever ran in between',
  async () => {
    const first = await run(3);
    await run(4);
    const again = await run(3);
    expect(again.traceHash).toBe(first.traceHash);
    expect(first.trace.length).toBeGreaterThan(100);
  },
  seedMsMax,
);

/** Each bug with the first seed that catches it by the plan as it is, and the oracle that sees it. */
const catches: readonly (readonly [bug: string, seed: number, oracle: OracleName])[] = [
  ['skip-fsync', 1, 'what was told taken is kept'],
  ['forget-idempotency', 1, 'the customer paid once'],
  ['resend-after-ack', 1, 'the customer paid once'],
  ['drop-on-4xx', 3, 'the journal arrived once'],
];

describe('a planted bug is caught, and without it the same seed is clean', () => {
  it('every planted bug has a seed, within the first 200', () => {
    expect(catches.map(([bug]) => bug).toSorted()).toEqual(
      plantedBugs.map(({ name }) => name).toSorted(),
    );
    expect(Math.max(...catches.map(([, seed]) => seed))).toBeLessThanOrEqual(200);
  });

  it.each(catches)(
    '%s at seed %i',
    async (bug, seed, oracle) => {
      const caught = await run(seed, bug);
      expect(caught.violations.map((one) => one.oracle)).toContain(oracle);
      const clean = await run(seed);
      expect(clean.violations).toEqual([]);
    },
    seedMsMax,
  );
});

describe('a seed that failed once is clean', () => {
  it.each(pinnedSeeds)(
    'seed $seed: $found',
    async (pinned) => {
      const { violations } = await bench.run({ ...pinned, planted: undefined });
      expect(violations).toEqual([]);
    },
    seedMsMax,
  );
});
