import { importKeyPair, type KeyPair } from '#cloud/identity/ed25519.ts';
import { assert } from '#shared/result/assert.ts';

/** A key that signs member codes, and its number inside them, 0 to 255. */
export interface IssuerKey {
  readonly keyId: number;
  readonly pair: KeyPair;
}

export interface IssuerKeys {
  /** Signs new codes. */
  readonly current: IssuerKey;
  /** Those that are accepted: current and, while a change is on, the one before or after it; by number. */
  readonly accepted: readonly IssuerKey[];
}

/** The number of a key that was given none. */
const firstKeyId = 1;
/** One byte of the code. */
const keyIdMax = 255;
/** As many as a configuration carries. */
const issuerKeysMax = 4;

/** Reads `N:KEY`, or `KEY`, which is number 1; KEY is PKCS #8 in base64. Throws on anything else, without repeating it. */
export function parseIssuerKey(text: string): IssuerKey {
  const [, number, key = ''] = /^(?:(\d{1,3}):)?(.*)$/s.exec(text) ?? [];
  const keyId = number === undefined ? firstKeyId : Number(number);
  assert(keyId <= keyIdMax, () => `issuer key ${keyId}: numbers end at ${keyIdMax}`);
  return { keyId, pair: importKeyPair(key) };
}

/** Throws when two keys share a number: a code could not say which of them signed it. */
export function createIssuerKeys(
  current: IssuerKey,
  others: readonly IssuerKey[] = [],
): IssuerKeys {
  // By number, so that a change of places among them is nothing that a till must hear of.
  const accepted = [current, ...others].toSorted((a, b) => a.keyId - b.keyId);
  const numbers = accepted.map(({ keyId }) => keyId);
  assert(new Set(numbers).size === numbers.length, () => `issuer keys ${numbers.join(', ')}`);
  assert(numbers.length <= issuerKeysMax, () => `${numbers.length} issuer keys`);
  return { current, accepted };
}
