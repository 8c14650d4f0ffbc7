import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createReadHandle } from '#terminal/agent/journal/handles.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { writeBackup } from '#terminal/agent/store/backup-folder.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { busyTimeoutMs } from '#terminal/agent/store/pragmas.ts';

/** What is done with the till's file beside the sales: by a connection of its own that only reads. */
export type StoreTask =
  | {
      readonly type: 'backup';
      readonly dataDir: string;
      readonly folder: string;
      readonly nowMs: number;
    }
  | { readonly type: 'check'; readonly dataDir: string };

export type StoreTaskResult =
  | { readonly type: 'backed-up'; readonly path: string; readonly bytes: number }
  | { readonly type: 'checked'; readonly entriesCount: number; readonly bytes: number }
  /** The file is not whole: pages, keys between tables, or the chain. */
  | { readonly type: 'damaged'; readonly detail: string }
  /** Nothing is known: the disk, or the room on it, did not allow it. */
  | { readonly type: 'failed'; readonly detail: string };

/** Does one task, synchronously: a worker's work, never the agent's. Refusals of the disk are answers. */
export function runStoreTask(task: StoreTask): StoreTaskResult {
  const path = join(task.dataDir, journalFileName);
  try {
    const db = new Database(path, { readonly: true, timeout: busyTimeoutMs });
    try {
      // Opened for reading; `query_only` besides would refuse VACUUM INTO, which writes another file.
      db.pragma('trusted_schema = OFF');
      return task.type === 'check' ? check(db, path) : backup(db, task);
    } finally {
      db.close();
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const code = error instanceof Database.SqliteError ? error.code : '';
    return { type: /^SQLITE_(CORRUPT|NOTADB)/.test(code) ? 'damaged' : 'failed', detail };
  }
}

function check(db: Database.Database, path: string): StoreTaskResult {
  const verdict: unknown = db.pragma('integrity_check(1)', { simple: true });
  if (verdict !== 'ok') return { type: 'damaged', detail: String(verdict) };
  const [orphan] = db.pragma('foreign_key_check') as { readonly table: string }[];
  if (orphan) return { type: 'damaged', detail: `a row of ${orphan.table} points at nothing` };
  const { fault, entriesCount } = checkChain(createReadHandle(() => db));
  if (fault)
    return {
      type: 'damaged',
      detail: `${fault.type} at entry ${fault.seq} of epoch ${fault.epoch}`,
    };
  return { type: 'checked', entriesCount, bytes: statSync(path).size };
}

function backup(
  db: Database.Database,
  { folder, nowMs }: Extract<StoreTask, { type: 'backup' }>,
): StoreTaskResult {
  const written = writeBackup(db, { folder, kind: 'hourly', nowMs });
  if (written.ok)
    return { type: 'backed-up', path: written.value.path, bytes: written.value.bytes };
  const { type, detail } = written.error;
  // A copy is whole when its original is: a bad copy says that the journal is to be looked at.
  return { type: 'failed', detail: `${type}: ${detail}` };
}
