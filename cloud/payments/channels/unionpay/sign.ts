import { createHash, sign, type KeyObject } from 'node:crypto';

export type Fields = Readonly<Record<string, string>>;

/**
 * What a signature of version 5.1.0 covers: every field but `signature` and the empty ones, by
 * name, `name=value` joined with `&`; of that the SHA-256 in lower-case hex.
 */
export const signedDigest = (fields: Fields): string =>
  createHash('sha256')
    .update(
      Object.entries(fields)
        .filter(([name, value]) => name !== 'signature' && value !== '')
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, value]) => `${name}=${value}`)
        .join('&'),
    )
    .digest('hex');

/** RSA PKCS#1 v1.5 over SHA-256 over the hex digest, base64: signMethod 01. */
export const signatureOf = (fields: Fields, privateKey: KeyObject): string =>
  sign('sha256', Buffer.from(signedDigest(fields)), privateKey).toString('base64');

/** The fields with their signature, as a form. */
export const signedForm = (fields: Fields, privateKey: KeyObject): string => {
  const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  const signature = signatureOf(filled, privateKey);
  return new URLSearchParams({ ...filled, signature }).toString();
};
