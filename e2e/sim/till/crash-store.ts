import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ok } from '#shared/result/result.ts';
import { openStore, type Store } from '#terminal/agent/journal/open-store.ts';

/** What may happen to a till around a commit. */
export type CommitFate = 'go-on' | 'die-before' | 'die-after' | 'disk-full';

export interface CrashStoreDeps {
  /** The steps that the running version of the program knows. */
  readonly migrations: () => readonly string[];
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
  (dataDir, options) => {
    const opened = openStore(dataDir, { ...options, migrations: deps.migrations() });
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

/** Not part of the till's memory: the writer's lock, the ballast, and what SQLite shares between connections. */
const passing = /\.lock$|^ballast|-shm$/;

/** Copies what a power cut leaves: at `synchronous=FULL` every commit is synced, so all that is in the files now. */
export function copyDurable(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true }))
    if (entry.isFile() && !passing.test(entry.name))
      copyFileSync(join(from, entry.name), join(to, entry.name));
}
