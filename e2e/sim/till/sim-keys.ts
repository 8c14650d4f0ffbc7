import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** PKCS #8 header of an Ed25519 private key (RFC 8410 section 7); the 32 secret bytes follow. */
const pkcs8Header = Buffer.from('302e020100300506032b657004220420', 'hex');
/** The 32 bytes of a public key are the last of its SubjectPublicKeyInfo. */
const publicKeyBytes = 32;

/** The same name gives the same Ed25519 key. */
export const keyOf = (name: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([pkcs8Header, createHash('sha256').update(`sim/${name}`).digest()]),
    format: 'der',
    type: 'pkcs8',
  });

/** The public half, base64url, as it stands on the wire. */
export const publicKeyTextOf = (key: KeyObject): string =>
  createPublicKey(key)
    .export({ type: 'spki', format: 'der' })
    .subarray(-publicKeyBytes)
    .toString('base64url');

/** As the till keeps it in its folder. */
export const keyPemOf = (name: string): string =>
  keyOf(name).export({ type: 'pkcs8', format: 'pem' }).toString();

/** The same, as the cloud takes it from its environment. */
export const keyBase64Of = (name: string): string =>
  keyOf(name).export({ type: 'pkcs8', format: 'der' }).toString('base64');
