import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Compile } from 'typebox/compile';
import { getOrThrow } from '#shared/result/result.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import {
  BatchSchema,
  batchBytesMax,
  batchEntriesMax,
  genesisHash,
  type Batch,
} from '#shared/wire/v1/journal.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import type { Store } from '#terminal/agent/journal/open-store.ts';
import { openedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { cutBatch } from '#terminal/agent/uplink/cut-batch.ts';

let folder = tempFolder();
let journal: Journal;
let store: Store;
beforeEach(() => {
  folder = tempFolder();
  ({ journal, store } = openTestJournal(folder.path));
});
afterEach(() => {
  journal.close();
  folder.remove();
});

const isBatch = Compile(BatchSchema);

/** The whole journal, batch after batch, as the cloud reads it. */
function cutAll(entriesMax = batchEntriesMax): readonly Batch[] {
  const batches: Batch[] = [];
  for (let position = 0; ;) {
    const batch = cutBatch(journal.read, { position, entriesMax });
    if (!batch) return batches;
    const wire = JSON.parse(batch.json.toString('utf8')) as Batch;
    expect(wire).toMatchObject({ epoch: batch.epoch, firstSeq: batch.firstSeq });
    expect(wire.entries).toHaveLength(batch.lastPosition - batch.firstPosition + 1);
    expect(batch.firstPosition).toBe(position + 1);
    batches.push(wire);
    position = batch.lastPosition;
  }
}

/** The journal as the rows say it, without what does not travel. */
const stored = () =>
  [...walkEntries(journal.read)].map(({ position: _position, epoch: _epoch, ...wire }) => wire);

const ringUp = (count: number, from = 0): void => {
  const facts = Array.from({ length: count }, (_, index) => openedFact(from + index));
  getOrThrow(journal.append(facts));
};

/** Gives the entries up to a position bodies of so many hanzi. */
const fill = (chars: number, upTo: number): void =>
  store.transact(() =>
    store.write.run('UPDATE entry SET body = ? WHERE position <= ?', ['店'.repeat(chars), upTo]),
  );

describe('cutting batches', () => {
  test('batches hold at most 500 entries, in order, each after the hash of the one before', () => {
    ringUp(1_199);
    const [first, second, third, ...more] = cutAll();
    expect(more).toEqual([]);
    expect([first, second, third].map((batch) => batch?.entries.length)).toEqual([500, 500, 200]);
    expect(first).toMatchObject({ firstSeq: 1, prevHash: genesisHash });
    expect(second).toMatchObject({ firstSeq: 501, prevHash: first?.entries.at(-1)?.hash });
    expect([first, second, third].flatMap((batch) => batch?.entries ?? [])).toEqual(stored());
    expect([first, second, third].every((batch) => isBatch.Check(batch))).toBe(true);
  });

  test('texts travel as they are stored, whatever characters are in them', () => {
    const named = openedFact(1) as EntryFact & { body: { cashier: string } };
    const cashier = '小"王\\ \u0001\b\n\u2028\u{1F468}\u200D\u{1F373}\uD800/';
    getOrThrow(
      journal.append([{ ...named, body: { ...named.body, cashier } } as EntryFact, openedFact(2)]),
    );
    const [batch, ...more] = cutAll();
    expect(more).toEqual([]);
    expect(batch?.entries).toEqual(stored());
    expect(JSON.parse(batch?.entries[1]?.body ?? '')).toMatchObject({ cashier });
  });

  test('a batch ends with its epoch, and the next one begins at its first entry', () => {
    ringUp(3);
    getOrThrow(journal.beginEpoch('restored'));
    ringUp(2, 3);
    const [old, young, ...more] = cutAll();
    expect(more).toEqual([]);
    expect(old?.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(young?.entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(young).toMatchObject({ firstSeq: 1, prevHash: genesisHash });
    expect(young?.epoch).not.toBe(old?.epoch);
  });

  test('batches of the largest entries stay below the byte limit; one entry always goes', () => {
    ringUp(400);
    fill(4_000, 401);
    const batches = cutAll();
    expect(batches.reduce((count, { entries }) => count + entries.length, 0)).toBe(401);
    for (const batch of batches)
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThanOrEqual(batchBytesMax);
    fill(batchBytesMax, 2);
    const [huge, alsoHuge] = cutAll();
    expect([huge?.entries.length, alsoHuge?.entries.length]).toEqual([1, 1]);
  });

  test('the cloud may ask for fewer', () => {
    ringUp(6);
    expect(cutAll(3).map(({ entries }) => entries.length)).toEqual([3, 3, 1]);
  });
});
