import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { err, getOrThrow, ok } from '#shared/result/result.ts';
import { walkEntries, type JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { backupFolderOf } from '#terminal/agent/store/backup-folder.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import {
  closingsMax,
  endsOf,
  type EpochEnd,
  type KnownEpoch,
} from '#terminal/agent/store/recovery/closing.ts';
import { recoverStore, type CloudCopy } from '#terminal/agent/store/recovery/recover.ts';
import { runStoreTask } from '#terminal/agent/store/store-tasks.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

let folder = tempFolder();
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

const open = (): Journal => openTestJournal(folder.path).journal;
const sell = (journal: Journal, from: number, to: number): void => {
  for (let index = from; index < to; index += 1)
    journal.append([openedFact(index), cashFact(index)]);
};
const entriesOf = (journal: Journal): readonly JournalEntry[] => [...walkEntries(journal.read)];

function backUp(): string {
  const done = runStoreTask({
    type: 'backup',
    dataDir: folder.path,
    folder: backupFolderOf(folder.path),
    nowMs: 1_795_000_000_000,
  });
  if (done.type !== 'backed-up') throw new Error(JSON.stringify(done));
  return done.path;
}

const restore = (backup: string, cloud: CloudCopy) =>
  recoverStore({
    dataDir: folder.path,
    sources: [backup],
    reason: 'restored',
    cloud: () => cloud,
    clock: systemClock,
    random: systemRandom,
    appVersion: 'test',
  });

/**
 * A cloud that closes as the real one does, and that takes a batch under way just before each
 * closing, while it has some.
 */
function racingCloud(all: readonly JournalEntry[], arrivals: readonly number[]) {
  const epoch = all[0]!.epoch;
  const asked: (readonly EpochEnd[])[] = [];
  let head = arrivals[0]!;
  const known = (): readonly KnownEpoch[] => [
    { epoch, headSeq: head, headHash: all[head - 1]!.hash },
  ];
  const copy: CloudCopy = {
    epochs: async () => ok(known()),
    entries: async (_, afterSeq) =>
      ok(
        all.slice(afterSeq, head).map(({ seq, hlc, wallMs, type, body, hash }) => ({
          seq,
          hlc,
          wallMs,
          type,
          body,
          hash,
        })),
      ),
    close: async (ends) => {
      asked.push(ends);
      head = arrivals[asked.length] ?? head;
      const [end] = ends;
      return ok({ closed: end !== undefined && end.lastSeq >= head, epochs: known() });
    },
  };
  return { copy, asked };
}

const linkOf = (seq: number) => ({
  seq,
  hlc: '',
  wallMs: 0,
  type: 'x',
  body: '',
  hash: `h${seq}`,
});
const known = (epoch: string, headSeq: number) => ({ epoch, headSeq, headHash: `c${headSeq}` });

describe('the ends that a recovery tells the cloud', () => {
  test('are those of the new file, and the cloud’s where it goes further or the file was pruned', () => {
    const cut = { epoch: 'c', seq: 4, hash: 'h4', position: 9 } as Parameters<
      typeof endsOf
    >[0]['cut'];
    const epochs = [
      { epoch: 'a', chain: [] },
      { epoch: 'b', chain: [] },
      { epoch: 'c', chain: [] },
      { epoch: 'd', chain: [linkOf(1), linkOf(2)] },
      { epoch: 'e', chain: [linkOf(1)] },
    ];
    expect(endsOf({ epochs, cut }, [known('a', 7), known('d', 1), known('e', 1)])).toEqual([
      { epoch: 'a', lastSeq: 7, lastHash: 'c7' },
      { epoch: 'c', lastSeq: 4, lastHash: 'h4' },
      { epoch: 'd', lastSeq: 2, lastHash: 'h2' },
      { epoch: 'e', lastSeq: 1, lastHash: 'c1' },
    ]);
  });
});

describe('a restore while a batch is still under way', () => {
  test('what came between the reading and the closing is fetched too; what the till gets is all there will ever be', async () => {
    const journal = open();
    sell(journal, 0, 3);
    const backup = backUp();
    sell(journal, 3, 6);
    const all = entriesOf(journal);
    journal.close();
    const { copy, asked } = racingCloud(all, [7, 9, 11]);
    const report = getOrThrow(await restore(backup, copy));
    expect(asked.map(([end]) => end?.lastSeq)).toEqual([7, 9, 11]);
    expect(report).toMatchObject({ pulledCount: 4, withCloud: true });
    const again = open();
    const now = entriesOf(again);
    expect(now.slice(0, 11)).toEqual(all.slice(0, 11));
    expect(now[11]).toMatchObject({ seq: 1, type: 'store.opened' });
    expect(now).toHaveLength(12);
    again.close();
  });

  test('a cloud in which something comes every time is given up, and nothing was replaced', async () => {
    const journal = open();
    sell(journal, 0, 20);
    const backup = backUp();
    sell(journal, 20, 40);
    const all = entriesOf(journal);
    journal.close();
    const growing = Array.from({ length: closingsMax + 1 }, (_, index) => 50 + index);
    const { copy, asked } = racingCloud(all, growing);
    expect(await restore(backup, copy)).toMatchObject({ ok: false, error: { code: 'cloud-busy' } });
    expect(asked).toHaveLength(closingsMax);
    const again = open();
    expect(entriesOf(again).slice(0, all.length)).toEqual(all);
    again.close();
  });
});

describe('a till that was not restored after all', () => {
  test('keeps its entries and begins a new epoch, once, before it sells: the cloud may have closed the old one', async () => {
    const journal = open();
    sell(journal, 0, 5);
    const backup = backUp();
    const old = entriesOf(journal);
    journal.close();
    const { copy } = racingCloud(old, [8]);
    const silent: CloudCopy = { ...copy, close: async () => err('cloud-timeout') };
    expect(await restore(backup, silent)).toMatchObject({
      ok: false,
      error: { code: 'cloud-timeout' },
    });
    const again = open();
    const { epoch } = again.head();
    expect(epoch).not.toBe(old[0]!.epoch);
    expect(entriesOf(again).slice(0, old.length)).toEqual(old);
    sell(again, 5, 6);
    expect(entriesOf(again).map((entry) => entry.epoch === epoch)).toEqual([
      ...old.map(() => false),
      true,
      true,
      true,
    ]);
    expect(checkChain(again.read).fault).toBeUndefined();
    again.close();
    const third = open();
    expect(third.head().epoch).toBe(epoch);
    third.close();
  });

  test('a cloud that was only read closes nothing, and the epoch goes on', async () => {
    const journal = open();
    sell(journal, 0, 5);
    const backup = backUp();
    const { epoch } = journal.head();
    const { copy } = racingCloud(entriesOf(journal), [8]);
    journal.close();
    await restore(backup, { ...copy, epochs: async () => err('cloud-timeout') });
    const again = open();
    expect(again.head().epoch).toBe(epoch);
    again.close();
  });

  test('after a restore that was finished no further epoch begins', async () => {
    const journal = open();
    sell(journal, 0, 5);
    const backup = backUp();
    const { copy } = racingCloud(entriesOf(journal), [8]);
    journal.close();
    const report = getOrThrow(await restore(backup, copy));
    const again = open();
    expect(again.head().epoch).toBe(report.epoch);
    again.close();
  });
});
