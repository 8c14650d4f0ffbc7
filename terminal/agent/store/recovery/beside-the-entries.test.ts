import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMeta, getMetaNumber, setMeta } from '#terminal/agent/journal/meta.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { projectionTables } from '#terminal/agent/journal/projections.ts';
import { backupFolderOf } from '#terminal/agent/store/backup-folder.ts';
import { recoverStore } from '#terminal/agent/store/recovery/recover.ts';
import { sideTables } from '#terminal/agent/store/recovery/recovered-file.ts';
import { runStoreTask } from '#terminal/agent/store/store-tasks.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

let folder = tempFolder();
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

const file = (): string => join(folder.path, journalFileName);
const open = (): Journal => openTestJournal(folder.path).journal;
const sell = (journal: Journal, from: number, to: number): void => {
  for (let index = from; index < to; index += 1)
    journal.append([openedFact(index), cashFact(index)]);
};
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
/** As the command does it: the backup is read first, then what is still in place. */
const restore = (backup: string) =>
  recoverStore({
    dataDir: folder.path,
    sources: [backup, file()],
    reason: 'restored',
    cloud: undefined,
    clock: systemClock,
    random: systemRandom,
    appVersion: 'test',
  });

test('every table of the file is made anew from entries, carried over, or pulled again', () => {
  const journal = open();
  const tables = journal.read
    .all<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
    )
    .map(({ name }) => name);
  const written = ['chain_cut', 'entry', 'epoch', 'meta'];
  // Nobody knows what a damaged file says of goods; the cloud does.
  const pulled = ['goods'];
  expect(tables.toSorted()).toEqual(
    [...written, ...pulled, ...projectionTables, ...sideTables].toSorted(),
  );
  journal.close();
});

test('sums of pruned refunds and promises come back; what the till learned after the backup stays', async () => {
  const journal = open();
  sell(journal, 0, 5);
  const write = (sql: string) => journal.append([], (tx) => tx.run(sql));
  write(`INSERT INTO pruned_refunds VALUES ('2026-08-01', 'cash', 2, 700, 0)`);
  write(`INSERT INTO pruned_promises VALUES ('2026-08-01', 'cash', 1, 900)`);
  journal.append([], (tx) => {
    setMeta(tx, 'receipt-template', 'old');
    setMeta(tx, 'results-cursor', '4');
    setMeta(tx, 'acked-position', '3');
  });
  const backup = backUp();
  sell(journal, 5, 6);
  journal.append([], (tx) => {
    setMeta(tx, 'receipt-template', 'new');
    setMeta(tx, 'results-cursor', '9');
  });
  write(`INSERT INTO refused_orders (order_id, code, since_ms) VALUES ('ord_X', 'c', 1)`);
  journal.close();
  getOrThrow(await restore(backup));
  const again = open();
  expect(again.read.all('SELECT cash_fen FROM pruned_refunds')).toEqual([{ cash_fen: 700 }]);
  expect(again.read.all('SELECT sum_fen FROM pruned_promises')).toEqual([{ sum_fen: 900 }]);
  expect(again.read.all('SELECT order_id FROM refused_orders')).toEqual([{ order_id: 'ord_X' }]);
  expect(getMeta(again.read, 'receipt-template')).toBe('new');
  expect(getMeta(again.read, 'results-cursor')).toBe('4');
  expect(getMetaNumber(again.read, 'acked-position')).toBe(3);
  again.close();
});

test('the owner comes from the newest file, not from the backup that the entries are read from', async () => {
  const journal = open();
  sell(journal, 0, 5);
  const owner = (changeNo: number, pin: string) =>
    journal.append([], (tx) =>
      tx.run(
        `INSERT OR REPLACE INTO owner VALUES (1, $pin, 0, 0, 0, 0, 0, 1, 0, $changeNo, NULL, NULL)`,
        {
          pin,
          changeNo,
        },
      ),
    );
  owner(1, 'former');
  const backup = backUp();
  owner(2, 'newer');
  journal.close();
  getOrThrow(await restore(backup));
  const again = open();
  expect(again.read.all('SELECT pin, change_no FROM owner')).toEqual([
    { pin: 'newer', change_no: 2 },
  ]);
  again.close();
});
