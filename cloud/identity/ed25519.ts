import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/** The DER header of an Ed25519 SubjectPublicKeyInfo (RFC 8410); the 32 raw key bytes follow. */
const spkiHeader = Buffer.from('302a300506032b6570032100', 'hex');

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** 32 raw bytes, base64url without padding: as it stands on the wire. */
  readonly publicKey: string;
}

/** Keys that were parsed already, latest last: building one costs as much as a third of a check with it. */
const parsed = new Map<string, KeyObject>();
/** A till asks some times a minute, so this many are about all tills of one server; some 2 MB. */
const parsedMax = 10_000;

/** A public key from the wire. Throws when the text is not 32 bytes of base64url; schemas check that before. */
export function parsePublicKey(text: string): KeyObject {
  const known = parsed.get(text);
  if (known) return known;
  const key = createPublicKey({
    key: Buffer.concat([spkiHeader, Buffer.from(text, 'base64url')]),
    format: 'der',
    type: 'spki',
  });
  const oldest = parsed.size < parsedMax ? undefined : parsed.keys().next().value;
  if (oldest !== undefined) parsed.delete(oldest);
  parsed.set(text, key);
  return key;
}

export const generateKeyPair = (): KeyPair => toKeyPair(generateKeyPairSync('ed25519').privateKey);

export const exportKeyPair = (pair: KeyPair): string =>
  pair.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');

/** Reads what {@link exportKeyPair} wrote: PKCS #8 in base64. Throws on anything else. */
export function importKeyPair(text: string): KeyPair {
  const privateKey = createPrivateKey({
    key: Buffer.from(text, 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 private key');
  return toKeyPair(privateKey);
}

/** Signs the UTF-8 of `text`; 64 bytes, base64url without padding. */
export const signText = (pair: KeyPair, text: string): string =>
  sign(null, Buffer.from(text, 'utf8'), pair.privateKey).toString('base64url');

/** False for a bad signature, and for anything that is not a key or a signature at all. */
export function verifyText(options: {
  readonly publicKey: string;
  readonly text: string;
  readonly signature: Buffer;
}): boolean {
  try {
    const key = parsePublicKey(options.publicKey);
    return verify(null, Buffer.from(options.text, 'utf8'), key, options.signature);
  } catch {
    return false;
  }
}

function toKeyPair(privateKey: KeyObject): KeyPair {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: spki.subarray(spkiHeader.length).toString('base64url') };
}
