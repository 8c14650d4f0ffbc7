import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createAgent } from '#terminal/agent/agent.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { openJournal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { createFaultyDisk, type CommitFault } from '#terminal/agent/testing/faulty-disk.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

let folder = tempFolder();
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

/** The file is made; the disk fails at the entry with which the journal begins. */
function openFailing(fault: CommitFault, { isDead = false } = {}) {
  const disk = createFaultyDisk();
  return (dataDir: string) => {
    const opened = openStore(dataDir, { openDatabase: disk.openDatabase });
    disk.failNext(fault);
    if (isDead) disk.die();
    return opened;
  };
}
const deps = { clock: systemClock, random: systemRandom, appVersion: 'test' };

/** The next start, on a good disk. */
function entriesOfNextStart(): readonly string[] {
  const { journal } = openTestJournal(folder.path);
  const types = [...walkEntries(journal.read)].map(({ type }) => type);
  expect(journal.trouble()).toBeUndefined();
  journal.close();
  return types;
}

describe('the disk fails at the very first entry of a new journal', () => {
  test('nothing is stored: an error of the catalogue, and the next start is good', () => {
    const store = getOrThrow(openFailing('failed')(folder.path));
    expect(openJournal({ store, ...deps })).toMatchObject({
      ok: false,
      error: { code: 'store-not-begun', detail: expect.stringContaining('SQLITE_IOERR_FSYNC') },
    });
    store.close();
    expect(entriesOfNextStart()).toEqual(['store.opened']);
  });

  test('the disk cannot be read back either: the same words, and the next start has one first entry', () => {
    const store = getOrThrow(openFailing('stored-but-failed', { isDead: true })(folder.path));
    expect(openJournal({ store, ...deps })).toMatchObject({
      ok: false,
      error: { code: 'store-not-begun' },
    });
    store.close();
    expect(entriesOfNextStart()).toEqual(['store.opened']);
  });

  test('it is stored in spite of the error: the journal opens, and people hear of the disk', () => {
    const store = getOrThrow(openFailing('stored-but-failed')(folder.path));
    const journal = getOrThrow(openJournal({ store, ...deps }));
    expect(journal.trouble()).toBe('store-disk-faulty');
    journal.close();
    expect(entriesOfNextStart()).toEqual(['store.opened']);
  });

  test('the agent answers it instead of throwing, in words for the shop, and gives the folder back', async () => {
    const config = { dataDir: folder.path, cloudUrl: 'http://127.0.0.1:9', cashier: '小王' };
    const agent = await createAgent({
      config: { ...config, devices: [] },
      appVersion: 'test',
      openStore: openFailing('failed'),
    });
    expect(agent).toMatchObject({ ok: false, error: { code: 'store-not-begun' } });
    expect(errorCatalogue['store-not-begun']).toMatchObject({ actor: 'owner' });
    expect(entriesOfNextStart()).toEqual(['store.opened']);
  });
});
