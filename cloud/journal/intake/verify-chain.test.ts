import { describe, expect, test } from 'vitest';
import { entryBodyCharsMax } from '#shared/wire/v1/entries.ts';
import type { Batch } from '#shared/wire/v1/journal.ts';
import { findChainBreak } from '#cloud/journal/intake/verify-chain.ts';
import { createTestJournal } from '#cloud/platform/testing/test-terminal.ts';

/** Bodies from empty to far above the limit, in one, two, three and four bytes a character, long beside short. */
const bodies = ['a', 'é', '店', '🧾'].flatMap((character) =>
  [0, 1, 700, 2_720, 2_721, entryBodyCharsMax, 5 * entryBodyCharsMax].map((count) =>
    character.repeat(count),
  ),
);

function batchOf(texts: readonly string[]): Batch {
  const journal = createTestJournal();
  for (const text of texts) journal.append('order.opened', text);
  return journal.batch(1);
}

describe('the chain of a batch', () => {
  test('holds for entries of every length, whatever came before them', () => {
    expect(findChainBreak(batchOf(bodies))).toBeUndefined();
    expect(findChainBreak(batchOf(bodies.toReversed()))).toBeUndefined();
  });

  test('breaks at the entry whose last character was changed, however long it is', () => {
    const { entries, ...rest } = batchOf(bodies);
    for (const { seq, body } of entries.filter((entry) => entry.body !== '')) {
      const bent = entries.map((entry) =>
        entry.seq === seq ? { ...entry, body: `${body.slice(0, -1)}b` } : entry,
      );
      expect(findChainBreak({ ...rest, entries: bent })).toBe(seq);
    }
  });

  test('breaks at an entry that is missing, and where an epoch does not begin at its beginning', () => {
    const batch = batchOf(['1', '2', '3']);
    expect(findChainBreak({ ...batch, entries: batch.entries.toSpliced(1, 1) })).toBe(2);
    expect(findChainBreak({ ...batch, prevHash: '1'.repeat(64) })).toBe(1);
  });
});
