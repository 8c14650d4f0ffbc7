import Database from 'better-sqlite3';
import { createWriteHandle, type WriteHandle } from '#terminal/agent/journal/handles.ts';
import { migrations } from '#terminal/agent/journal/migrations.ts';

/** Runs `work` on an empty till's file in memory: the real tables and the real folds, and nothing to lose. */
export function withScratchStore<T>(work: (tx: WriteHandle) => T): T {
  const db = new Database(':memory:');
  try {
    for (const step of migrations) db.exec(step);
    return work(createWriteHandle(() => db));
  } finally {
    db.close();
  }
}
