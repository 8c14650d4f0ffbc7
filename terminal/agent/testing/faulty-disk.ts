import Database from 'better-sqlite3';
import type { StoreOptions } from '#terminal/agent/journal/open-store.ts';

/** What the disk does with the next commit. */
export type CommitFault =
  /** It is stored, and the sync reports an error all the same. */
  | 'stored-but-failed'
  /** The sync fails before anything is stored. */
  | 'failed'
  /** The commit fails, and entries that were confirmed before are gone as well. */
  | 'gave-up-entries';

const failure = () => new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');

/** A disk that fails on command, between the store and the real file. */
export function createFaultyDisk() {
  let next: readonly CommitFault[] = [];
  let isDead = false;
  const openDatabase: NonNullable<StoreOptions['openDatabase']> = (path, options) => {
    if (isDead) throw failure();
    const db = new Database(path, options);
    const real = db.transaction.bind(db);
    const faulty = (work: (...parts: never[]) => unknown) => {
      const wrapped = real(work);
      const immediate = (...parts: never[]): unknown => {
        const [fault, ...later] = next;
        next = later;
        if (fault === undefined) return wrapped.immediate(...parts);
        if (fault === 'stored-but-failed') wrapped.immediate(...parts);
        if (fault === 'gave-up-entries') dropLastEntries(path);
        throw failure();
      };
      return Object.assign((...parts: never[]) => wrapped(...parts), { ...wrapped, immediate });
    };
    return Object.assign(db, { transaction: faulty });
  };
  return {
    openDatabase,
    /** The next commits, one fault each. */
    failNext: (...faults: readonly CommitFault[]): void => {
      next = faults;
    },
    /** A dead disk opens no file. */
    die: (): void => {
      isDead = true;
    },
    revive: (): void => {
      isDead = false;
    },
  };
}

function dropLastEntries(path: string): void {
  const db = new Database(path);
  db.exec('DELETE FROM entry WHERE position > (SELECT max(position) - 2 FROM entry)');
  db.close();
}
