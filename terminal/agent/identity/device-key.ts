import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '#shared/result/result.ts';
import { fileModeProtector, type KeyProtector } from '#terminal/agent/identity/key-protector.ts';
import {
  readKeyFile,
  writeKeyFile,
  type KeyBundle,
  type KeyFileError,
} from '#terminal/agent/identity/key-file.ts';

/** A key that signs for this till. */
export interface Signer {
  /** 32 raw bytes, base64url without padding. */
  readonly publicKey: string;
  /** Ed25519 over the UTF-8 of `text`: 64 raw bytes. */
  sign(text: string): Buffer;
}

/** The till's own key: made here, never leaves this machine. Signs requests; the cloud knows the public half. */
export interface DeviceKey extends Signer {
  /** 32 bytes that only this till has, for keyed hashes of payment codes. The same after a change of keys. */
  hashKey(): Buffer;
}

/** The till's key and, during a change, the next one. Both rest on disk until the cloud has confirmed the change. */
export interface KeyRing extends DeviceKey {
  /** The key that this till is changing to; undefined when no change is on. */
  next(): Signer | undefined;
  /** Makes the next key, unless a change is on already. False, and nothing changed: the disk refused. */
  beginChange(): boolean;
  /** The cloud confirmed: the next key is in force, the old one is forgotten. False: the disk refused. */
  finishChange(): boolean;
  /** The cloud refused: the old key stays in force. False: the disk refused. */
  dropChange(): boolean;
}

export const deviceKeyFileName = 'device-keys.json';
/** Where the key was before it could change: read once, then taken over. */
export const formerKeyFileName = 'device-key.pem';
/** DER header of an Ed25519 SubjectPublicKeyInfo (RFC 8410 section 4); 32 key bytes follow. */
const publicKeyHeader = Buffer.from('302a300506032b6570032100', 'hex');

export type OpenKeyError =
  KeyFileError | { readonly code: 'store-failed'; readonly detail: string };

/**
 * Reads the keys of `dataDir`, or makes them. Errors: the file is there and cannot be opened (never replaced: with it
 * goes the till's identity), or the disk refused.
 */
export function openDeviceKey(
  dataDir: string,
  protector: KeyProtector = fileModeProtector,
): Result<KeyRing, OpenKeyError> {
  const path = join(dataDir, deviceKeyFileName);
  const former = join(dataDir, formerKeyFileName);
  try {
    const read = readKeyFile(path, protector);
    if (!read.ok) return read;
    const keys = read.value ?? firstKeys(former);
    const ring = createKeyRing(keys, (changed) => writeKeyFile(path, changed, protector));
    if (read.value === undefined) writeKeyFile(path, keys, protector);
    rmSync(former, { force: true });
    return ok(ring);
  } catch (error) {
    return err({
      code: 'store-failed',
      detail: error instanceof Error ? error.message : String(error),
    });
  }
}

/** Checks an Ed25519 signature over the UTF-8 of `text`; anything malformed is simply not valid. */
export const verifySignature = (signed: {
  readonly text: string;
  readonly signature: string;
  readonly publicKey: string;
}): boolean =>
  verifyBytes({
    publicKey: signed.publicKey,
    bytes: Buffer.from(signed.text, 'utf8'),
    signature: Buffer.from(signed.signature, 'base64url'),
  });

/** Checks an Ed25519 signature over raw bytes. `publicKey` is base64url. */
export function verifyBytes(signed: {
  readonly publicKey: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  try {
    const raw = Buffer.from(signed.publicKey, 'base64url');
    const key = createPublicKey({
      key: Buffer.concat([publicKeyHeader, raw]),
      format: 'der',
      type: 'spki',
    });
    return verify(null, signed.bytes, key, signed.signature);
  } catch {
    return false;
  }
}

function createKeyRing(first: KeyBundle, write: (keys: KeyBundle) => void): KeyRing {
  let keys = first;
  let current = signerOf(keys.current);
  let next = keys.next === undefined ? undefined : signerOf(keys.next);
  /** On disk first: what is not durable is not used. */
  const change = (to: KeyBundle): boolean => {
    try {
      write(to);
    } catch {
      return false;
    }
    keys = to;
    current = signerOf(to.current);
    next = to.next === undefined ? undefined : signerOf(to.next);
    return true;
  };
  return {
    get publicKey() {
      return current.publicKey;
    },
    sign: (text) => current.sign(text),
    hashKey: () => Buffer.from(keys.hashKey, 'base64'),
    next: () => next,
    beginChange: () => next !== undefined || change({ ...keys, next: newKey() }),
    finishChange: () =>
      keys.next === undefined || change({ current: keys.next, hashKey: keys.hashKey }),
    dropChange: () =>
      keys.next === undefined || change({ current: keys.current, hashKey: keys.hashKey }),
  };
}

function signerOf(pkcs8: string): Signer {
  const key = createPrivateKey({
    key: Buffer.from(pkcs8, 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`${deviceKeyFileName} holds a ${key.asymmetricKeyType} key`);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    publicKey: spki.subarray(publicKeyHeader.length).toString('base64url'),
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), key),
  };
}

const exportKey = (key: KeyObject): string =>
  key.export({ type: 'pkcs8', format: 'der' }).toString('base64');

const newKey = (): string => exportKey(generateKeyPairSync('ed25519').privateKey);

/** The key of a till from before keys could change, or a new one. */
function firstKeys(formerPath: string): KeyBundle {
  const current = existsSync(formerPath)
    ? exportKey(createPrivateKey(readFileSync(formerPath, 'utf8')))
    : newKey();
  // Ed25519 signatures are deterministic: a till of before goes on with the secret that it always derived so.
  const hashKey = signerOf(current).sign('greentill/code-hash/1').subarray(0, 32);
  return { current, hashKey: hashKey.toString('base64') };
}
