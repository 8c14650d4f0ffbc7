import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemRandom } from '#drivers/core/system-ports.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { fateOf, reopenPauseMs } from '#terminal/agent/journal/entry-fate.ts';
import { openJournal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { createFaultyDisk } from '#terminal/agent/testing/faulty-disk.ts';
import { cashFact, openedFact, orderIdOf } from '#terminal/agent/testing/facts.ts';
import { tempFolder } from '#terminal/agent/testing/temp-store.ts';

let folder = tempFolder();
let monotonicMs = 0;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

function openOnFaultyDisk() {
  const disk = createFaultyDisk();
  const clock = { nowMs: () => 1_795_000_000_000, monotonicMs: () => monotonicMs };
  const store = getOrThrow(openStore(folder.path, { openDatabase: disk.openDatabase, clock }));
  const journal = getOrThrow(
    openJournal({ store, clock, random: systemRandom, appVersion: 'test' }),
  );
  const told: (string | undefined)[] = [];
  journal.onTrouble((code) => told.push(code));
  let heard = 0;
  journal.onAppended((entries) => {
    heard += entries.length;
  });
  const sell = (index: number) => journal.append([openedFact(index), cashFact(index)]);
  const count = (index: number): number =>
    [...walkEntries(journal.read)].filter(({ body }) => body.includes(orderIdOf(index))).length;
  return { disk, journal, store, told, sell, count, heard: () => heard };
}

describe('a commit whose sync fails is read back, never guessed and never repeated', () => {
  test('it is stored: the sale is answered as stored, once, and people hear of the disk', () => {
    const till = openOnFaultyDisk();
    till.disk.failNext('stored-but-failed');
    expect(till.sell(1).ok).toBe(true);
    expect(till.count(1)).toBe(2);
    expect(till.heard()).toBe(2);
    expect(till.told).toEqual(['store-disk-faulty']);
    expect(till.sell(2).ok).toBe(true);
    expect(checkChain(till.journal.read).fault).toBeUndefined();
    till.journal.close();
  });

  test('it is not stored: the sale is refused as not done, and the next one follows the old head', () => {
    const till = openOnFaultyDisk();
    const before = till.journal.head();
    till.disk.failNext('failed');
    expect(till.sell(1)).toMatchObject({ ok: false, error: { type: 'store-failed' } });
    expect(till.journal.head()).toEqual(before);
    expect(findOrder(till.journal.read, orderIdOf(1))).toBeUndefined();
    expect(till.heard()).toBe(0);
    expect(till.sell(1).ok).toBe(true);
    expect(checkChain(till.journal.read).fault).toBeUndefined();
    till.journal.close();
  });

  test('the file cannot be opened again: nothing is sold on this handle until it can be read', () => {
    const till = openOnFaultyDisk();
    till.disk.failNext('stored-but-failed');
    till.disk.die();
    expect(till.sell(1)).toMatchObject({ ok: false, error: { type: 'store-halted' } });
    expect(till.journal.trouble()).toBe('store-halted');
    till.disk.revive();
    expect(till.sell(2)).toMatchObject({ ok: false, error: { type: 'store-halted' } });
    monotonicMs += reopenPauseMs;
    expect(till.sell(2).ok).toBe(true);
    expect([till.count(1), till.count(2)]).toEqual([2, 2]);
    expect(till.heard()).toBe(4);
    expect(till.told).toEqual(['store-halted', 'store-disk-faulty']);
    expect(checkChain(till.journal.read).fault).toBeUndefined();
    till.journal.close();
  });

  test('the disk gave up confirmed entries: their numbers are never used again, and it is said', () => {
    const till = openOnFaultyDisk();
    till.sell(1);
    till.sell(2);
    const { epoch } = till.journal.head();
    till.disk.failNext('gave-up-entries');
    expect(till.sell(3)).toMatchObject({ ok: false, error: { type: 'store-failed' } });
    expect(till.journal.head().epoch).not.toBe(epoch);
    expect(till.journal.trouble()).toBe('store-entries-lost');
    expect(till.sell(4).ok).toBe(true);
    expect(checkChain(till.journal.read).fault).toBeUndefined();
    till.journal.close();
  });

  test('the epoch after a loss is refused as well: nothing is sold in the old one, and the next sale begins it', () => {
    const till = openOnFaultyDisk();
    till.sell(1);
    till.sell(2);
    const { epoch } = till.journal.head();
    till.disk.failNext('gave-up-entries', 'failed', 'failed');
    expect(till.sell(3).ok).toBe(false);
    expect(till.journal.head().epoch).toBe(epoch);
    expect(till.sell(4).ok).toBe(false);
    expect(till.sell(5).ok).toBe(true);
    expect(till.journal.head().epoch).not.toBe(epoch);
    expect([till.count(3), till.count(4), till.count(5)]).toEqual([0, 0, 2]);
    expect(checkChain(till.journal.read).fault).toBeUndefined();
    till.journal.close();
  });

  test('planted: a store that repeats such a commit would hold the sale twice', () => {
    const till = openOnFaultyDisk();
    till.disk.failNext('stored-but-failed');
    const work = (): void => till.store.write.run("INSERT INTO meta VALUES ('x', '1')");
    const twice = () => {
      try {
        till.store.transact(work);
      } catch {
        till.store.transact(work);
      }
    };
    expect(twice).toThrow(/UNIQUE/);
    till.journal.close();
  });
});

test.each([
  ['absent', 'before'],
  ['stored', 'after'],
  ['tail-lost', 'elsewhere'],
] as const)('fate %s when the journal ends %s', (fate, found) => {
  expect(fateOf({ beforeHash: 'before', afterHash: 'after' }, found)).toBe(fate);
});
