import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateOf } from '#cloud/channel-simulator/faces/unionpay/certificate.ts';

/** Both sides' keys of the UnionPay sandbox. */
export interface UnionpaySandboxKeys {
  readonly merchantPrivateKey: KeyObject;
  readonly certId: string;
  readonly issuerPrivateKey: KeyObject;
  /** In PEM: what merchants trust. */
  readonly issuerCertificate: string;
  readonly signerPrivateKey: KeyObject;
  /** In PEM: what every answer brings along. */
  readonly signerCertificate: string;
}

export const sandboxMerchantNo = '777290058110048';
export const sandboxCertId = '68759663125';
export const sandboxSigner = '00040000:SIGN';
const issuerName = 'Greentill Sandbox OCA';
const [validFromMs, validToMs] = [Date.UTC(2020, 0, 1), Date.UTC(2060, 0, 1)];

/** Fresh RSA keys, for tests: about 100 ms each. */
export const makeUnionpaySandboxKeys = (): UnionpaySandboxKeys =>
  withCertificates(newKey(), newKey(), newKey());

/**
 * Reads the sandbox keys of a folder, or makes them on first use, readable by the owner only. The cloud reads
 * private-key.pem, cert-id and issuers/; the simulator alone reads simulator/.
 */
export function loadUnionpaySandboxKeys(folder: string): UnionpaySandboxKeys {
  for (const name of ['issuers', 'simulator'])
    mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  const keyIn = (name: string): KeyObject =>
    createPrivateKey(
      textIn(folder, name, () => String(newKey().export({ type: 'pkcs8', format: 'pem' }))),
    );
  const keys = withCertificates(
    keyIn('private-key.pem'),
    keyIn('simulator/issuer.pem'),
    keyIn('simulator/signer.pem'),
  );
  textIn(folder, 'issuers/sandbox.pem', () => keys.issuerCertificate);
  textIn(folder, 'cert-id', () => keys.certId);
  return keys;
}

function withCertificates(
  merchantPrivateKey: KeyObject,
  issuerPrivateKey: KeyObject,
  signerPrivateKey: KeyObject,
): UnionpaySandboxKeys {
  const issued = { issuer: issuerName, issuerKey: issuerPrivateKey, validFromMs, validToMs };
  return {
    merchantPrivateKey,
    certId: sandboxCertId,
    issuerPrivateKey,
    issuerCertificate: certificateOf({
      ...issued,
      subject: issuerName,
      serial: 1,
      subjectKey: issuerPrivateKey,
    }),
    signerPrivateKey,
    signerCertificate: certificateOf({
      ...issued,
      subject: `sandbox@unionpay@${sandboxSigner}@1`,
      serial: 2,
      subjectKey: signerPrivateKey,
    }),
  };
}

function textIn(folder: string, name: string, make: () => string): string {
  const path = join(folder, name);
  if (!existsSync(path)) writeFileSync(path, make(), { mode: 0o600 });
  return readFileSync(path, 'utf8');
}

const newKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
