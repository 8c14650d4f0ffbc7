import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { createReadHandle, createWriteHandle } from '#terminal/agent/journal/handles.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { migrations } from '#terminal/agent/journal/migrations.ts';

/**
 * The till's file. The library opens WAL files with synchronous=NORMAL, which loses acknowledged sales in a power
 * cut; FULL is a setting of each connection, so it is set on every open and read back.
 */
export interface Store {
  readonly write: WriteHandle;
  readonly read: ReadHandle;
  /** Runs `work` in one BEGIN IMMEDIATE transaction: durable when it returns, undone when it throws. */
  transact<T>(work: () => T): T;
  /** Gives the ballast file's blocks back to the disk, so that checkpoint and a last few entries still fit. */
  dropBallast(): void;
  /** Free bytes on the disk of the file. */
  diskFreeBytes(): number;
  close(): void;
}

export type OpenStoreError =
  /** Another process holds the writer lock of this folder. */
  | { readonly code: 'store-locked' }
  /** quick_check did not answer "ok", the file is no database, or it was written by a newer version. */
  | { readonly code: 'store-corrupt'; readonly detail: string }
  | { readonly code: 'store-failed'; readonly detail: string };

export const journalFileName = 'journal.db';
export const lockFileName = 'writer.lock';
export const ballastFileName = 'ballast.bin';
const busyTimeoutMs = 2_000;
const walAutocheckpointPages = 200;
const journalSizeLimitBytes = 4 * 1024 * 1024;
const ballastBytes = 512 * 1024;
/** Below this the ballast is not made anew: the disk needs the room more. */
const ballastNeedsFreeBytes = 16 * 1024 * 1024;
const synchronousFull = 2;

/** Opens (or creates) the till's file in `dataDir`. Errors in order: locked, failed, corrupt. */
export function openStore(dataDir: string): Result<Store, OpenStoreError> {
  const opened: Database.Database[] = [];
  const giveUp = (error: OpenStoreError): Result<Store, OpenStoreError> => {
    for (const db of opened.toReversed()) db.close();
    return err(error);
  };
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const lock = takeWriterLock(join(dataDir, lockFileName));
    if (!lock) return giveUp({ code: 'store-locked' });
    opened.push(lock);
    const path = join(dataDir, journalFileName);
    const writer = new Database(path, { timeout: busyTimeoutMs });
    opened.push(writer);
    setPragmas(writer);
    const damage = checkFile(writer);
    if (damage !== undefined) return giveUp({ code: 'store-corrupt', detail: damage });
    migrate(writer);
    const reader = new Database(path, { readonly: true, timeout: busyTimeoutMs });
    opened.push(reader);
    reader.pragma('trusted_schema = OFF');
    reader.pragma('query_only = ON');
    // Made once: building the wrapper costs more than running it.
    const wrapper = writer.transaction((work: () => unknown) => work());
    const inTransaction = <T>(work: () => T): T => wrapper.immediate(work) as T;
    const ballast = createBallast(dataDir);
    ballast.make();
    return ok({
      write: createWriteHandle(writer),
      read: createReadHandle(reader),
      transact: inTransaction,
      dropBallast: () => {
        ballast.drop();
        checkpointIfRoom(writer);
      },
      diskFreeBytes: () => freeBytes(dataDir),
      close: () => {
        reader.close();
        writer.close();
        lock.close();
      },
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const damaged = sqliteCode(error)?.startsWith('SQLITE_CORRUPT') || isNoDatabase(error);
    return giveUp({ code: damaged ? 'store-corrupt' : 'store-failed', detail });
  }
}

/** The SQLite result code of a thrown error, e.g. SQLITE_FULL; undefined for anything else. */
export const sqliteCode = (error: unknown): string | undefined =>
  error instanceof Database.SqliteError ? error.code : undefined;

const isNoDatabase = (error: unknown): boolean => sqliteCode(error) === 'SQLITE_NOTADB';

/**
 * The lock is an exclusive transaction on a file of its own: the operating system drops it when the process dies,
 * however it dies, and readers of the journal are not kept out.
 */
function takeWriterLock(path: string): Database.Database | undefined {
  const lock = new Database(path, { timeout: 0 });
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
}

function setPragmas(db: Database.Database): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma('trusted_schema = OFF');
  db.pragma(`wal_autocheckpoint = ${walAutocheckpointPages}`);
  db.pragma(`journal_size_limit = ${journalSizeLimitBytes}`);
  const mode: unknown = db.pragma('journal_mode', { simple: true });
  const synchronous: unknown = db.pragma('synchronous', { simple: true });
  assert(mode === 'wal', () => `journal_mode is ${String(mode)}, not wal`);
  assert(synchronous === synchronousFull, () => `synchronous is ${String(synchronous)}, not FULL`);
}

/** What is wrong with the file, or undefined. */
function checkFile(db: Database.Database): string | undefined {
  const verdict: unknown = db.pragma('quick_check(1)', { simple: true });
  if (verdict !== 'ok') return String(verdict);
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version > migrations.length) return `schema ${version} is newer than this program`;
  return undefined;
}

function migrate(db: Database.Database): void {
  const from = Number(db.pragma('user_version', { simple: true }));
  for (const [index, sql] of migrations.entries()) {
    if (index < from) continue;
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${index + 1}`);
    }).immediate();
  }
}

/** Moves the log into the file. On a disk without any room that fails, and nothing is lost: the log stays. */
function checkpointIfRoom(db: Database.Database): void {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
  }
}

const freeBytes = (dataDir: string): number => {
  const disk = statfsSync(dataDir);
  return disk.bavail * disk.bsize;
};

function createBallast(dataDir: string): { make(): void; drop(): void } {
  const path = join(dataDir, ballastFileName);
  return {
    make: () => {
      if (existsSync(path) || freeBytes(dataDir) < ballastNeedsFreeBytes) return;
      writeFileSync(path, Buffer.alloc(ballastBytes, 0xa5), { mode: 0o600 });
    },
    drop: () => rmSync(path, { force: true }),
  };
}
