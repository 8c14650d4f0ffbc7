import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runKills } from '../kill/kill-run.ts';
import { freePorts, openStage } from '../stage/stage.ts';
import type { Tier, TierOutcome, TierRun } from './tier.ts';

/** Of so many kills one is the cloud's. */
const cloudKillEvery = 5;

export const kills: Tier = {
  title: 'kill -9 of the till’s agent and of the cloud in the middle of sales',
  unit: 'kills',
  fullCount: 1_000,
  missing: () => undefined,
  run: killBoth,
};

/** The whole stack of e2e/stage under the plan and the oracles of e2e/kill. */
async function killBoth({ count, seed, say }: TierRun): Promise<TierOutcome> {
  const cloudKills = Math.floor(count / cloudKillEvery);
  const tillKills = count - cloudKills;
  const folder = await mkdtemp(path.join(tmpdir(), 'greentill-torture-'));
  const stage = await openStage({ folder, ports: freePorts });
  try {
    const counts = { sales: Math.max(tillKills, cloudKills), tillKills, cloudKills, seed };
    const report = await runKills({ stage, folder, say, ...counts });
    const taken = report.sales.filter((sale) => sale.told === 'taken').length;
    return {
      tried: report.tillKills + report.cloudKills,
      acknowledged: taken,
      lost: report.lostCount,
      doubled: report.doubledCount,
      faults: report.violations.map(({ oracle, detail }) => `${oracle}: ${detail}`),
      note:
        `${report.tillKills} of the till, ${report.cloudKills} of the cloud; ${report.sales.length} sales in cash, by ` +
        `wallet, by member code and at the box; ${report.channelCharges} charges in the channel’s books, ` +
        `${report.boxCharges} in the box’s, ${report.entryCount} entries with their chain.`,
    };
  } finally {
    await stage.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
