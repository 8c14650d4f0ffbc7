import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { OsSecrets } from '#terminal/main/shell-port.ts';

export const wrapKeyFileName = 'wrap-key.bin';
const wrapKeyBytes = 32;

export type WrapKey =
  { readonly type: 'key'; readonly key: string } | { readonly type: 'locked' | 'none' };

/** The key that lies in `folder`, base64. `locked`: the file is there and does not open. */
export function readWrapKey(secrets: OsSecrets, folder: string): WrapKey {
  const file = path.join(folder, wrapKeyFileName);
  if (!existsSync(file)) return { type: 'none' };
  try {
    return { type: 'key', key: secrets.open(readFileSync(file)) };
  } catch {
    return { type: 'locked' };
  }
}

/**
 * The key that the agent seals its own key file with: made once, kept in `folder` in a form that only this user of this
 * computer can open. `locked`: a new key in the place of the one that does not open would not open what that one sealed.
 */
export function loadWrapKey(
  secrets: OsSecrets,
  folder: string,
): Exclude<WrapKey, { readonly type: 'none' }> {
  const kept = readWrapKey(secrets, folder);
  if (kept.type !== 'none') return kept;
  const key = randomBytes(wrapKeyBytes).toString('base64');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeDurably(path.join(folder, wrapKeyFileName), secrets.seal(key));
  return { type: 'key', key };
}

/** Whole or not at all: half a sealed key would lock the till out for good. */
function writeDurably(file: string, bytes: Uint8Array): void {
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const handle = openSync(part, 'wx', 0o600);
  writeSync(handle, bytes);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(part, file);
}
