import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Both sides' keys of the WeChat sandbox. */
export interface WechatSandboxKeys {
  readonly merchantPrivateKey: KeyObject;
  readonly merchantSerial: string;
  /** The platform's keys by what stands in `Wechatpay-Serial`: a certificate's serial, and a public key's id. */
  readonly platform: ReadonlyMap<string, KeyObject>;
  /** 32 characters. */
  readonly apiV3Key: string;
}

export const certificateSerial = '5157F09EFDC096DE15EBE81A47057A7232F1B8E1';
export const publicKeyId = 'PUB_KEY_ID_0114232134912410000000000000';
/** The partner's number in the sandbox; no shop has it. */
export const sandboxPartner = '1800000001';
const merchantSerial = '7777777777777777777777777777777777777777';

/** Fresh RSA keys, for tests: about 100 ms each. */
export const makeWechatSandboxKeys = (): WechatSandboxKeys => ({
  merchantPrivateKey: newKey(),
  merchantSerial,
  platform: new Map([
    [certificateSerial, newKey()],
    [publicKeyId, newKey()],
  ]),
  apiV3Key: randomBytes(16).toString('hex'),
});

/**
 * Reads the sandbox keys of a folder, or makes them on first use, readable by the owner only. The cloud reads
 * private-key.pem, key-serial, apiv3-key and platform/{serial}.pem; the simulator alone reads simulator/.
 */
export function loadWechatSandboxKeys(folder: string): WechatSandboxKeys {
  for (const name of ['platform', 'simulator'])
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  const keyIn = (name: string): KeyObject =>
    createPrivateKey(
      textIn(folder, name, () => String(newKey().export({ type: 'pkcs8', format: 'pem' }))),
    );
  const platform = new Map(
    [certificateSerial, publicKeyId].map((serial) => [serial, keyIn(`simulator/${serial}.pem`)]),
  );
  for (const [serial, key] of platform)
    textIn(folder, `platform/${serial}.pem`, () =>
      String(createPublicKey(key).export({ type: 'spki', format: 'pem' })),
    );
  return {
    merchantPrivateKey: keyIn('private-key.pem'),
    merchantSerial: textIn(folder, 'key-serial', () => merchantSerial).trim(),
    platform,
    apiV3Key: textIn(folder, 'apiv3-key', () => randomBytes(16).toString('hex')).trim(),
  };
}

function textIn(folder: string, name: string, make: () => string): string {
  const path = join(folder, name);
  if (!existsSync(path)) writeFileSync(path, make(), { mode: 0o600 });
  return readFileSync(path, 'utf8');
}

const newKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
