import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '#shared/errors/catalogue.ts';

/** How much room the disk of the till's file has, and what is kept back for the day when it has none. */
export const ballastFileName = 'ballast.bin';
const ballastBytes = 512 * 1024;
/** Below this the ballast is not made anew: the disk needs the room more. */
const ballastNeedsFreeBytes = 16 * 1024 * 1024;

/** Below this people are told: some 100,000 sales still fit. */
export const diskLowBytes = 512 * 1024 * 1024;
/** Below this they are told loudly: some 10,000 sales still fit, and no backup. */
export const diskAlmostFullBytes = 64 * 1024 * 1024;

/** What the free room means for people; undefined: nothing. Pure. */
export const judgeRoom = (freeBytes: number): ErrorCode | undefined =>
  freeBytes < diskAlmostFullBytes
    ? 'disk-almost-full'
    : freeBytes < diskLowBytes
      ? 'disk-low'
      : undefined;

/** Free bytes for a user without privileges on the disk of `folder`. */
export const freeBytesOf = (folder: string): number => {
  const disk = statfsSync(folder);
  return disk.bavail * disk.bsize;
};

function writeBallast(path: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeSync(file, Buffer.alloc(ballastBytes, 0xa5));
    // Some file systems take blocks only when a file is synced; unsynced ballast would keep nothing back.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A file whose blocks are given back when the disk is full, so that checkpoint and a last few entries still fit. */
export function createBallast(dataDir: string): { make(): void; drop(): void } {
  const path = join(dataDir, ballastFileName);
  return {
    make: () => {
      if (existsSync(path) || freeBytesOf(dataDir) < ballastNeedsFreeBytes) return;
      try {
        writeBallast(path);
      } catch {
        // A quota or a bad block: the till opens without ballast rather than not at all.
        rmSync(path, { force: true });
      }
    },
    drop: () => rmSync(path, { force: true }),
  };
}
