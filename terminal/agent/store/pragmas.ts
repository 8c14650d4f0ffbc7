import type { Database } from 'better-sqlite3';
import { assert } from '#shared/result/assert.ts';

/**
 * The settings of the till's file. Most belong to a connection and are gone with it, so they are set on every open, and
 * read back: a build of SQLite that ignores one must stop the till, not a power cut.
 */
export const busyTimeoutMs = 2_000;
const walAutocheckpointPages = 200;
const journalSizeLimitBytes = 4 * 1024 * 1024;

const writerPragmas: readonly (readonly [
  name: string,
  value: string,
  readBack: string | number,
])[] = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'FULL', 2],
  ['foreign_keys', 'ON', 1],
  ['trusted_schema', 'OFF', 0],
  ['cell_size_check', 'ON', 1],
  ['wal_autocheckpoint', String(walAutocheckpointPages), walAutocheckpointPages],
  ['journal_size_limit', String(journalSizeLimitBytes), journalSizeLimitBytes],
];

export function setWriterPragmas(db: Database): void {
  for (const [name, value] of writerPragmas) db.pragma(`${name} = ${value}`);
  // A Mac's plain fsync leaves the bytes in the drive's own cache.
  if (process.platform === 'darwin') db.pragma('fullfsync = ON');
  assertPragmas(db);
}

/** Throws when a setting is not what it was set to. */
export function assertPragmas(db: Database): void {
  const busyMs: unknown = db.pragma('busy_timeout', { simple: true });
  assert(busyMs === busyTimeoutMs, () => `busy_timeout is ${String(busyMs)}`);
  for (const [name, , expected] of writerPragmas) {
    const value: unknown = db.pragma(name, { simple: true });
    assert(value === expected, () => `${name} is ${String(value)}, not ${String(expected)}`);
  }
}

export function setReaderPragmas(db: Database): void {
  db.pragma('trusted_schema = OFF');
  db.pragma('query_only = ON');
}
