import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTestJournal } from '#cloud/platform/testing/test-terminal.ts';
import { createBatchesInHand } from '#cloud/journal/batches-in-hand.ts';

function threeEntries() {
  const journal = createTestJournal();
  for (let count = 0; count < 3; count += 1) journal.append('order.opened', { count });
  return { first: journal.batch(1, 2), second: journal.batch(3, 3) };
}

test('a batch waits for the one right before it, and for no longer than that one is in hand', async () => {
  const { first, second } = threeEntries();
  const inHand = createBatchesInHand();
  const finish = inHand.begin('trm_a', first);
  let passed = false;
  const waiting = inHand.before('trm_a', second)?.then(() => (passed = true));
  await turn();
  expect(passed).toBe(false);
  finish();
  await waiting;
  expect(passed).toBe(true);
  expect(inHand.before('trm_a', second)).toBeUndefined();
});

test('nobody waits for a batch of another till, of another epoch, or for itself', () => {
  const { first, second } = threeEntries();
  const other = threeEntries();
  const inHand = createBatchesInHand();
  inHand.begin('trm_a', first);
  inHand.begin('trm_a', second);
  expect(inHand.before('trm_b', second)).toBeUndefined();
  expect(inHand.before('trm_a', other.second)).toBeUndefined();
  expect(inHand.before('trm_a', first)).toBeUndefined();
});

test('the same batch sent twice: when the earlier copy ends, the later one still counts', () => {
  const { first, second } = threeEntries();
  const inHand = createBatchesInHand();
  const finishEarlier = inHand.begin('trm_a', first);
  inHand.begin('trm_a', first);
  finishEarlier();
  expect(inHand.before('trm_a', second)).toBeDefined();
});
