import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Both sides' keys of the Alipay sandbox. */
export interface AlipaySandboxKeys {
  readonly appPrivateKey: KeyObject;
  readonly alipayPrivateKey: KeyObject;
}

/** Who may call in the sandbox: a provider's app. */
export const sandboxAppId = '2021000000000001';

/** Fresh RSA keys, for tests: about 100 ms each. */
export const makeAlipaySandboxKeys = (): AlipaySandboxKeys => ({
  appPrivateKey: newKey(),
  alipayPrivateKey: newKey(),
});

/**
 * Reads the sandbox keys of a folder, or makes them on first use, readable by the owner only. The cloud reads
 * private-key.pem, alipay/public-key.pem and tokens/; the simulator alone reads simulator/.
 */
export function loadAlipaySandboxKeys(folder: string): AlipaySandboxKeys {
  for (const name of ['alipay', 'simulator', 'tokens'])
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  const keyIn = (name: string): KeyObject =>
    createPrivateKey(
      textIn(folder, name, () => String(newKey().export({ type: 'pkcs8', format: 'pem' }))),
    );
  const alipayPrivateKey = keyIn('simulator/private-key.pem');
  textIn(folder, 'alipay/public-key.pem', () =>
    String(createPublicKey(alipayPrivateKey).export({ type: 'spki', format: 'pem' })),
  );
  return { appPrivateKey: keyIn('private-key.pem'), alipayPrivateKey };
}

function textIn(folder: string, name: string, make: () => string): string {
  const path = join(folder, name);
  if (!existsSync(path)) writeFileSync(path, make(), { mode: 0o600 });
  return readFileSync(path, 'utf8');
}

const newKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
