import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** Compiles `fsync-shim.c` into `folder`; answers the path of the library. Throws what the compiler said. */
export function buildShim(folder: string): string {
  const library = path.join(folder, 'fsync-shim.so');
  const source = path.join(import.meta.dirname, 'fsync-shim.c');
  const how = ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', library, source];
  const made = spawnSync('gcc', [...how, '-ldl'], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.error?.message ?? made.stderr);
  return library;
}

/** Why the shim cannot be used here; undefined: it can. */
export function shimMissing(): string | undefined {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}`;
  return spawnSync('gcc', ['--version']).status === 0 ? undefined : 'it needs gcc';
}

/** The environment that puts the shim between a process and its files. */
export const shimEnvironment = (options: {
  readonly library: string;
  /** Absolute; what lies below it is recorded. */
  readonly folder: string;
  readonly record: string;
}): NodeJS.ProcessEnv => ({
  ...process.env,
  LD_PRELOAD: options.library,
  GREENTILL_SHIM_FOLDER: options.folder,
  GREENTILL_SHIM_LOG: options.record,
  // Everything through plain calls, where the shim sees it.
  UV_USE_IO_URING: '0',
});
