import { createDraw } from '../draw.ts';
import { openHouse } from './house.ts';
import { mischiefs } from './line.ts';
import { counted, type Tier, type TierOutcome, type TierRun } from '../tier.ts';

export const chaos: Tier = {
  title: 'A network between till and cloud that delays, cuts, drops, half-closes and repeats',
  unit: 'sales',
  fullCount: 2_000,
  partCount: 500,
  missing: () => undefined,
  run: sellOverABadLine,
  note: (counts) => {
    const all = Object.values(counts).reduce((sum, times) => sum + times, 0);
    const words = mischiefs.map((name) => `${name} ${counted(counts, name)}`).join(', ');
    return `${all.toLocaleString('en-US')} connections: ${words}.`;
  },
  found: 'nothing so far.',
};

/** The line is unplugged now and then, so that it also strikes whole batches. */
const unplugEvery = 25;
const unpluggedSales = 8;

async function sellOverABadLine({ count, seed, say }: TierRun): Promise<TierOutcome> {
  const house = await openHouse({});
  try {
    house.cloudLine.stirUp(createDraw(`chaos/${seed}`));
    for (let sale = 0; sale < count; sale += 1) {
      await house.sell();
      if (sale % unplugEvery === 0) house.cloudLine.unplug();
      if (sale % unplugEvery === unpluggedSales) house.cloudLine.plug();
      if (sale % unplugEvery > unpluggedSales) await untilSentMost(house);
      if ((sale + 1) % sayEverySales === 0) say(`  ${sale + 1} sales`);
    }
    house.cloudLine.plug();
    await untilSentMost(house);
    const suffered = [...house.cloudLine.suffered];
    house.cloudLine.calmDown();
    const found = await house.settle();
    return { ...found, tried: count, counts: Object.fromEntries(suffered) };
  } finally {
    await house.close();
  }
}

const sayEverySales = 50;
const patienceMs = 1_500;
const pollMs = 20;

/** Gives the bad line its chances: goes on when all is sent, or when patience ends. */
async function untilSentMost(house: { unsentCount(): Promise<number> }): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while (performance.now() < deadlineMs && (await house.unsentCount()) > 0)
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs);
    });
}
