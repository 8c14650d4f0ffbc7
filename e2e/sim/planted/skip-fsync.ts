import { existsSync } from 'node:fs';
import { copyDurable } from '../till/crash-store.ts';
import type { Planted } from './planted.ts';

/** A commit is synced only when so many more have come: what `synchronous=NORMAL` does between two checkpoints. */
const commitsPerSync = 60;
/** The till was activated by then. */
const firstSync = 6;
const syncedOf = (folder: string): string => `${folder}-synced`;

/** A disk that says "synced" and is not: a power cut loses what came after the last real sync. */
export const skipFsync: Planted = {
  name: 'skip-fsync',
  bendTill: (deps) => {
    let commits = 0;
    return {
      ...deps,
      onCommitted: (folder) => {
        commits += 1;
        if (commits === firstSync || commits % commitsPerSync === 0)
          copyDurable(folder, syncedOf(folder));
      },
      durableFolder: (folder) => (existsSync(syncedOf(folder)) ? syncedOf(folder) : folder),
    };
  },
};
