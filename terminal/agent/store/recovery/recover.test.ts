import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { err, getOrThrow, ok } from '#shared/result/result.ts';
import { walkEntries, type JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMeta, getMetaNumber, setMeta } from '#terminal/agent/journal/meta.ts';
import { journalFileName, openStore } from '#terminal/agent/journal/open-store.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { backupFolderOf, listBackups } from '#terminal/agent/store/backup-folder.ts';
import { backupFileName } from '#terminal/agent/store/backup-names.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { keepMs, pruneOnce } from '#terminal/agent/store/prune.ts';
import type { EpochEnd } from '#terminal/agent/store/recovery/closing.ts';
import {
  recoverStore,
  type CloudCopy,
  type RecoveryDeps,
} from '#terminal/agent/store/recovery/recover.ts';
import { replacementFolderName } from '#terminal/agent/store/replacement.ts';
import { runStoreTask } from '#terminal/agent/store/store-tasks.ts';
import { cashFact, openedFact, orderIdOf } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { readSetAside } from '#terminal/agent/uplink/set-aside.ts';

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
const ack = (journal: Journal, position: number): void =>
  void journal.append([], (tx) => setMeta(tx, 'acked-position', String(position)));
const ordersOf = (journal: Journal): number =>
  journal.read.one<{ n: number }>('SELECT count(*) AS n FROM orders')?.n ?? -1;

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

/** A cloud that has these entries, and counts what it is asked for. */
function cloudOf(entries: readonly JournalEntry[]): CloudCopy & {
  readonly pulled: () => number;
  readonly closed: readonly (readonly EpochEnd[])[];
} {
  let pulled = 0;
  const closed: (readonly EpochEnd[])[] = [];
  const names = [...new Set(entries.map(({ epoch }) => epoch))];
  const of = (epoch: string) => entries.filter((entry) => entry.epoch === epoch);
  return {
    pulled: () => pulled,
    closed,
    epochs: async () =>
      ok(
        names.map((epoch) => {
          const last = of(epoch).at(-1);
          return { epoch, headSeq: last?.seq ?? 0, headHash: last?.hash ?? '' };
        }),
      ),
    entries: async (epoch, afterSeq) => {
      const page = of(epoch)
        .filter(({ seq }) => seq > afterSeq)
        .map(({ seq, hlc, wallMs, type, body, hash }) => ({ seq, hlc, wallMs, type, body, hash }));
      pulled += page.length;
      return ok(page);
    },
    close: async (ends) => {
      closed.push(ends);
      return ok({ closed: true, epochs: [] });
    },
  };
}

const recover = (more: Partial<RecoveryDeps>) =>
  recoverStore({
    dataDir: folder.path,
    sources: [file()],
    reason: 'salvaged',
    cloud: undefined,
    clock: systemClock,
    random: systemRandom,
    appVersion: 'test',
    ...more,
  });

describe('restore from a backup', () => {
  test('what was acknowledged after the backup comes back from the cloud, byte for byte, under the old epoch', async () => {
    const journal = open();
    sell(journal, 0, 20);
    ack(journal, 21);
    const backup = backUp();
    sell(journal, 20, 50);
    const old = [...walkEntries(journal.read)];
    const { epoch } = journal.head();
    journal.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file()}${suffix}`, { force: true });
    const cloud = cloudOf(old.slice(0, 81));
    const report = getOrThrow(
      await recover({ reason: 'restored', sources: [backup], cloud: () => cloud }),
    );
    expect(report).toMatchObject({ pulledCount: 40, entriesCount: 82, lost: [], refused: [] });
    const again = open();
    const now = [...walkEntries(again.read)];
    expect(now.slice(0, 81)).toEqual(old.slice(0, 81));
    expect(now[81]).toMatchObject({ seq: 1, type: 'store.opened' });
    expect(JSON.parse(now[81]?.body ?? '')).toMatchObject({ reason: 'restored' });
    expect(again.head().epoch).not.toBe(epoch);
    expect(getMetaNumber(again.read, 'acked-position')).toBe(81);
    expect(ordersOf(again)).toBe(40);
    expect(readSetAside(again.read)).toEqual([]);
    again.append([openedFact(90), cashFact(90)]);
    expect(checkChain(again.read).fault).toBeUndefined();
    again.close();
  });

  test('what is still readable of the file in place is never thrown away for an older backup', async () => {
    const journal = open();
    sell(journal, 0, 5);
    const backup = backUp();
    sell(journal, 5, 9);
    journal.close();
    const report = getOrThrow(
      await recover({ reason: 'restored', sources: [backup, file()], cloud: () => cloudOf([]) }),
    );
    expect(report).toMatchObject({ pulledCount: 0, lost: [] });
    const again = open();
    expect(ordersOf(again)).toBe(9);
    again.close();
  });

  test('without the cloud the till says so until a restore with the cloud', async () => {
    const journal = open();
    sell(journal, 0, 5);
    journal.close();
    getOrThrow(await recover({ reason: 'restored' }));
    const alone = open();
    expect(readSetAside(alone.read)).toMatchObject([{ code: 'store-restored-alone' }]);
    const all = [...walkEntries(alone.read)];
    alone.close();
    getOrThrow(await recover({ reason: 'restored', cloud: () => cloudOf(all) }));
    const again = open();
    expect(readSetAside(again.read)).toEqual([]);
    expect(ordersOf(again)).toBe(5);
    again.close();
  });

  test('a cloud that falls silent halfway leaves everything as it was', async () => {
    const journal = open();
    sell(journal, 0, 5);
    const backup = backUp();
    sell(journal, 5, 9);
    const all = [...walkEntries(journal.read)];
    journal.close();
    const silent: CloudCopy = { ...cloudOf(all), entries: async () => err('cloud-timeout') };
    expect(await recover({ sources: [backup], cloud: () => silent })).toMatchObject({
      ok: false,
      error: { code: 'cloud-timeout' },
    });
    const closed: CloudCopy = { ...silent, epochs: async () => err('terminal-revoked') };
    expect(await recover({ sources: [backup], cloud: () => closed })).toMatchObject({
      ok: false,
      error: { code: 'terminal-revoked' },
    });
    expect(await recover({ sources: [backup], cloud: () => undefined })).toMatchObject({
      ok: false,
      error: { code: 'agent-not-activated' },
    });
    const again = open();
    expect([...walkEntries(again.read)]).toEqual(all);
    again.close();
  });

  test('a pruned backup keeps its cut; the cloud’s older entries stay where they are', async () => {
    let wallMs = 1_795_000_000_000;
    const { journal } = openTestJournal(folder.path, { nowMs: () => wallMs, monotonicMs: () => 0 });
    sell(journal, 0, 10);
    ack(journal, 21);
    const old = [...walkEntries(journal.read)];
    wallMs += keepMs + 1;
    sell(journal, 10, 12);
    pruneOnce(journal, { nowMs: wallMs, keepEntriesMin: 0 });
    const backup = backUp();
    sell(journal, 12, 15);
    const cloud = cloudOf([...old, ...walkEntries(journal.read)]);
    journal.close();
    rmSync(file());
    const report = getOrThrow(await recover({ sources: [backup], cloud: () => cloud }));
    expect(report.pulledCount).toBe(6);
    const again = open();
    expect(checkChain(again.read)).toEqual({ fault: undefined, entriesCount: 11 });
    expect(ordersOf(again)).toBe(5);
    again.close();
  });

  test('a running till is not restored under its feet', async () => {
    const journal = open();
    expect(await recover({})).toMatchObject({ ok: false, error: { code: 'store-locked' } });
    journal.close();
  });
});

/** Overwrites pages of the entry table in the middle of the file with noise. */
function damage(pages: number): void {
  const db = new Database(file());
  db.pragma('wal_checkpoint(TRUNCATE)');
  const leaves = db
    .prepare("SELECT pageno FROM dbstat WHERE name = 'entry' AND pagetype = 'leaf' ORDER BY pageno")
    .all() as { pageno: number }[];
  db.close();
  const from = Math.trunc(leaves.length / 2);
  const handle = openSync(file(), 'r+');
  for (const { pageno } of leaves.slice(from, from + pages))
    writeSync(handle, Buffer.alloc(4_096, 0x5a), 0, 4_096, (pageno - 1) * 4_096);
  closeSync(handle);
}

describe('salvage', () => {
  test('broken pages: what the cloud has comes back, and no sale is lost', async () => {
    const journal = open();
    sell(journal, 0, 200);
    const old = [...walkEntries(journal.read)];
    journal.close();
    damage(3);
    expect(openStore(folder.path)).toMatchObject({ ok: false, error: { code: 'store-corrupt' } });
    const report = getOrThrow(await recover({ cloud: () => cloudOf(old.slice(0, 350)) }));
    expect(report.unreadable.length).toBeGreaterThan(0);
    expect(report).toMatchObject({ lost: [], altered: [], refused: [] });
    const again = open();
    expect([...walkEntries(again.read)].slice(0, old.length)).toEqual(old);
    expect(ordersOf(again)).toBe(200);
    again.close();
  });

  test('broken pages nobody has: a sound chain to the gap, the rest anew under the new epoch, the hole named', async () => {
    const journal = open();
    sell(journal, 0, 200);
    const old = [...walkEntries(journal.read)];
    journal.close();
    damage(1);
    const report = getOrThrow(await recover({ cloud: () => cloudOf(old.slice(0, 50)) }));
    const [hole] = report.lost;
    expect(report.lost).toHaveLength(1);
    expect(report.writtenAgainCount).toBeGreaterThan(50);
    const lostCount = (hole?.toSeq ?? 0) - (hole?.fromSeq ?? 0) + 1;
    const again = open();
    expect(checkChain(again.read).fault).toBeUndefined();
    expect(ordersOf(again)).toBeGreaterThanOrEqual(200 - Math.ceil(lostCount / 2) - 1);
    const opened = [...walkEntries(again.read)].find(
      ({ type, epoch }) => type === 'store.opened' && epoch === again.head().epoch,
    );
    expect(JSON.parse(opened?.body ?? '')).toMatchObject({ reason: 'salvaged', lost: [hole] });
    expect(readSetAside(again.read)).toMatchObject([{ code: 'store-entries-lost' }]);
    // A sale after the gap stands with the time at which it happened.
    const last = findOrder(again.read, orderIdOf(199));
    expect(last?.order.openedAtMs).toBe(old.at(-2)?.wallMs);
    expect(last?.lastPosition).toBeGreaterThan(getMetaNumber(again.read, 'acked-position'));
    again.close();
  });

  test('the newest backup helps out where neither file nor cloud can', async () => {
    const journal = open();
    sell(journal, 0, 200);
    const old = [...walkEntries(journal.read)];
    backUp();
    journal.close();
    damage(3);
    const [newest] = listBackups(backupFolderOf(folder.path));
    const backup = join(backupFolderOf(folder.path), newest ? backupFileName(newest) : '');
    const report = getOrThrow(await recover({ sources: [file(), backup] }));
    expect(report).toMatchObject({ lost: [], pulledCount: 0 });
    const again = open();
    expect([...walkEntries(again.read)].slice(0, old.length)).toEqual(old);
    again.close();
  });

  test('an entry edited by hand is not believed, and is listed; a file of noise gives what the cloud has', async () => {
    const journal = open();
    sell(journal, 0, 10);
    journal.append([], (tx) => setMeta(tx, 'identity', 'kept'));
    const old = [...walkEntries(journal.read)];
    journal.close();
    const db = new Database(file());
    db.exec("UPDATE entry SET body = replace(body, '1234', '9234') WHERE seq = 4");
    db.close();
    const report = getOrThrow(await recover({ cloud: () => cloudOf([]) }));
    expect(report.altered).toHaveLength(1);
    const edited = open();
    expect(findOrder(edited.read, orderIdOf(1))).toBeUndefined();
    expect(ordersOf(edited)).toBe(9);
    expect(getMeta(edited.read, 'identity')).toBe('kept');
    edited.close();
    rmSync(file());
    writeFileSync(file(), 'this is noise and no database at all\n'.repeat(200));
    const second = getOrThrow(await recover({ cloud: () => cloudOf(old) }));
    expect(second).toMatchObject({ pulledCount: old.length });
    expect(existsSync(join(second.oldFilesIn, journalFileName))).toBe(true);
    const again = open();
    expect(ordersOf(again)).toBe(10);
    again.close();
  });

  test('a stop between the mark and the rename is finished by the next start', async () => {
    const journal = open();
    sell(journal, 0, 3);
    journal.close();
    const replacement = join(folder.path, replacementFolderName);
    const finished = tempFolder();
    const other = openTestJournal(finished.path);
    sell(other.journal, 0, 7);
    other.journal.close();
    mkdirSync(replacement);
    copyFileSync(join(finished.path, journalFileName), join(replacement, journalFileName));
    finished.remove();
    writeFileSync(join(folder.path, 'replacing'), '');
    writeFileSync(`${file()}-wal`, Buffer.alloc(10));
    const again = open();
    expect(ordersOf(again)).toBe(7);
    expect(readdirSync(folder.path)).not.toContain('replacing');
    expect(statSync(file()).size).toBeGreaterThan(0);
    again.close();
  });
});
