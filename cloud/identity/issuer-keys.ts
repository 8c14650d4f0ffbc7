import type { KeyPair } from '#cloud/identity/ed25519.ts';

/** The key that signs member codes, and its number inside them. */
export interface IssuerKey {
  readonly keyId: number;
  readonly pair: KeyPair;
}

export interface IssuerKeys {
  /** Signs new codes. */
  readonly current: IssuerKey;
  /** Those that terminals accept: current and, while a change is on, the next. */
  readonly accepted: readonly IssuerKey[];
}

/** The number of the first key; a change of keys counts up and wraps at 255. */
const firstKeyId = 1;

export function createIssuerKeys(pair: KeyPair): IssuerKeys {
  const current = { keyId: firstKeyId, pair };
  return { current, accepted: [current] };
}
