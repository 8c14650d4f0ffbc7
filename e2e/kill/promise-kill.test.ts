import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, openStage, stageOpenMsMax, type Stage } from '../stage/stage.ts';
import { planKills, type PlannedSale, type PromiseTender } from './kill-plan.ts';
import { createTurns, runKills } from './kill-run.ts';
import { openStriker } from './striker.ts';

const say = (): void => undefined;
const counts = { sales: 12, tillKills: 12, cloudKills: 2, seed: 2 };

/** Goods on trust only, each struck: half while they are given, half while their money comes. */
const plans: readonly PlannedSale[] = planKills(counts).map((plan, index) => {
  const struckIn = index % 2 === 0 ? 'giving' : 'keeping';
  const ending = index % 6 === 0 ? 'left-open' : 'kept';
  const tender: PromiseTender = { type: 'promise', struckIn, ending };
  return { ...plan, tender };
});

describe('kill -9 between goods on trust, their upload and their money', () => {
  let folder: string;
  let stage: Stage;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-promise-kill-'));
    stage = await openStage({ folder, ports: freePorts });
  }, stageOpenMsMax);
  afterAll(async () => {
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  it('loses none, writes none twice, and calls none paid', { timeout: 600_000 }, async () => {
    const striker = openStriker();
    const report = await runKills({ stage, say, striker, inTurn: createTurns(), plans, ...counts });
    await striker.close();
    expect(report.violations).toEqual([]);
    expect(report.tillKills).toBe(counts.tillKills);
    const told = report.sales.map((sale) => sale.told);
    expect(told).toContain('kept');
    expect(told).toContain('promised');
    expect(report.sales.some(({ answerLost }) => answerLost)).toBe(true);
    // Nothing was sold otherwise: what the channel has would be a promise called paid.
    expect([report.channelCharges, report.boxCharges]).toEqual([0, 0]);
  });
});
