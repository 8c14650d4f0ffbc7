import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '#terminal/agent/journal/open-store.ts';

/** Files that SQLite writes while it finds out that it may not have the lock. */
const passing = /^writer\.lock|-shm$/;

const pictureOf = (folder: string): string => {
  const digest = createHash('sha256');
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isFile() && !passing.test(entry.name))
      digest.update(entry.name).update(readFileSync(join(folder, entry.name)));
  return digest.digest('hex');
};

/**
 * Opens the folder of a running till as a second process would; without its patience, because the first does not give
 * way while we look. What was wrong with the answer, undefined: nothing.
 */
export function tryAsSecond(folder: string): string | undefined {
  const before = pictureOf(folder);
  const second = openStore(folder, { lockPatienceMs: 0 });
  if (second.ok) {
    second.value.close();
    return 'a second process was let in';
  }
  if (second.error.code !== 'store-locked') return `a second process was told ${second.error.code}`;
  if (!/process \d+/.test(second.error.detail))
    return `a second process was not told who has the file: ${second.error.detail}`;
  return pictureOf(folder) === before ? undefined : 'a second process changed the files';
}
