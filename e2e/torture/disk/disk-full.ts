import { getOrThrow } from '#shared/result/result.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { canMount, mountSmallDisk } from '#terminal/agent/testing/small-disk.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { countSales } from '../count-sales.ts';
import { counted, type Tier, type TierOutcome, type TierRun } from '../tier.ts';

export const diskFull: Tier = {
  title: 'The disk fills up while the till sells, and is given room again',
  unit: 'times full',
  fullCount: 100,
  missing: () => (canMount() ? undefined : 'it needs mount, as root on Linux'),
  run: (run) => Promise.resolve(fillOften(run)),
  note: (counts) =>
    `A file system of ${diskMegabytes} MB; ${counted(counts, 'refused')} sales refused with a clear message; the till was ` +
    `reopened both while the disk was full and after it had room.`,
  found: 'The till threw instead of opening when its ballast file could not be written. Fixed.',
};

const diskMegabytes = 24;
/** Far more than fit into the ballast. */
const salesPerFillMax = 5_000;
const salesWithRoom = 3;

function fillOften({ count, say }: TierRun): TierOutcome {
  const disk = mountSmallDisk(diskMegabytes);
  const faults: string[] = [];
  let [tried, sold, lost, doubled, refused] = [0, 0, 0, 0, 0];
  const judge = (): void => {
    const { journal } = openTestJournal(disk.path);
    const found = countSales(journal.read);
    journal.close();
    lost = Math.max(lost, sold - found.salesCount);
    doubled = Math.max(doubled, found.doubledCount);
    faults.push(...found.faults);
    if (found.salesCount > sold) faults.push('a refused sale is there');
  };
  try {
    for (; tried < count; tried += 1) {
      const { journal } = openTestJournal(disk.path);
      for (let sale = 0; sale < salesWithRoom; sale += 1) {
        getOrThrow(journal.append([openedFact(sold), cashFact(sold)]));
        sold += 1;
      }
      disk.fill();
      let isFull = false;
      for (let sale = 0; sale < salesPerFillMax && !isFull; sale += 1) {
        const kept = journal.append([openedFact(sold), cashFact(sold)]);
        isFull = !kept.ok;
        if (kept.ok) sold += 1;
        else if (kept.error.type !== 'store-full') faults.push(`refused with ${kept.error.type}`);
      }
      if (isFull) refused += 1;
      else faults.push('a full disk refused nothing');
      journal.close();
      // Once with the disk still full, and once with room: both must open.
      judge();
      disk.free();
      judge();
      if ((tried + 1) % sayEveryFills === 0) say(`  ${tried + 1} times full, ${sold} sales`);
    }
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  } finally {
    disk.remove();
  }
  return { tried, acknowledged: sold, lost, doubled, faults, counts: { refused } };
}

const sayEveryFills = 10;
