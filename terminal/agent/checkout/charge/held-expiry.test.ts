import { expect, test } from 'vitest';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { err, ok } from '#shared/result/result.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { createHeldExpiry } from '#terminal/agent/checkout/charge/held-expiry.ts';
import { openedFact, orderIdOf } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

test('an end that the disk refused is written down when it takes it, once, and never after the stop', async () => {
  const folder = tempFolder();
  const { journal } = openTestJournal(folder.path);
  const time = createManualTime();
  const orderId = orderIdOf(1);
  const held: EntryFact = {
    type: 'charge.held',
    body: { orderId, wallet: 'wechat', codeMask: '13****6789', untilMs: 45_000 },
  };
  expect(journal.append([openedFact(1), held]).ok).toBe(true);
  let isFull = true;
  const tries: EntryFact[] = [];
  const expiry = createHeldExpiry({
    journal,
    timers: time.timers,
    append: (facts) => {
      tries.push(...facts);
      if (isFull) return err('store-full');
      journal.append(facts);
      return ok(undefined);
    },
  });
  expiry.expire(orderId);
  await time.advance(10_000);
  expect(tries).toHaveLength(6);
  expect(expiry.isHeld(orderId)).toBe(true);
  isFull = false;
  await time.advance(10_000);
  expect(expiry.isHeld(orderId)).toBe(false);
  expect(tries).toHaveLength(7);
  isFull = true;
  expiry.expire(orderId);
  expiry.stop();
  await time.advance(10_000);
  expect(tries).toHaveLength(7);
  journal.close();
  folder.remove();
});
