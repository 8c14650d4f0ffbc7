import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { err, ok, type Result } from '#shared/result/result.ts';
import { lastEntry } from '#terminal/agent/journal/entry-rows.ts';
import { createReadHandle } from '#terminal/agent/journal/handles.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { diskAlmostFullBytes, freeBytesOf } from '#terminal/agent/store/disk-room.ts';
import { putInPlace, removeDatabase } from '#terminal/agent/store/durable-files.ts';

/** A copy of the till's file that was read back whole before it got its name. */
export interface CheckedCopy {
  readonly bytes: number;
  /** The last entry in it; seq 0 when the journal is empty. */
  readonly head: { readonly epoch: string; readonly seq: number; readonly hash: string };
}

export type CopyError =
  /** Making it would leave the disk almost full. */
  | { readonly type: 'no-room'; readonly detail: string }
  /** It was made and is not whole, or ends elsewhere than the journal did: it is removed again. */
  | { readonly type: 'copy-damaged'; readonly detail: string };

/**
 * Copies the file of an open connection, in one read transaction, while others go on writing. Errors: no room, or the
 * copy failed its check. What SQLite and the disk refuse is thrown.
 */
export function writeCheckedCopy(
  db: Database.Database,
  to: string,
): Result<CheckedCopy, CopyError> {
  const folder = dirname(to);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const wantedBytes = sizeOf(db);
  const freeBytes = freeBytesOf(folder);
  if (freeBytes < wantedBytes + diskAlmostFullBytes)
    return err({ type: 'no-room', detail: `${freeBytes} bytes free, ${wantedBytes} to copy` });
  const unfinished = `${to}.unfinished`;
  removeDatabase(unfinished);
  try {
    const leastPosition = positionOf(db);
    db.prepare('VACUUM INTO ?').run(unfinished);
    const checked = checkCopy(unfinished, leastPosition);
    if (!checked.ok) return checked;
    putInPlace({ from: unfinished, to });
    return checked;
  } finally {
    removeDatabase(unfinished);
  }
}

const positionOf = (db: Database.Database): number =>
  lastEntry(createReadHandle(() => db))?.position ?? 0;

const sizeOf = (db: Database.Database): number =>
  Number(db.pragma('page_count', { simple: true })) *
  Number(db.pragma('page_size', { simple: true }));

const damaged = (detail: string): Result<CheckedCopy, CopyError> =>
  err({ type: 'copy-damaged', detail });

/** Reads a copy back: its pages, its whole chain, and that it reaches as far as the journal did when it was begun. */
function checkCopy(path: string, leastPosition: number): Result<CheckedCopy, CopyError> {
  const db = new Database(path, { readonly: true });
  try {
    const verdict: unknown = db.pragma('integrity_check(1)', { simple: true });
    if (verdict !== 'ok') return damaged(String(verdict));
    const read = createReadHandle(() => db);
    const { fault } = checkChain(read);
    if (fault) return damaged(`${fault.type} at entry ${fault.seq} of epoch ${fault.epoch}`);
    const last = lastEntry(read);
    const position = last?.position ?? 0;
    if (position < leastPosition) return damaged(`it ends at ${position}, not ${leastPosition}`);
    const { epoch = '', seq = 0, hash = '' } = last ?? {};
    return ok({ bytes: statSync(path).size, head: { epoch, seq, hash } });
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return damaged(`${error.code}: ${error.message}`);
  } finally {
    db.close();
  }
}
