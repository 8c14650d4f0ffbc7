import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { setMeta } from '#terminal/agent/journal/meta.ts';
import type { Store } from '#terminal/agent/journal/open-store.ts';
import { dumpProjections } from '#terminal/agent/journal/projections.ts';
import { rebuildProjections } from '#terminal/agent/journal/rebuild.ts';
import { sumDay } from '#terminal/agent/tally/today.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { readCut } from '#terminal/agent/store/chain-cut.ts';
import { keepMs, pruneBatchEntries, pruneOnce } from '#terminal/agent/store/prune.ts';
import {
  cashFact,
  openedFact as openedOnAnyDay,
  orderIdOf,
  submittedFact,
} from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

/** The day that the test orders' ids name. */
const day = '2025-11-22';
const openedFact = (index: number): EntryFact => {
  const fact = openedOnAnyDay(index);
  return fact.type === 'order.opened'
    ? { ...fact, body: { ...fact.body, businessDate: day } }
    : fact;
};
const startMs = 1_795_000_000_000;
let folder = tempFolder();
let wallMs = startMs;
beforeEach(() => {
  folder = tempFolder();
  wallMs = startMs;
});
afterEach(() => folder.remove());

const open = (): { journal: Journal; store: Store } =>
  openTestJournal(folder.path, { nowMs: () => wallMs, monotonicMs: () => 0 });
const ackAll = (journal: Journal): void =>
  void journal.append([], (tx) => setMeta(tx, 'acked-position', String(journal.head().position)));
const pruneAll = (journal: Journal): number => {
  let pruned = 0;
  for (;;) {
    const count = pruneOnce(journal, { nowMs: wallMs, keepEntriesMin: 0 });
    if (count === 0) return pruned;
    expect(count).toBeLessThanOrEqual(pruneBatchEntries);
    pruned += count;
  }
};

/** 300 cash sales, a charge that nobody knows the end of, and a sale that began old and ends young. */
function busyTill(): { journal: Journal; store: Store } {
  const till = open();
  for (let index = 0; index < 300; index += 1)
    till.journal.append([openedFact(index), cashFact(index)]);
  till.journal.append([openedFact(400), submittedFact(400)]);
  till.journal.append([
    {
      type: 'charge.unknown',
      body: { orderId: orderIdOf(400), attempt: 1, code: 'cloud-timeout' },
    },
  ]);
  till.journal.append([openedFact(500), submittedFact(500)]);
  ackAll(till.journal);
  wallMs += keepMs + 1;
  till.journal.append([
    {
      type: 'charge.paid',
      body: {
        orderId: orderIdOf(500),
        attempt: 1,
        channel: 'c',
        channelRef: 'r',
        paidAtMs: wallMs,
      },
    },
  ]);
  till.journal.append([openedFact(600), cashFact(600)]);
  ackAll(till.journal);
  return till;
}

const promised = (index: number): EntryFact => ({
  type: 'offline.promised',
  body: {
    orderId: orderIdOf(index),
    kind: 'iou',
    amountFen: 1_234,
    who: '王阿姨',
    approvedBy: '店主',
    capsVersion: 4,
    limitsVersion: 1,
  },
});

describe('pruning', () => {
  test('old acknowledged entries go in small batches; chain, day, and what is open stay provable', () => {
    const { journal, store } = busyTill();
    const before = sumDay(journal.read, day);
    expect(before).toMatchObject({ cashFen: 301 * 1_234, settledFen: 1_234, pendingFen: 1_234 });
    const headBefore = journal.head();
    expect(pruneAll(journal)).toBe(1 + 600 + 3 + 2);
    expect([...walkEntries(journal.read)]).toHaveLength(3);
    expect(journal.head()).toEqual(headBefore);
    expect(checkChain(journal.read)).toEqual({ fault: undefined, entriesCount: 3 });
    expect(sumDay(journal.read, day)).toEqual(before);
    const live = dumpProjections(journal.read);
    expect((live.orders as { order_id: string }[]).map((row) => row.order_id)).toEqual([
      orderIdOf(400),
      orderIdOf(500),
      orderIdOf(600),
    ]);
    expect(rebuildProjections(store)).toBeUndefined();
    expect(dumpProjections(journal.read)).toEqual(live);
    journal.close();
  });

  test('a pruned journal opens again, sells on in the same chain, and is pruned further', () => {
    const first = busyTill();
    pruneAll(first.journal);
    first.journal.close();
    const { journal, store } = open();
    expect(journal.append([openedFact(700), cashFact(700)]).ok).toBe(true);
    ackAll(journal);
    wallMs += keepMs + 1;
    expect(pruneAll(journal)).toBe(5);
    expect(checkChain(journal.read)).toEqual({ fault: undefined, entriesCount: 0 });
    const live = dumpProjections(journal.read);
    expect(live.orders).toHaveLength(1);
    rebuildProjections(store);
    expect(dumpProjections(journal.read)).toEqual(live);
    journal.close();
  });

  test('what the cloud does not have stays, however old; so does what is young', () => {
    const { journal } = open();
    journal.append([openedFact(1), cashFact(1)]);
    expect(pruneAll(journal)).toBe(0);
    wallMs += keepMs + 1;
    expect(pruneAll(journal)).toBe(0);
    journal.append([], (tx) => setMeta(tx, 'acked-position', '2'));
    expect(pruneAll(journal)).toBe(2);
    expect(readCut(journal.read)?.position).toBe(2);
    journal.close();
  });

  test('an open promise stays however old; what a kept one brought stays in its day', () => {
    const { journal, store } = open();
    const ended = { cashier: '小王' };
    journal.append([openedFact(1), promised(1)]);
    journal.append([openedFact(2), promised(2)]);
    journal.append([openedFact(3), promised(3)]);
    const orderIds = [orderIdOf(2), orderIdOf(3)] as const;
    const kept = { ...ended, orderId: orderIds[0], how: 'cash', businessDate: day } as const;
    const broken = { ...ended, orderId: orderIds[1], code: 'promise-broken', note: '' };
    journal.append([{ type: 'offline.promise-kept', body: kept }]);
    journal.append([{ type: 'offline.promise-broken', body: broken }]);
    ackAll(journal);
    wallMs += keepMs + 1;
    const before = sumDay(journal.read, day);
    expect(before.promises).toMatchObject({ iouFen: 1_234, openCount: 1, keptCashFen: 1_234 });
    pruneAll(journal);
    expect([...walkEntries(journal.read)]).toEqual([]);
    expect(sumDay(journal.read, day)).toEqual(before);
    const live = dumpProjections(journal.read);
    expect((live.orders as { order_id: string }[]).map((row) => row.order_id)).toEqual([
      orderIdOf(1),
    ]);
    expect(live.resolved).toEqual([]);
    rebuildProjections(store);
    expect(dumpProjections(journal.read)).toEqual(live);
    journal.close();
  });

  test('a clock that jumped ahead does not empty the till', () => {
    const { journal } = busyTill();
    wallMs += 10 * keepMs;
    expect(pruneOnce(journal, { nowMs: wallMs })).toBe(0);
    journal.close();
  });

  test.each([
    ['the cut is moved', 'UPDATE chain_cut SET hash = (SELECT hash FROM entry LIMIT 1)'],
    ['the cut is lost', 'DELETE FROM chain_cut'],
    [
      'an entry behind the cut is gone',
      'DELETE FROM entry WHERE position = (SELECT min(position) FROM entry)',
    ],
  ])('planted: %s, and the chain check says so', (_what, sql) => {
    const { journal, store } = busyTill();
    pruneAll(journal);
    store.write.run(sql);
    expect(checkChain(journal.read).fault).toBeDefined();
    journal.close();
  });

  test('planted: without the carried rows the rebuild does not get there', () => {
    const { journal, store } = busyTill();
    pruneAll(journal);
    store.write.run('DELETE FROM carried');
    expect(rebuildProjections(store)).toMatchObject({ type: 'fact-refused', fact: 'charge.paid' });
    journal.close();
  });
});
