import { constants, publicEncrypt, sign, type KeyObject } from 'node:crypto';

export const authorizationScheme = 'WECHATPAY2-SHA256-RSA2048';

export interface SignedParts {
  readonly method: string;
  /** Path with its query, as it stands in the request line. */
  readonly target: string;
  /** Seconds since 1970. */
  readonly timestamp: string;
  readonly nonce: string;
  /** Empty where there is none. */
  readonly body: string;
}

/** What a request's signature covers: five lines, each ended by a line feed. */
export const requestText = ({ method, target, timestamp, nonce, body }: SignedParts): string =>
  `${method}\n${target}\n${timestamp}\n${nonce}\n${body}\n`;

/** The value of the `Authorization` header. RSA PKCS#1 v1.5 over SHA-256. */
export function authorizationOf(
  parts: SignedParts,
  signer: { readonly mchid: string; readonly serial: string; readonly privateKey: KeyObject },
): string {
  const signature = sign('sha256', Buffer.from(requestText(parts)), signer.privateKey);
  const fields = {
    mchid: signer.mchid,
    nonce_str: parts.nonce,
    signature: signature.toString('base64'),
    timestamp: parts.timestamp,
    serial_no: signer.serial,
  };
  const list = Object.entries(fields).map(([name, value]) => `${name}="${value}"`);
  return `${authorizationScheme} ${list.join(',')}`;
}

/** A name on the wire: RSA-OAEP with SHA-1, base64, for the platform key that the request names. */
export const encryptName = (name: string, platformKey: KeyObject): string =>
  publicEncrypt(
    { key: platformKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    Buffer.from(name, 'utf8'),
  ).toString('base64');
