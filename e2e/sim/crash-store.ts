import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ok } from '#shared/result/result.ts';
import { journalFileName, openStore, type Store } from '#terminal/agent/journal/open-store.ts';
import { deviceKeyFileName } from '#terminal/agent/identity/device-key.ts';

/** What may happen to a till around a commit. */
export type CommitFate = 'go-on' | 'die-before' | 'die-after' | 'disk-full';

export interface CrashStoreDeps {
  readonly fateOfCommit: () => CommitFate;
  /** The till's power fails now; {@link copyDurable} says what is left. */
  readonly die: () => void;
  /** A commit is on the disk. */
  readonly committed: (store: Store) => void;
}

/**
 * The real store over a disk that fails as the seed says. A till that died goes on here like a ghost, in a folder that
 * nobody looks at any more: what its next life finds was copied at the moment of its death.
 */
export const crashingStore =
  (deps: CrashStoreDeps): typeof openStore =>
  (dataDir) => {
    const opened = openStore(dataDir);
    if (!opened.ok) return opened;
    const store = opened.value;
    return ok({
      ...store,
      transact: <T>(work: () => T): T => {
        const fate = deps.fateOfCommit();
        if (fate === 'disk-full')
          throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
        if (fate === 'die-before') deps.die();
        const result = store.transact(work);
        deps.committed(store);
        if (fate === 'die-after') deps.die();
        return result;
      },
    });
  };

const files = [journalFileName, `${journalFileName}-wal`, deviceKeyFileName] as const;

/** Copies what a power cut leaves: at `synchronous=FULL` every commit is synced, so all that is in the files now. */
export function copyDurable(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const name of files)
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
}
