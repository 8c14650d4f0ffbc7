import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '#shared/result/result.ts';

/** The till's own key: made here, never leaves this machine. Signs requests; the cloud knows the public half. */
export interface DeviceKey {
  /** 32 raw bytes, base64url without padding. */
  readonly publicKey: string;
  /** Ed25519 over the UTF-8 of `text`: 64 raw bytes. */
  sign(text: string): Buffer;
  /** 32 bytes that only this till can derive, for keyed hashes of payment codes. */
  hashKey(): Buffer;
}

export const deviceKeyFileName = 'device-key.pem';
const ownerOnly = 0o600;
/** DER header of an Ed25519 SubjectPublicKeyInfo (RFC 8410 section 4); 32 key bytes follow. */
const publicKeyHeader = Buffer.from('302a300506032b6570032100', 'hex');

/** Reads the key of `dataDir`, or makes it. Errors: the file is there and is no Ed25519 key. */
export function openDeviceKey(dataDir: string): Result<DeviceKey, { readonly detail: string }> {
  const path = join(dataDir, deviceKeyFileName);
  try {
    if (!existsSync(path)) writeKeyFile(path);
    const key = createPrivateKey(readFileSync(path, 'utf8'));
    if (key.asymmetricKeyType !== 'ed25519')
      return err({ detail: `${deviceKeyFileName} holds a ${key.asymmetricKeyType} key` });
    return ok(deviceKeyOf(key));
  } catch (error) {
    return err({ detail: error instanceof Error ? error.message : String(error) });
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

function deviceKeyOf(key: KeyObject): DeviceKey {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const signText = (text: string): Buffer => sign(null, Buffer.from(text, 'utf8'), key);
  return {
    publicKey: spki.subarray(publicKeyHeader.length).toString('base64url'),
    sign: signText,
    // Ed25519 signatures are deterministic, so this stays the same for the life of the key.
    hashKey: () => signText('greentill/code-hash/1').subarray(0, 32),
  };
}

function writeKeyFile(path: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  const file = openSync(path, 'wx', ownerOnly);
  writeSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  fsyncSync(file);
  closeSync(file);
}
