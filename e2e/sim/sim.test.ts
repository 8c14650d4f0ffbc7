import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#cloud/platform/testing/test-database.ts';
import type { OracleName } from './oracles.ts';
import { plantedBugs } from './planted/catalogue.ts';
import { runSeed, type SeedReport } from './run-seed.ts';
import { openSimDatabase, type SimDatabase } from './sim-database.ts';

const steps = 2;
const seedMsMax = 60_000;

let test: TestDatabase;
let database: SimDatabase;
let scratch: string;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await openSimDatabase(test.databaseUrl);
  scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'greentill-sim-'));
});
afterAll(async () => {
  await database.close();
  await test.close();
  rmSync(scratch, { recursive: true, force: true });
});

const run = (seed: number, plantedName?: string): Promise<SeedReport> => {
  const planted = plantedBugs.find(({ name }) => name === plantedName);
  return runSeed({
    seed,
    steps,
    database,
    scratch,
    ...(planted === undefined ? {} : { planted }),
  });
};

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

/** Each bug with a seed that catches it, and the oracle that sees it first. */
const catches: readonly (readonly [bug: string, seed: number, oracle: OracleName])[] = [
  ['skip-fsync', 1, 'what was told taken is kept'],
  ['forget-idempotency', 17, 'the customer paid once'],
  ['resend-after-ack', 18, 'the customer paid once'],
  ['drop-on-4xx', 13, 'the journal arrived once'],
];

describe('a planted bug is caught, and without it the same seed is clean', () => {
  it('every planted bug has a seed', () => {
    expect(catches.map(([bug]) => bug).toSorted()).toEqual(
      plantedBugs.map(({ name }) => name).toSorted(),
    );
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
