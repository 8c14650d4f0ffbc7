import { expect, test } from 'vitest';
import { signatureBase, type SignedParts } from '#shared/wire/v1/signing.ts';

const parts: SignedParts = {
  method: 'GET',
  targetUri: 'https://till.example/v1/results?after=7',
  contentDigest: 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
  terminalSeq: 42,
  created: 1_795_312_800,
  nonce: '0123456789abcdef',
  keyId: 'trm_01M80FST80000000000000000T',
};

test('the base is the five lines of the profile, without a line feed at the end', () => {
  expect(signatureBase(parts)).toBe(
    [
      '"@method": GET',
      '"@target-uri": https://till.example/v1/results?after=7',
      '"content-digest": sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
      '"x-terminal-seq": 42',
      '"@signature-params": ("@method" "@target-uri" "content-digest" "x-terminal-seq")' +
        ';created=1795312800;nonce="0123456789abcdef";keyid="trm_01M80FST80000000000000000T";alg="ed25519"',
    ].join('\n'),
  );
});

test.each<Partial<SignedParts>>([
  { method: 'POST' },
  { targetUri: 'https://till.example/v1/results?after=8' },
  { contentDigest: 'sha-256=:other:' },
  { terminalSeq: 43 },
  { created: 1_795_312_801 },
  { nonce: '0123456789abcdeF' },
  { keyId: 'trm_01M80FST80000000000000000U' },
])('%j changes what is signed', (change) => {
  expect(signatureBase({ ...parts, ...change })).not.toBe(signatureBase(parts));
});
