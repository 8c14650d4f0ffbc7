import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Files that are there, whole and under their name, after a power cut. */

/** Makes what was written to `path` durable. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes new names and removals in `folder` durable. Windows has no such call: its file system journals names. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Gives a finished file its name: either the old file or the whole new one is there, never a part. */
export function putInPlace({ from, to }: { readonly from: string; readonly to: string }): void {
  syncFile(from);
  renameSync(from, to);
  syncFolder(dirname(to));
}

/**
 * Removes a database with what lies beside it. Its write-ahead log must go first: alone it would be
 * applied to another.
 */
export function removeDatabase(path: string): void {
  for (const suffix of ['-wal', '-shm', '-journal', ''])
    rmSync(`${path}${suffix}`, { force: true });
}
