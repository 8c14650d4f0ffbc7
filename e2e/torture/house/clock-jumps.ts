import { systemClock } from '#drivers/core/system-ports.ts';
import { createDraw } from '../draw.ts';
import { openHouse } from './house.ts';
import type { Tier, TierOutcome, TierRun } from '../tier.ts';

export const clockJumps: Tier = {
  title: 'The till’s wall clock jumps by up to 40 days, both ways, between sales',
  unit: 'jumps',
  fullCount: 500,
  missing: () => undefined,
  run: jumpOften,
  note: () =>
    `${salesPerJump} sales after each jump; the entries’ logical clock never ran backwards.`,
  found: 'nothing so far.',
};

const dayMs = 86_400_000;
const jumpDaysMax = 40;
const salesPerJump = 2;

async function jumpOften({ count, seed, say }: TierRun): Promise<TierOutcome> {
  const draw = createDraw(`clock/${seed}`);
  let shiftMs = 0;
  const house = await openHouse({
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + shiftMs },
  });
  try {
    for (let jump = 0; jump < count; jump += 1) {
      shiftMs = Math.round((draw(`${jump}`) * 2 - 1) * jumpDaysMax * dayMs);
      for (let sale = 0; sale < salesPerJump; sale += 1) await house.sell();
      if ((jump + 1) % sayEveryJumps === 0) say(`  ${jump + 1} jumps`);
    }
    shiftMs = 0;
    const found = await house.settle();
    return { ...found, tried: count, counts: {} };
  } finally {
    await house.close();
  }
}

const sayEveryJumps = 25;
