import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signingKeyChangeText } from '#shared/wire/v1/signing.ts';
import { signingKeyChangesMax, type SigningKeyChange } from '#shared/wire/v1/terminals.ts';
import { notBeforeSlackMs, signerOf } from '#terminal/agent/identity/pinned-keys.ts';

const newKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    publicKey: spki.subarray(12).toString('base64url'),
    sign: (text: string) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
};
type Key = ReturnType<typeof newKey>;
const [first, second, third, thief] = [newKey(), newKey(), newKey(), newKey()];

const turnMs = 1_800_000_000_000;
const payload = '{"configVersion":7}';
const signedBy = (key: Key, keyChanges?: readonly SigningKeyChange[]) => ({
  payload,
  signature: key.sign(payload),
  ...(keyChanges ? { keyChanges: [...keyChanges] } : {}),
});
function changeOf(from: Key, to: Key, how: { by?: Key; atMs?: number } = {}): SigningKeyChange {
  const { by = from, atMs = turnMs } = how;
  const change = { fromKey: from.publicKey, toKey: to.publicKey, notBeforeMs: atMs };
  return { ...change, signature: by.sign(signingKeyChangeText(change)) };
}
const pinned = { serverPublicKey: first.publicKey };
const both = { ...pinned, nextServerKey: { publicKey: second.publicKey, notBeforeMs: turnMs } };

describe('a configuration is believed when it is signed by', () => {
  test('the pinned key, also while a next one is announced', () => {
    expect(signerOf(signedBy(first), pinned, turnMs)).toBe(first.publicKey);
    expect(signerOf(signedBy(first), both, turnMs + 1)).toBe(first.publicKey);
  });

  test('the announced key from its time on, and not before', () => {
    const tooEarlyMs = turnMs - notBeforeSlackMs - 1;
    expect(signerOf(signedBy(second), both, tooEarlyMs)).toBeUndefined();
    expect(signerOf(signedBy(second), both, tooEarlyMs + 1)).toBe(second.publicKey);
  });

  test('a key to which the changes lead, wherever in them the till stands', () => {
    const changes = [changeOf(first, second), changeOf(second, third)];
    const signed = signedBy(third, changes);
    for (const from of [first, second, third])
      expect(signerOf(signed, { serverPublicKey: from.publicKey }, turnMs)).toBe(third.publicKey);
    // The first change stands in the list no more, but the till had been told of it.
    expect(signerOf(signedBy(third, changes.slice(1)), both, turnMs)).toBe(third.publicKey);
  });
});

describe('a configuration is refused when', () => {
  test.each<[string, readonly SigningKeyChange[]]>([
    ['no change leads to its key', []],
    ['a change is signed by the key that it leads to', [changeOf(first, thief, { by: thief })]],
    [
      'one in the middle is signed by another key',
      [changeOf(first, second), changeOf(second, thief, { by: third })],
    ],
    [
      'one in the middle is missing',
      [changeOf(first, second), changeOf(third, thief, { by: third })],
    ],
    ['a change was altered', [{ ...changeOf(first, second), toKey: thief.publicKey }]],
    ['its change has not come yet', [changeOf(first, thief, { atMs: turnMs + 86_400_000 })]],
    ['the changes begin at a key that was never pinned', [changeOf(second, thief)]],
  ])('%s', (_what, changes) => {
    expect(signerOf(signedBy(thief, changes), pinned, turnMs)).toBeUndefined();
  });

  test('it is signed by a key that was left behind', () => {
    const moved = { serverPublicKey: second.publicKey };
    const signed = signedBy(first, [changeOf(first, second)]);
    expect(signerOf(signed, moved, turnMs)).toBeUndefined();
  });

  test('more changes come than a configuration carries', () => {
    const keys = [first, ...Array.from({ length: signingKeyChangesMax + 1 }, newKey)];
    const changes = keys.slice(1).map((key, at) => changeOf(keys[at]!, key));
    const last = keys.at(-1)!;
    expect(signerOf(signedBy(last, changes), pinned, turnMs)).toBeUndefined();
    expect(signerOf(signedBy(last, changes.slice(1)), both, turnMs)).toBeUndefined();
    const shorter = signedBy(keys.at(-2)!, changes.slice(0, -1));
    expect(signerOf(shorter, pinned, turnMs)).toBe(keys.at(-2)!.publicKey);
  });
});
