import { createHash, sign, type KeyObject } from 'node:crypto';

export type Words = Readonly<Record<string, string>>;

/** Fields with the signature of version 5.1.0 and the certificate it can be checked with. */
export function signedWords(
  words: Words,
  by: { readonly key: KeyObject; readonly certificate: string },
): Words {
  const all: Words = { ...words, signMethod: '01', signPubKeyCert: by.certificate };
  const signature = sign('sha256', Buffer.from(digestOf(all)), by.key).toString('base64');
  return { ...all, signature };
}

/** SHA-256 in hex of `name=value` joined with `&`, by name, without the signature and empty fields. */
export const digestOf = (words: Words): string =>
  createHash('sha256')
    .update(
      Object.keys(words)
        .filter((name) => name !== 'signature' && words[name] !== '')
        .toSorted()
        .map((name) => `${name}=${words[name] ?? ''}`)
        .join('&'),
    )
    .digest('hex');

/** Answers are not escaped; notifies are forms. */
export const answerText = (words: Words): string =>
  Object.entries(words)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
