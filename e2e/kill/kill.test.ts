import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, openStage, stageOpenMsMax, type Stage } from '../stage/stage.ts';
import { createTurns, runKills } from './kill-run.ts';
import { openStriker } from './striker.ts';

/** The short version of `npm run kill`, which kills a hundred tills and twenty clouds. */
const say = (): void => undefined;
const counts = { sales: 20, tillKills: 4, cloudKills: 2, seed: 1 };

describe('kill -9 of till and cloud in the middle of sales', () => {
  let folder: string;
  let stage: Stage;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-kill-'));
    stage = await openStage({ folder, ports: freePorts });
  }, stageOpenMsMax);
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  it('loses no acknowledged sale and doubles none, in any book', async () => {
    const striker = openStriker();
    const report = await runKills({ stage, say, striker, inTurn: createTurns(), ...counts });
    await striker.close();
    expect(report.violations).toEqual([]);
    expect(report.sales).toHaveLength(counts.sales);
    expect([report.tillKills, report.cloudKills]).toEqual([counts.tillKills, counts.cloudKills]);
    // A run in which nothing is sold would prove nothing.
    expect(report.sales.filter((sale) => sale.told === 'taken').length).toBeGreaterThan(
      counts.sales / 2,
    );
    expect(report.channelCharges).toBeGreaterThan(0);
    expect(report.boxCharges).toBeGreaterThan(0);
    expect(report.paperCount).toBeGreaterThan(0);
  }, 180_000);

  it('prints nothing the printer did not understand', () => {
    expect(stage.bench.printer.unknownCommands()).toEqual([]);
  });
});
