import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeDatabase, syncFile, syncFolder } from '#terminal/agent/store/durable-files.ts';
import { forgetHead } from '#terminal/agent/store/head-witness.ts';

/**
 * A restored or salvaged journal takes the place of the old one. The old write-ahead log must be gone before the new
 * file has the old name, or it would be applied to it; a stop in between must not leave a till that opens an old file
 * without its log. So the new file is made whole beside it, a mark is set, and from then on every start goes on.
 */
export const replacementFolderName = 'replacement';
const markName = 'replacing';
const endedMarkName = 'epoch-ended';

/** Marks the finished file in the replacement folder as the one to use, durably. */
export function markReplacement(dataDir: string, fileName: string): void {
  syncFile(join(dataDir, replacementFolderName, fileName));
  syncFolder(join(dataDir, replacementFolderName));
  const mark = join(dataDir, markName);
  writeFileSync(mark, 'the file in the replacement folder takes the place of the journal\n');
  syncFile(mark);
  syncFolder(dataDir);
}

/** Ends a replacement that was marked; nothing when none was. The writer lock must be held. May be repeated. */
export function finishReplacement(dataDir: string, fileName: string): boolean {
  const mark = join(dataDir, markName);
  if (!existsSync(mark)) return false;
  const replacement = join(dataDir, replacementFolderName, fileName);
  const inUse = join(dataDir, fileName);
  if (existsSync(replacement)) {
    removeDatabase(inUse);
    forgetHead(dataDir);
    syncFolder(dataDir);
    renameSync(replacement, inUse);
    syncFolder(dataDir);
  }
  forgetEpochEnd(dataDir);
  rmSync(mark);
  syncFolder(dataDir);
  rmSync(join(dataDir, replacementFolderName), { recursive: true, force: true });
  return true;
}

/**
 * Notes, durably, that the cloud is about to be told where the epochs of this journal end. A recovery that stops after
 * this point leaves the old file in use: the till then begins an epoch before it sells, and nothing it writes comes
 * after an end.
 */
export function markEpochEnd(dataDir: string): void {
  const mark = join(dataDir, endedMarkName);
  writeFileSync(
    mark,
    'a recovery ended the epochs of the journal: the next start begins another one\n',
  );
  syncFile(mark);
  syncFolder(dataDir);
}

export const isEpochEnded = (dataDir: string): boolean => existsSync(join(dataDir, endedMarkName));

export function forgetEpochEnd(dataDir: string): void {
  rmSync(join(dataDir, endedMarkName), { force: true });
  syncFolder(dataDir);
}
