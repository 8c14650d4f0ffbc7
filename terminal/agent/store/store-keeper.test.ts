import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Timers } from '#drivers/core/timers.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { backupFolderOf } from '#terminal/agent/store/backup-folder.ts';
import { runInWorker } from '#terminal/agent/store/run-in-worker.ts';
import { createStoreKeeper, keepPauseMs } from '#terminal/agent/store/store-keeper.ts';
import type { StoreTask, StoreTaskResult } from '#terminal/agent/store/store-tasks.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { canMount, mountSmallDisk } from '#terminal/agent/testing/small-disk.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { createTroubles } from '#terminal/agent/troubles.ts';

let folder = tempFolder();
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

const startMs = 1_795_000_000_000;

/** A keeper whose minutes pass when the test says so, over a real journal and real worker threads. */
function keepTill(dataDir: string) {
  let wallMs = startMs;
  let skewMs = 0;
  let cloudMs: number | undefined;
  const timer: { fire?: () => void } = {};
  const clock = { nowMs: () => wallMs + skewMs, monotonicMs: () => wallMs - startMs };
  const timers: Timers = {
    after: (_delayMs, run) => {
      timer.fire = run;
      return () => delete timer.fire;
    },
  };
  const { journal } = openTestJournal(dataDir, clock);
  const troubles = createTroubles({ clock });
  const results: StoreTaskResult[] = [];
  const runTask = async (task: StoreTask): Promise<StoreTaskResult> => {
    const result = await runInWorker(task);
    results.push(result);
    return result;
  };
  const keeper = createStoreKeeper({
    journal,
    dataDir,
    clock,
    timers,
    troubles,
    runTask,
    backupFolder: backupFolderOf(dataDir),
    cloudNowMs: () => cloudMs,
  });
  keeper.start();
  return {
    journal,
    results,
    /** Somebody sets the clock of the computer off by so much; the cloud tells the time, or is out of reach. */
    setClock: (skew: number, cloud: 'tells' | 'away'): void => {
      skewMs = skew;
      cloudMs = cloud === 'tells' ? wallMs : undefined;
    },
    codes: () => troubles.list().map(({ code }) => code),
    /** Lets time pass and one round be done; `meanwhile` runs on the till's own thread. */
    pass: async (ms = keepPauseMs, meanwhile: () => void = () => undefined): Promise<void> => {
      wallMs += ms;
      const { fire } = timer;
      delete timer.fire;
      fire?.();
      meanwhile();
      for (let turn = 0; turn < 2_000 && !timer.fire; turn += 1)
        await new Promise((resolve) => setTimeout(resolve, 5));
    },
    close: async (): Promise<void> => {
      await keeper.stop();
      journal.close();
    },
  };
}

const sell = (journal: Journal, from: number, count: number): void => {
  for (let index = from; index < from + count; index += 1)
    journal.append([openedFact(index), cashFact(index)]);
};

describe('the keeper of the till’s file', () => {
  test('makes an hourly backup beside the sales, each with a whole chain, and a full check', async () => {
    const till = keepTill(folder.path);
    sell(till.journal, 0, 60);
    await till.pass(keepPauseMs, () => sell(till.journal, 60, 20));
    expect(till.results.map(({ type }) => type)).toEqual(['backed-up', 'checked']);
    await till.pass();
    sell(till.journal, 80, 1);
    await till.pass(3_600_000);
    expect(till.results.map(({ type }) => type)).toEqual(['backed-up', 'checked', 'backed-up']);
    const files = readdirSync(backupFolderOf(folder.path));
    expect(files).toEqual([
      expect.stringMatching(/^journal-000001-hourly-/),
      expect.stringMatching(/^journal-000002-hourly-/),
    ]);
    const copy = new Database(join(backupFolderOf(folder.path), files[1] ?? ''), {
      readonly: true,
    });
    expect(copy.prepare('SELECT hash FROM entry ORDER BY position DESC').get()).toEqual({
      hash: till.journal.head().hash,
    });
    copy.close();
    expect(till.codes()).not.toContain('store-backup-failed');
    await till.close();
  }, 30_000);

  test('an edited entry deep in the file is found by the full check, and said after a restart too', async () => {
    const till = keepTill(folder.path);
    // Further back than the check at start looks.
    const sales = Array.from({ length: 1_100 }, (_, index) => [openedFact(index), cashFact(index)]);
    till.journal.append(sales.flat());
    const db = new Database(join(folder.path, journalFileName));
    db.exec(`UPDATE entry SET body = replace(body, '1234', '1034') WHERE seq = 3`);
    db.close();
    await till.pass();
    expect(till.results.map(({ type }) => type)).toContain('damaged');
    expect(till.codes()).toContain('store-damaged');
    expect(till.codes()).toContain('store-backup-failed');
    expect(readdirSync(backupFolderOf(folder.path))).toEqual([]);
    await till.close();
    const again = keepTill(folder.path);
    expect(again.codes()).toContain('store-damaged');
    await again.close();
  }, 30_000);

  test('a backup without a folder to go to is an exception; it goes when a backup succeeds', async () => {
    const inTheWay = backupFolderOf(folder.path);
    writeFileSync(inTheWay, 'a file where the folder should be');
    const till = keepTill(folder.path);
    await till.pass();
    expect(till.codes()).toContain('store-backup-failed');
    expect(readFileSync(inTheWay, 'utf8')).toMatch(/^a file/);
    rmSync(inTheWay);
    await till.pass();
    expect(till.codes()).not.toContain('store-backup-failed');
    await till.close();
  }, 30_000);

  test.each(['tells', 'away'] as const)(
    'a clock set 40 days off is an exception while the cloud %s, and none when it is right again',
    async (cloud) => {
      const till = keepTill(folder.path);
      till.setClock(40 * 86_400_000, cloud);
      await till.pass(0);
      expect(till.codes()).toEqual(['clock-skewed']);
      till.setClock(0, cloud);
      await till.pass(0);
      expect(till.codes()).toEqual([]);
      await till.close();
    },
    30_000,
  );

  test.skipIf(!canMount())(
    'a small disk: no backup, said as an exception, and the alarm for room',
    async () => {
      const disk = mountSmallDisk(20);
      const till = keepTill(disk.path);
      sell(till.journal, 0, 10);
      await till.pass();
      expect(till.codes()).toEqual(
        expect.arrayContaining(['disk-almost-full', 'store-backup-failed']),
      );
      expect(till.results[0]).toMatchObject({
        type: 'failed',
        detail: expect.stringMatching(/^no-room/),
      });
      await till.close();
      disk.remove();
    },
    30_000,
  );
});
