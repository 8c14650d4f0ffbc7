import { verify, type KeyObject } from 'node:crypto';
import { publicKeyMode } from '#cloud/payments/channels/alipay/config.ts';
import { rawMembersOf, textOf } from '#cloud/payments/channels/alipay/raw-members.ts';

export type AlipaySignature = 'valid' | 'missing' | 'invalid' | 'key-unknown' | 'garbled';

/** `node`: the raw bytes of the answer proper, to be read only when the signature is valid. */
export interface JudgedAnswer {
  readonly signature: AlipaySignature;
  readonly node: Uint8Array;
}

const nothing = new Uint8Array();

/**
 * Judges one answer to `method`. The signature covers the bytes of `<method>_response` exactly as
 * they came; `sign` may stand before or behind it. An `error_response` is an answer to no method
 * and is not believed.
 */
export function judgeAnswer(
  bytes: Uint8Array,
  method: string,
  keys: ReadonlyMap<string, KeyObject>,
): JudgedAnswer {
  const members = rawMembersOf(bytes);
  const node = members?.get(nodeNameOf(method));
  const sign = members?.get('sign');
  if (members === undefined || node === undefined) return { signature: 'garbled', node: nothing };
  const signature = sign === undefined ? undefined : textOf(sign);
  if (signature === undefined) return { signature: 'missing', node };
  const rawSerial = members.get('alipay_cert_sn');
  const serial = rawSerial === undefined ? publicKeyMode : textOf(rawSerial);
  const key = serial === undefined ? undefined : keys.get(serial);
  // Members that nobody signed have no business there.
  const isClean = members.size === (rawSerial === undefined ? 2 : 3);
  if (key === undefined) return { signature: 'key-unknown', node };
  return { signature: isClean && holds(node, signature, key) ? 'valid' : 'invalid', node };
}

export const nodeNameOf = (method: string): string => `${method.replaceAll('.', '_')}_response`;

/**
 * Does this base64 signature cover these bytes? Only the one canonical spelling of base64 is
 * believed.
 */
export function holds(signed: Uint8Array, signature: string, key: KeyObject): boolean {
  const bytes = Buffer.from(signature, 'base64');
  return bytes.toString('base64') === signature && verify('sha256', signed, key, bytes);
}
