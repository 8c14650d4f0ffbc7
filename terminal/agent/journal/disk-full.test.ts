import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { findChainFault } from '#terminal/agent/journal/hash-chain.ts';
import { rebuildProjections } from '#terminal/agent/journal/rebuild.ts';
import { ballastFileName } from '#terminal/agent/store/disk-room.ts';
import { dumpProjections } from '#terminal/agent/journal/projections.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { canMount, mountSmallDisk, type SmallDisk } from '#terminal/agent/testing/small-disk.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

/** Room for the journal and for the ballast, which is only made where there is plenty. */
const diskMegabytes = 20;
/** Far more sales than fit into the ballast. */
const salesMax = 20_000;

describe.skipIf(!canMount())('a full disk (needs mount)', () => {
  let disk: SmallDisk;
  let bench: TillBench | undefined;
  beforeEach(() => {
    disk = mountSmallDisk(diskMegabytes);
  });
  afterEach(async () => {
    try {
      await bench?.close();
    } finally {
      bench = undefined;
      disk.remove();
    }
  });

  test('the ballast buys room for more sales; then the till refuses whole sales and keeps what it has', () => {
    const { journal, store } = openTestJournal(disk.path);
    const ballast = join(disk.path, ballastFileName);
    expect(existsSync(ballast)).toBe(true);
    disk.fill();
    let taken = 0;
    let takenWithBallast = 0;
    let refusedWith = '';
    for (let index = 0; index < salesMax && refusedWith === ''; index += 1) {
      const kept = journal.append([openedFact(index), cashFact(index)]);
      if (!kept.ok) refusedWith = kept.error.type;
      else if (existsSync(ballast)) takenWithBallast = taken += 1;
      else taken += 1;
    }
    expect(refusedWith).toBe('store-full');
    expect(existsSync(ballast)).toBe(false);
    expect(taken).toBeGreaterThan(takenWithBallast);

    const live = dumpProjections(journal.read);
    expect(live.orders).toHaveLength(taken);
    expect(findChainFault(walkEntries(journal.read))).toBeUndefined();

    disk.free();
    const again = journal.append([openedFact(taken), cashFact(taken)]);
    expect(again.ok).toBe(true);
    expect(findChainFault(walkEntries(journal.read))).toBeUndefined();
    const after = dumpProjections(journal.read);
    expect(after.orders).toHaveLength(taken + 1);
    expect(rebuildProjections(store)).toBeUndefined();
    expect(dumpProjections(journal.read)).toEqual(after);
    journal.close();
  });

  test('at the counter: the sale is refused in words, nothing shows as sold, and room made lets it sell on', async () => {
    const here = (bench = await openTillBench({ dataDir: disk.path }));
    disk.fill();
    const sell = async (): Promise<string | undefined> => {
      await here.ask('till.setAmount', { amountFen: 100 });
      const paid = await here.ask('till.payCash', { tenderedFen: 100 });
      return 'refused' in paid ? paid.refused : undefined;
    };
    let taken = 0;
    let refused = await sell();
    for (; refused === undefined && taken < salesMax; taken += 1) refused = await sell();
    expect(refused).toBe('store-full');
    expect((await here.till()).screen).toEqual({ type: 'ready' });
    expect(await here.ask('today.get', {})).toMatchObject({ cashFen: taken * 100 });
    disk.free();
    await here.until('it sells again', async () => (await sell()) === undefined);
    expect(await here.screen('cash')).toMatchObject({ amountFen: 100 });
    expect(await here.ask('today.get', {})).toMatchObject({ cashFen: (taken + 1) * 100 });
  });
});
