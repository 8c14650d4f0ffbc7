import { describe, expect, test } from 'vitest';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import { entryHash } from '#terminal/agent/journal/hash-chain.ts';
import {
  genesis,
  mergeEpoch,
  type MergedEpoch,
} from '#terminal/agent/store/recovery/merge-epoch.ts';

const epoch = '00112233aabbccdd';

/** A chain of `count` entries whose text from `differentFrom` on is another. */
function chainOf(count: number, differentFrom = Number.POSITIVE_INFINITY): readonly WireEntry[] {
  const entries: WireEntry[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const text = seq >= differentFrom ? 'other' : 'same';
    const content = {
      seq,
      hlc: '01a200fb5100-0000',
      wallMs: seq,
      type: 'caps.applied',
      body: `{"x":"${text}"}`,
    };
    const before = entries.at(-1)?.hash ?? genesis.hash;
    entries.push({ ...content, hash: entryHash(before, { epoch, ...content }) });
  }
  return entries;
}

const fileOf = (entries: readonly WireEntry[], without: readonly number[] = []) =>
  new Map(entries.filter(({ seq }) => !without.includes(seq)).map((entry) => [entry.seq, entry]));

const merge = (
  files: readonly ReadonlyMap<number, WireEntry>[],
  cloud: readonly WireEntry[] = [],
  lastSeq = 0,
): Promise<MergedEpoch> =>
  mergeEpoch({
    epoch,
    start: genesis,
    files,
    lastSeq,
    cloud: cloud.length === 0 ? undefined : { headSeq: cloud.length, headHash: cloud.at(-1)!.hash },
    pull: async (afterSeq) => cloud.slice(afterSeq),
  });

const all = chainOf(10);

describe('one epoch out of files and cloud', () => {
  test('a whole file needs nothing of the cloud', async () => {
    const merged = await merge([fileOf(all)], all.slice(0, 6));
    expect(merged).toEqual({ chain: all, left: [], lost: [], altered: [], pulledCount: 0 });
  });

  test('a hole inside what the cloud has is filled, and the file goes on behind it', async () => {
    const merged = await merge([fileOf(all, [4, 5])], all.slice(0, 7));
    expect(merged).toMatchObject({ chain: all, left: [], lost: [], pulledCount: 4 });
  });

  test('two files with different holes make one whole', async () => {
    const merged = await merge([fileOf(all, [2, 3]), fileOf(all, [8])]);
    expect(merged).toMatchObject({ chain: all, lost: [], left: [] });
  });

  test('a hole behind what the cloud has: the chain ends there, the rest is left, the hole is named', async () => {
    const merged = await merge([fileOf(all, [6, 7, 9])], all.slice(0, 3));
    expect(merged.chain).toEqual(all.slice(0, 5));
    expect(merged.left.map(({ seq }) => seq)).toEqual([8, 10]);
    expect(merged.lost).toEqual([
      { fromSeq: 6, toSeq: 7 },
      { fromSeq: 9, toSeq: 9 },
    ]);
  });

  test('entries at the end that cannot be read are lost too, although nothing follows them', async () => {
    const merged = await merge([fileOf(all, [9, 10])], [], 10);
    expect(merged.lost).toEqual([{ fromSeq: 9, toSeq: 10 }]);
  });

  test('two histories under one name: the cloud’s stands, the file’s own entries are left', async () => {
    const cloud = chainOf(8, 5);
    const merged = await merge([fileOf(all)], cloud);
    expect(merged.chain).toEqual(cloud);
    expect(merged.left.map(({ seq }) => seq)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(merged).toMatchObject({ lost: [], altered: [], pulledCount: 8 });
  });

  test('a shorter other history in the cloud is seen as well', async () => {
    const merged = await merge([fileOf(all)], chainOf(3, 2));
    expect(merged.chain).toEqual(chainOf(3, 2));
    expect(merged.left.map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('an entry that contradicts its hash is not believed; what stands behind it is left', async () => {
    const edited = all.map((entry) => (entry.seq === 4 ? { ...entry, body: '{"x":"9"}' } : entry));
    const merged = await merge([fileOf(edited)]);
    expect(merged.chain).toEqual(all.slice(0, 3));
    expect(merged.altered.map(({ seq }) => seq)).toEqual([4]);
    expect(merged.left.map(({ seq }) => seq)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(merged.lost).toEqual([{ fromSeq: 4, toSeq: 4 }]);
  });
});
