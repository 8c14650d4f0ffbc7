import { verify, type KeyObject } from 'node:crypto';

/** Answers and notifies whose time is further away than this are not believed. */
export const windowSeconds = 300;

/** WeChat Pay sends signatures that begin so to see whether we really verify. They must fail. */
export const probePrefix = 'WECHATPAY/SIGNTEST/';

export type WechatSignature =
  | 'valid'
  | 'signature-missing'
  | 'signature-probe'
  | 'signature-invalid'
  | 'key-unknown'
  | 'time-outside-window';

/**
 * What a signature of WeChat Pay covers, byte for byte: time, nonce, body, each ended by a line
 * feed.
 */
export const signedBytes = (parts: {
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: Uint8Array;
}): Buffer =>
  Buffer.concat([Buffer.from(`${parts.timestamp}\n${parts.nonce}\n`), parts.body, lineFeed]);

const lineFeed = Buffer.from('\n');
const timestampPattern = /^[1-9][0-9]{8,11}$/;
const noncePattern = /^[\x21-\x7e]{1,128}$/;

/** Judges one answer or notify. `header` reads a header by its lower-case name. */
export function judgeSignature(
  message: {
    readonly header: (name: string) => string | undefined;
    readonly body: Uint8Array;
  },
  trust: { readonly keys: ReadonlyMap<string, KeyObject>; readonly nowMs: number },
): WechatSignature {
  const { header, body } = message;
  const timestamp = header('wechatpay-timestamp');
  const nonce = header('wechatpay-nonce');
  const signature = header('wechatpay-signature');
  const serial = header('wechatpay-serial');
  if (timestamp === undefined || nonce === undefined) return 'signature-missing';
  if (signature === undefined || serial === undefined) return 'signature-missing';
  if (signature.startsWith(probePrefix)) return 'signature-probe';
  const key = trust.keys.get(serial);
  if (key === undefined) return 'key-unknown';
  if (!timestampPattern.test(timestamp) || !noncePattern.test(nonce)) return 'signature-invalid';
  if (Math.abs(Number(timestamp) * 1_000 - trust.nowMs) > windowSeconds * 1_000)
    return 'time-outside-window';
  const bytes = Buffer.from(signature, 'base64');
  // Base64 has spare bits and skipped characters; only the one canonical spelling is believed.
  if (bytes.toString('base64') !== signature) return 'signature-invalid';
  return verify('sha256', signedBytes({ timestamp, nonce, body }), key, bytes)
    ? 'valid'
    : 'signature-invalid';
}
