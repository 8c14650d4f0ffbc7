import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { systemClock } from '#drivers/core/system-ports.ts';
import { ok, type Result } from '#shared/result/result.ts';
import {
  backupFileName,
  newestFirst,
  nextNumber,
  parseBackupName,
  stampOf,
  surplusBackups,
  type BackupName,
} from '#terminal/agent/store/backup-names.ts';
import {
  writeCheckedCopy,
  type CheckedCopy,
  type CopyError,
} from '#terminal/agent/store/checked-copy.ts';
import { syncFolder } from '#terminal/agent/store/durable-files.ts';

/** The backups of a till: a folder of whole, checked copies of its file. */
export const backupFolderName = 'backups';

export const backupFolderOf = (dataDir: string): string => join(dataDir, backupFolderName);

export interface Backup extends CheckedCopy {
  readonly path: string;
}

/** Backups in a folder, the newest first; unfinished ones do not count. */
export const listBackups = (folder: string): readonly BackupName[] =>
  existsSync(folder)
    ? newestFirst(readdirSync(folder).flatMap((file) => parseBackupName(file) ?? []))
    : [];

/** Writes one more backup of an open connection's file, and removes those that have had their time. */
export function writeBackup(
  db: Database,
  options: {
    readonly folder: string;
    readonly kind: BackupName['kind'];
    readonly nowMs: number;
  },
): Result<Backup, CopyError> {
  const { folder, kind } = options;
  const number = nextNumber(listBackups(folder));
  const path = join(folder, backupFileName({ number, kind, stamp: stampOf(options.nowMs) }));
  const copied = writeCheckedCopy(db, path);
  if (!copied.ok) return copied;
  for (const old of surplusBackups(listBackups(folder)))
    rmSync(join(folder, backupFileName(old)), { force: true });
  syncFolder(folder);
  return ok({ ...copied.value, path });
}

/** A step of the schema runs only over a file that was backed up before; a new file has nothing to lose. */
export const backupBeforeMigration = (
  db: Database,
  { dataDir, schema }: { readonly dataDir: string; readonly schema: number },
): Result<Backup | undefined, CopyError> =>
  schema === 0
    ? ok(undefined)
    : writeBackup(db, {
        folder: backupFolderOf(dataDir),
        kind: 'migration',
        nowMs: systemClock.nowMs(),
      });
