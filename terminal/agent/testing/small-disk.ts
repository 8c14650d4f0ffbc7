import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '#terminal/agent/testing/temp-store.ts';

/** A real file system of a few megabytes in memory. Mounting needs root and Linux. */
export interface SmallDisk {
  readonly path: string;
  /** Takes every free byte. */
  fill(): void;
  /** Gives back what {@link fill} took. */
  free(): void;
  remove(): void;
}

const fillerName = 'somebody-elses-video.bin';

export function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = tempFolder();
  const path = join(folder.path, 'disk');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  const filler = join(path, fillerName);
  return {
    path,
    fill: () => {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filler, Buffer.alloc(bavail * bsize));
    },
    free: () => rmSync(filler, { force: true }),
    remove: () => {
      execFileSync('umount', ['--lazy', path]);
      folder.remove();
    },
  };
}

export function canMount(): boolean {
  const folder = tempFolder();
  const isMounted =
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder.path]).status === 0;
  if (isMounted) spawnSync('umount', [folder.path]);
  folder.remove();
  return isMounted;
}
