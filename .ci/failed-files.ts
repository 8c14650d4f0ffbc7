import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where a run of the tests leaves the files that failed, one a line, for `run-again.ts`. */
const listFile = 'out/failed-files.txt';

/** More than these are no matter of timing: they are not run again. */
export const runAgainMax = 6;

/** Leaves the list; without `files` none, and then nothing can be run again. */
export function leaveFailedFiles(files: readonly string[]): void {
  rmSync(listFile, { force: true });
  if (files.length === 0) return;
  mkdirSync(path.dirname(listFile), { recursive: true });
  writeFileSync(listFile, files.join('\n'));
}

/** The files that the last run left; [] when it left none. */
export function readFailedFiles(): readonly string[] {
  try {
    return readFileSync(listFile, 'utf8').split('\n');
  } catch {
    return [];
  }
}
