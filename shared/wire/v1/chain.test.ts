import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { entryHash, verifyChain, type HashLink } from '#shared/wire/v1/chain.ts';
import { genesisHash, type Batch, type WireEntry } from '#shared/wire/v1/journal.ts';

const hashLink: HashLink = ({ prevHash, text }) =>
  createHash('sha256').update(Buffer.from(prevHash, 'hex')).update(text, 'utf8').digest('hex');

const epoch = '00112233aabbccdd';

function chain(bodies: readonly string[]): Batch {
  const entries: WireEntry[] = [];
  for (const [index, body] of bodies.entries()) {
    const prevHash = entries.at(-1)?.hash ?? genesisHash;
    const entry = {
      seq: index + 1,
      hlc: `0199a0b1c2d3-${String(index).padStart(4, '0')}`,
      wallMs: 1_763_000_000_000 + index,
      type: 'order.voided',
      body,
    };
    entries.push({ ...entry, hash: entryHash({ epoch, prevHash, entry }, hashLink) });
  }
  return { epoch, firstSeq: 1, prevHash: genesisHash, entries };
}

const batch = chain(['{"a":1}', '{"店":"绿点"}', '{}', '{"b":2}']);
const withEntry = (index: number, change: Partial<WireEntry>): Batch => ({
  ...batch,
  entries: batch.entries.map((entry, at) => (at === index ? { ...entry, ...change } : entry)),
});

describe('verifyChain', () => {
  test('an unbroken batch answers with its head', () => {
    expect(verifyChain(batch, hashLink)).toEqual({
      ok: true,
      value: { headHash: batch.entries[3]!.hash },
    });
  });

  test('any cut of a chain verifies from the hash before it', () => {
    fc.assert(
      fc.property(fc.nat(4), fc.nat(4), (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const prevHash = batch.entries[from - 1]?.hash ?? genesisHash;
        const entries = batch.entries.slice(from, to);
        const { headHash } = getOrThrow(
          verifyChain({ epoch, firstSeq: from + 1, prevHash, entries }, hashLink),
        );
        expect(headHash).toBe(entries.at(-1)?.hash ?? prevHash);
      }),
    );
  });

  test.each<[string, Partial<WireEntry>]>([
    ['body', { body: '{"a":2}' }],
    ['body text with the same meaning', { body: '{ "a": 1 }' }],
    ['type', { type: 'charge.expired' }],
    ['wall time', { wallMs: 1 }],
    ['logical time', { hlc: '0199a0b1c2d3-0009' }],
    ['hash', { hash: 'f'.repeat(64) }],
  ])('a changed %s breaks the chain at its entry', (_, change) => {
    expect(verifyChain(withEntry(2, change), hashLink)).toEqual({
      ok: false,
      error: { type: 'journal-chain-broken', seq: 3 },
    });
  });

  test('another epoch or another predecessor breaks it at the first entry', () => {
    const broken = { ok: false, error: { type: 'journal-chain-broken', seq: 1 } };
    expect(verifyChain({ ...batch, epoch: '00112233aabbccde' }, hashLink)).toEqual(broken);
    expect(verifyChain({ ...batch, prevHash: 'a'.repeat(64) }, hashLink)).toEqual(broken);
  });

  test('an entry left out, doubled or out of order is a gap', () => {
    const [first, second, third] = batch.entries as [WireEntry, WireEntry, WireEntry];
    const gap = (entries: WireEntry[]) => verifyChain({ ...batch, entries }, hashLink);
    expect(gap([first, third])).toEqual({
      ok: false,
      error: { type: 'journal-gap', expectedSeq: 2 },
    });
    expect(gap([first, first])).toMatchObject({ error: { type: 'journal-gap' } });
    expect(gap([second, first])).toMatchObject({ error: { expectedSeq: 1 } });
    expect(verifyChain({ ...batch, firstSeq: 2 }, hashLink)).toMatchObject({
      error: { expectedSeq: 2 },
    });
  });
});
