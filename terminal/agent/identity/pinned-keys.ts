import { signingKeyChangeText } from '#shared/wire/v1/signing.ts';
import {
  signingKeyChangesMax,
  type NextSigningKey,
  type SignedConfig,
  type SigningKeyChange,
} from '#shared/wire/v1/terminals.ts';
import { verifySignature } from '#terminal/agent/identity/device-key.ts';

/** What a till believes of the cloud's keys: the one that signed its configuration, and the one announced after it. */
export interface PinnedKeys {
  readonly serverPublicKey: string;
  readonly nextServerKey?: NextSigningKey;
}

/** The cloud tells its time in whole seconds, and an answer is under way for a while. */
export const notBeforeSlackMs = 60_000;

/**
 * The key that signed a configuration, if it follows from what is pinned: the pinned key itself, the announced one
 * from its time on, or one to which a chain of changes leads from either of them, each signed by the key before it.
 * Undefined: it was signed by none of these. `nowMs` is the cloud's time. Pure.
 */
export function signerOf(
  signed: SignedConfig,
  pinned: PinnedKeys,
  nowMs: number,
): string | undefined {
  const { payload: text, signature, keyChanges = [] } = signed;
  const { serverPublicKey, nextServerKey } = pinned;
  const isDue = ({ notBeforeMs }: Pick<NextSigningKey, 'notBeforeMs'>): boolean =>
    notBeforeMs <= nowMs + notBeforeSlackMs;
  const nextKey = nextServerKey && isDue(nextServerKey) ? nextServerKey.publicKey : undefined;
  const changes = keyChanges.slice(0, signingKeyChangesMax).filter(isDue);
  const candidates = [serverPublicKey, nextKey].flatMap((key) =>
    key === undefined ? [] : [key, ...keysAfter(key, changes)],
  );
  return candidates.find((publicKey) => verifySignature({ text, signature, publicKey }));
}

/** The keys to which the changes lead from `key`, as far as each is signed by the one before it. */
function keysAfter(key: string, changes: readonly SigningKeyChange[]): readonly string[] {
  const keys: string[] = [];
  let publicKey = key;
  for (const change of changes) {
    if (change.fromKey !== publicKey) continue;
    const { signature } = change;
    if (!verifySignature({ text: signingKeyChangeText(change), signature, publicKey })) break;
    publicKey = change.toKey;
    keys.push(publicKey);
  }
  return keys;
}
