import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { systemClock } from '#drivers/core/system-ports.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import { createReadHandle, createWriteHandle } from '#terminal/agent/journal/handles.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { migrations } from '#terminal/agent/journal/migrations.ts';
import { backupBeforeMigration } from '#terminal/agent/store/backup-folder.ts';
import { createBallast, freeBytesOf } from '#terminal/agent/store/disk-room.ts';
import { openHeadWitness, type HeadWitness } from '#terminal/agent/store/head-witness.ts';
import { finishReplacement } from '#terminal/agent/store/replacement.ts';
import {
  busyTimeoutMs,
  setReaderPragmas,
  setWriterPragmas,
} from '#terminal/agent/store/pragmas.ts';
import { judgeSchema, migrate } from '#terminal/agent/store/schema-version.ts';
import { takeWriterLock, type WriterLock } from '#terminal/agent/store/writer-lock.ts';

/**
 * The till's file. The library opens WAL files with synchronous=NORMAL, which loses acknowledged sales in a power
 * cut; FULL is a setting of each connection, so it is set on every open and read back.
 */
export interface Store {
  readonly write: WriteHandle;
  readonly read: ReadHandle;
  readonly dataDir: string;
  /** How far the journal has come, kept beside it. */
  readonly witness: HeadWitness;
  /** How long the page check at start took, milliseconds; undefined when the file was too large to wait for it. */
  readonly startCheckMs: number | undefined;
  /** Runs `work` in one BEGIN IMMEDIATE transaction: durable when it returns, undone when it throws. */
  transact<T>(work: () => T): T;
  /**
   * Closes the file and opens it again from what the disk has: after an I/O error nothing else tells whether a commit
   * is stored. What is read afterwards was moved into the main file and synced. Errors: as when opening.
   */
  reopen(): Result<void, OpenStoreError>;
  /** Gives the ballast file's blocks back to the disk, so that checkpoint and a last few entries still fit. */
  dropBallast(): void;
  /** Makes the ballast again, when there is room for it. */
  makeBallast(): void;
  /** Free bytes on the disk of the file. */
  diskFreeBytes(): number;
  close(): void;
}

export type OpenStoreError =
  /** Another process holds the writer lock of this folder; `detail` says which, and since when. */
  | { readonly code: 'store-locked'; readonly detail: string }
  /** quick_check did not answer "ok", or the file is no database. */
  | { readonly code: 'store-corrupt'; readonly detail: string }
  /** A version of the program that is too new wrote it. */
  | { readonly code: 'store-too-new'; readonly detail: string }
  | { readonly code: 'store-failed'; readonly detail: string };

export interface StoreOptions {
  /** The steps that this program knows; a test opens as an older program with fewer. */
  readonly migrations?: readonly string[];
  readonly clock?: Clock;
  /** How long the second of two programs waits for the first, as milliseconds. */
  readonly lockPatienceMs?: number;
  /** How a file is opened; a test gives back a connection whose disk fails. */
  readonly openDatabase?: (path: string, options: Database.Options) => Database.Database;
}

export const journalFileName = 'journal.db';
/** A larger file is not checked before the first sale: the nightly check, which runs at start too, does it beside. */
const startCheckBytesMax = 512 * 1024 * 1024;

interface Connections {
  readonly writer: Database.Database;
  readonly reader: Database.Database;
  readonly startCheckMs: number | undefined;
}

/** Opens (or creates) the till's file in `dataDir`. Errors in order: locked, failed, corrupt, too new. */
export function openStore(
  dataDir: string,
  options: StoreOptions = {},
): Result<Store, OpenStoreError> {
  const { clock = systemClock } = options;
  let lock: WriterLock | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const taken = takeWriterLock(dataDir, {
      pid: process.pid,
      nowMs: clock.nowMs(),
      ...(options.lockPatienceMs === undefined ? {} : { patienceMs: options.lockPatienceMs }),
    });
    if ('heldBy' in taken) return err({ code: 'store-locked', detail: taken.heldBy });
    lock = taken;
    finishReplacement(dataDir, journalFileName);
  } catch (error) {
    lock?.release();
    return err(openErrorOf(error));
  }
  const opened = connect(dataDir, options);
  if (!opened.ok) {
    lock.release();
    return opened;
  }
  return ok(createStore({ dataDir, options, lock, first: opened.value }));
}

function createStore(parts: {
  readonly dataDir: string;
  readonly options: StoreOptions;
  readonly lock: WriterLock;
  readonly first: Connections;
}): Store {
  const { dataDir, lock } = parts;
  let current = parts.first;
  // Made once per connection: building the wrapper costs more than running it.
  const wrap = ({ writer }: Connections) => writer.transaction((work: () => unknown) => work());
  let wrapper = wrap(current);
  const witness = openHeadWitness(dataDir);
  const ballast = createBallast(dataDir);
  ballast.make();
  const disconnect = (): void => {
    closeQuietly(current.reader);
    closeQuietly(current.writer);
  };
  return {
    dataDir,
    witness,
    startCheckMs: current.startCheckMs,
    write: createWriteHandle(() => current.writer),
    read: createReadHandle(() => current.reader),
    transact: <T>(work: () => T): T => wrapper.immediate(work) as T,
    reopen: () => {
      disconnect();
      const again = connect(dataDir, parts.options);
      if (!again.ok) return again;
      current = again.value;
      wrapper = wrap(current);
      return emptyLog(current.writer);
    },
    dropBallast: () => {
      ballast.drop();
      checkpointIfRoom(current.writer);
    },
    makeBallast: () => ballast.make(),
    diskFreeBytes: () => freeBytesOf(dataDir),
    close: () => {
      disconnect();
      witness.close();
      lock.release();
    },
  };
}

/** Opens both connections to a file that is whole, current and wholly in the main file. */
function connect(dataDir: string, options: StoreOptions): Result<Connections, OpenStoreError> {
  const { clock = systemClock, migrations: steps = migrations } = options;
  const { openDatabase = (file, how) => new Database(file, how) } = options;
  const path = join(dataDir, journalFileName);
  const opened: Database.Database[] = [];
  const giveUp = (error: OpenStoreError): Result<Connections, OpenStoreError> => {
    for (const db of opened.toReversed()) closeQuietly(db);
    return err(error);
  };
  try {
    const writer = openDatabase(path, { timeout: busyTimeoutMs });
    opened.push(writer);
    setWriterPragmas(writer);
    const startedMs = clock.monotonicMs();
    const isCheckedNow = statSync(path).size <= startCheckBytesMax;
    const damage = isCheckedNow ? pageDamage(writer) : undefined;
    if (damage !== undefined) return giveUp({ code: 'store-corrupt', detail: damage });
    const startCheckMs = isCheckedNow ? clock.monotonicMs() - startedMs : undefined;
    const schema = judgeSchema(writer, steps.length);
    if (schema.type === 'too-new') return giveUp({ code: 'store-too-new', detail: schema.detail });
    if (schema.type === 'older') {
      const kept = backupBeforeMigration(writer, { dataDir, schema: schema.from });
      if (!kept.ok) return giveUp({ code: 'store-failed', detail: kept.error.detail });
      migrate(writer, steps, schema.from);
    }
    checkpointIfRoom(writer);
    const reader = openDatabase(path, { readonly: true, timeout: busyTimeoutMs });
    opened.push(reader);
    setReaderPragmas(reader);
    return ok({ writer, reader, startCheckMs });
  } catch (error) {
    return giveUp(openErrorOf(error));
  }
}

/** What a failure of SQLite or of the file system means while opening. */
export function openErrorOf(error: unknown): {
  readonly code: 'store-corrupt' | 'store-failed';
  readonly detail: string;
} {
  const detail = error instanceof Error ? error.message : String(error);
  const code = sqliteCode(error);
  const isDamaged = code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true;
  return { code: isDamaged ? 'store-corrupt' : 'store-failed', detail };
}

/** The SQLite result code of a thrown error, e.g. SQLITE_FULL; undefined for anything else. */
export const sqliteCode = (error: unknown): string | undefined =>
  error instanceof Database.SqliteError ? error.code : undefined;

function pageDamage(db: Database.Database): string | undefined {
  const verdict: unknown = db.pragma('quick_check(1)', { simple: true });
  return verdict === 'ok' ? undefined : String(verdict);
}

/** Moves the log into the file. On a disk without any room that fails, and nothing is lost: the log stays. */
function checkpointIfRoom(db: Database.Database): void {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
  }
}

/**
 * Moves the whole log into the main file and cuts it off. A commit whose sync failed may stand in the log by the grace
 * of the page cache alone; written once more and synced, what is read is what the disk has.
 */
function emptyLog(db: Database.Database): Result<void, OpenStoreError> {
  try {
    const [row] = db.pragma('wal_checkpoint(TRUNCATE)') as { readonly busy: number }[];
    return row?.busy === 0
      ? ok(undefined)
      : err({ code: 'store-failed', detail: 'the log could not be moved into the file' });
  } catch (error) {
    return err(openErrorOf(error));
  }
}

/** A connection whose disk is gone may fail to close; there is nothing left to do with it. */
function closeQuietly(db: Database.Database): void {
  try {
    db.close();
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
  }
}
