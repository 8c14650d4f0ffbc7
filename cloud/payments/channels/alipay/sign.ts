import { sign, type KeyObject } from 'node:crypto';

/**
 * What a request's signature covers: every parameter but `sign` and the empty ones, by name,
 * `name=value` joined with `&`, as raw UTF-8 and not as it is encoded on the wire.
 */
export const requestText = (params: Readonly<Record<string, string>>): string =>
  joined(Object.entries(params).filter(([name, value]) => name !== 'sign' && value !== ''));

/**
 * What a notify's signature covers: every parameter that came but `sign` and `sign_type`, the empty
 * ones too.
 */
export const noticeText = (params: Readonly<Record<string, string>>): string =>
  joined(Object.entries(params).filter(([name]) => name !== 'sign' && name !== 'sign_type'));

const joined = (pairs: readonly (readonly [string, string])[]): string =>
  pairs
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

/** RSA PKCS#1 v1.5 over SHA-256, base64: Alipay's RSA2. */
export const signatureOf = (
  params: Readonly<Record<string, string>>,
  privateKey: KeyObject,
): string => sign('sha256', Buffer.from(requestText(params)), privateKey).toString('base64');

/** The parameters with their signature, as a form. */
export const signedForm = (
  params: Readonly<Record<string, string>>,
  privateKey: KeyObject,
): string => {
  const filled = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== ''));
  return new URLSearchParams({ ...filled, sign: signatureOf(params, privateKey) }).toString();
};
