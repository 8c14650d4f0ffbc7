import { setTimeout as pause } from 'node:timers/promises';
import { createDraw } from './draw.ts';
import { openHouse } from './house.ts';
import type { Tier, TierOutcome, TierRun } from './tier.ts';

export const databaseStops: Tier = {
  title: 'PostgreSQL stopped at once in the middle of a batch, and started again',
  unit: 'stops',
  fullCount: 200,
  missing: () =>
    process.platform === 'win32' ? 'Windows has no immediate stop by signal' : undefined,
  run: stopDatabaseOften,
};

/** The till's queue before each stop. */
const queuedSales = 150;
/** When the stop comes, after the line is back: before, while and after the batches arrive. */
const stopMsMax = 1_200;
const storedSql = 'select coalesce(sum(head_seq), 0) as stored from journal_head';

async function stopDatabaseOften({ count, seed, say }: TierRun): Promise<TierOutcome> {
  const draw = createDraw(`database/${seed}`);
  const house = await openHouse({});
  let forgotten = 0;
  let midBatch = 0;
  try {
    for (let stop = 0; stop < count; stop += 1) {
      house.cloudLine.unplug();
      for (let sale = 0; sale < queuedSales; sale += 1) await house.sell();
      house.cloudLine.plug();
      await pause(draw(`at/${stop}`) * stopMsMax);
      const unsent = await house.unsentCount();
      const acknowledged = house.acknowledgedEntries();
      await house.stopDatabase(stop % 2 === 0 ? 'SIGQUIT' : 'SIGKILL');
      // The till never forgets an acknowledgement; the database must not either.
      const [row] = await house.ask<{ stored: number }>(storedSql);
      const stored = row?.stored ?? 0;
      forgotten += Math.max(0, acknowledged - stored);
      if (unsent > 0) midBatch += 1;
      say(
        `  stop ${stop + 1}: ${unsent} sales unsent, ${acknowledged} entries acknowledged, ${stored} stored`,
      );
    }
    const found = await house.settle();
    const faults =
      forgotten === 0
        ? found.faults
        : [...found.faults, `PostgreSQL forgot ${forgotten} acknowledged entries`];
    const note =
      `SIGQUIT (immediate) and SIGKILL in turn, ${midBatch} times with entries on their way; the cloud’s process went on ` +
      `each time. fsync on.`;
    return { ...found, faults, tried: count, note };
  } finally {
    await house.close();
  }
}
