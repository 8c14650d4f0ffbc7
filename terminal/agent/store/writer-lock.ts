import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** One process writes a till's file. */
export interface WriterLock {
  readonly release: () => void;
}

export const lockFileName = 'writer.lock';
/** Who holds the lock, for the words to the second: a hint only, the lock itself is the operating system's. */
export const holderFileName = 'writer.json';

/**
 * How long the second waits before it gives up. Of two that come in the same millisecond neither
 * may be turned away, and the one that was first has written down who it is before the other reads
 * it: what a dead program left names nobody.
 */
const lockPatienceMs = 200;

/**
 * Takes the lock of a folder, or says who has it. The lock is an exclusive transaction on a file of its own: the
 * operating system drops it when the process dies, however it dies, and readers of the journal are not kept out.
 */
export function takeWriterLock(
  dataDir: string,
  options: { readonly pid: number; readonly nowMs: number; readonly patienceMs?: number },
): WriterLock | { readonly heldBy: string } {
  const { pid, nowMs, patienceMs = lockPatienceMs } = options;
  const lock = new Database(join(dataDir, lockFileName), { timeout: patienceMs });
  const holderFile = join(dataDir, holderFileName);
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY'))
      return { heldBy: readHolder(holderFile) };
    throw error;
  }
  writeHolder(holderFile, { pid, sinceMs: nowMs });
  return {
    release: () => {
      rmSync(holderFile, { force: true });
      lock.close();
    },
  };
}

/** A full disk must not keep the till from opening: then nobody is named, and the lock holds all the same. */
function writeHolder(path: string, holder: { pid: number; sinceMs: number }): void {
  try {
    writeFileSync(path, JSON.stringify(holder), { mode: 0o600 });
  } catch {
    rmSync(path, { force: true });
  }
}

function readHolder(path: string): string {
  try {
    const { pid, sinceMs } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if (typeof pid !== 'number' || typeof sinceMs !== 'number') return 'another process';
    return `process ${pid}, since ${new Date(sinceMs).toISOString()}`;
  } catch {
    return 'another process';
  }
}
