import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The keys of a sandbox: ours, with which we sign requests, and the channel's, with which it signs answers. */
export interface SandboxKeys {
  readonly appPrivateKey: KeyObject;
  readonly appPublicKey: KeyObject;
  readonly channelPrivateKey: KeyObject;
  readonly channelPublicKey: KeyObject;
}

/** The same seed gives the same keys: for tests, never for a key that guards anything. */
export function sandboxKeysFromSeed(seed: string): SandboxKeys {
  return keysOf(
    ed25519FromSeed(createHash('sha256').update(`app/${seed}`).digest()),
    ed25519FromSeed(createHash('sha256').update(`channel/${seed}`).digest()),
  );
}

/**
 * Reads the sandbox keys in a folder, or makes them on first use, readable by the owner only:
 * app-private-key.pem goes to the cloud, channel-public-key.pem is what the cloud trusts.
 */
export function loadSandboxKeys(folder: string): SandboxKeys {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const privateKeyIn = (name: string): KeyObject => {
    const path = join(folder, `${name}-private-key.pem`);
    if (!existsSync(path)) {
      const made = ed25519FromSeed(randomBytes(32));
      const publicPem = createPublicKey(made).export({ type: 'spki', format: 'pem' });
      writeFileSync(join(folder, `${name}-public-key.pem`), publicPem);
      writeFileSync(path, made.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    }
    return createPrivateKey(readFileSync(path));
  };
  return keysOf(privateKeyIn('app'), privateKeyIn('channel'));
}

const keysOf = (appPrivateKey: KeyObject, channelPrivateKey: KeyObject): SandboxKeys => ({
  appPrivateKey,
  appPublicKey: createPublicKey(appPrivateKey),
  channelPrivateKey,
  channelPublicKey: createPublicKey(channelPrivateKey),
});

/** PKCS #8 header of an Ed25519 private key (RFC 8410 section 7); the 32 secret bytes follow. */
const ed25519Pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

const ed25519FromSeed = (secret: Uint8Array): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([ed25519Pkcs8Prefix, secret]),
    format: 'der',
    type: 'pkcs8',
  });
