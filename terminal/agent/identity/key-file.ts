import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { KeyProtector } from '#terminal/agent/identity/key-protector.ts';

/** PKCS #8 of an Ed25519 key, base64. */
const Pkcs8Schema = Type.String({ minLength: 40, maxLength: 200 });

/** What the file holds: the key in force, the one it is changing to, and the secret for hashes of payment codes. */
export const KeyBundleSchema = Type.Object({
  current: Pkcs8Schema,
  next: Type.Optional(Pkcs8Schema),
  /** 32 bytes, base64. Outlives every change of keys, so that a code shown twice is still noticed. */
  hashKey: Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }),
});
export type KeyBundle = Static<typeof KeyBundleSchema>;

const EnvelopeSchema = Type.Object({
  version: Type.Literal(1),
  sealedBy: Type.Union([Type.Literal('file-mode'), Type.Literal('os-store')]),
  sealed: Type.String({ maxLength: 4_096 }),
});

const bundle = Compile(KeyBundleSchema);
const envelope = Compile(EnvelopeSchema);
const ownerOnly = 0o600;
const othersBits = 0o077;

export interface KeyFileError {
  readonly code: 'device-key-unreadable';
  readonly detail: string;
}

/** Rewrites the file, whole and durable, or leaves the old one: a crash at any byte leaves one of the two. */
export function writeKeyFile(path: string, keys: KeyBundle, protector: KeyProtector): void {
  const sealed = protector.seal(Buffer.from(JSON.stringify(keys), 'utf8')).toString('base64');
  const part = `${path}.part`;
  rmSync(part, { force: true });
  const file = openSync(part, 'wx', ownerOnly);
  try {
    writeSync(file, JSON.stringify({ version: 1, sealedBy: protector.name, sealed }));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
  syncFolder(dirname(path));
  guardMode(path);
}

/** Reads the file; undefined when there is none. What a weaker protector sealed is sealed anew. */
export function readKeyFile(
  path: string,
  protector: KeyProtector,
): Result<KeyBundle | undefined, KeyFileError> {
  if (!existsSync(path)) return ok(undefined);
  guardMode(path);
  const outer = parseJson(readFileSync(path, 'utf8'));
  if (!envelope.Check(outer)) return unreadable('the file is damaged');
  const sealed = Buffer.from(outer.sealed, 'base64');
  const plain = outer.sealedBy === 'file-mode' ? sealed : protector.open(sealed);
  if (outer.sealedBy === 'os-store' && protector.name !== 'os-store')
    return unreadable('the key store of the operating system is not at hand');
  if (plain === undefined) return unreadable('sealed on another computer or for another user');
  const keys = parseJson(plain.toString('utf8'));
  if (!bundle.Check(keys)) return unreadable('the file holds no keys');
  if (outer.sealedBy !== protector.name) writeKeyFile(path, keys, protector);
  return ok(keys);
}

const unreadable = (detail: string) => err({ code: 'device-key-unreadable' as const, detail });

/** Windows has no mode bits; its folder of the user is closed to others. */
function guardMode(path: string): void {
  if (process.platform === 'win32') return;
  if ((statSync(path).mode & othersBits) !== 0) chmodSync(path, ownerOnly);
  const mode = statSync(path).mode & 0o777;
  assert((mode & othersBits) === 0, () => `the key file has mode ${mode.toString(8)}`);
}

/** A rename is durable when its folder is. Windows does not open folders. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
