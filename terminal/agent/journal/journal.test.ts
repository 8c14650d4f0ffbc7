import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { genesisHash } from '#shared/wire/v1/journal.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { entryHash, findChainFault } from '#terminal/agent/journal/hash-chain.ts';
import { openJournal } from '#terminal/agent/journal/journal.ts';
import { rebuildProjections } from '#terminal/agent/journal/rebuild.ts';
import { journalFileName, openStore } from '#terminal/agent/journal/open-store.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { dumpProjections } from '#terminal/agent/journal/projections.ts';
import { systemRandom } from '#drivers/core/system-ports.ts';
import { cashFact, openedFact, orderIdOf, submittedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

let folder = tempFolder();
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

describe('journal', () => {
  test('a new file begins with store.opened as seq 1 after the genesis hash', () => {
    const { journal } = openTestJournal(folder.path);
    const [first] = [...walkEntries(journal.read)];
    expect(first).toMatchObject({ seq: 1, position: 1, type: 'store.opened' });
    expect(first?.hash).toBe(entryHash(genesisHash, first!));
    expect(journal.head().epoch).toMatch(/^[0-9a-f]{16}$/);
    journal.close();
  });

  test('entries are gap-free, chained, and survive a reopen in the same epoch', () => {
    const first = openTestJournal(folder.path);
    const epoch = first.journal.head().epoch;
    for (let index = 0; index < 20; index += 1)
      expect(first.journal.append([openedFact(index), cashFact(index)]).ok).toBe(true);
    first.journal.close();
    const again = openTestJournal(folder.path);
    expect(again.journal.head()).toMatchObject({ epoch, seq: 41 });
    expect(findChainFault(walkEntries(again.journal.read))).toBeUndefined();
    again.journal.close();
  });

  test('a fact that its order cannot take is refused and the whole append leaves no trace', () => {
    const { journal } = openTestJournal(folder.path);
    const before = journal.head();
    const refused = journal.append([openedFact(1), cashFact(1), submittedFact(1)]);
    expect(refused).toMatchObject({
      ok: false,
      error: { type: 'fact-refused', fact: 'charge.submitted', from: 'cash-recorded' },
    });
    expect(journal.head()).toEqual(before);
    expect(findOrder(journal.read, orderIdOf(1))).toBeUndefined();
    journal.close();
  });

  test('the hybrid clock never goes back when the wall clock jumps 40 days', () => {
    let wallMs = 1_795_000_000_000;
    const clock = { nowMs: () => wallMs, monotonicMs: () => 0 };
    const { journal } = openTestJournal(folder.path, clock);
    journal.append([openedFact(1)]);
    wallMs -= 40 * 86_400_000;
    journal.append([openedFact(2), openedFact(3)]);
    const clocks = [...walkEntries(journal.read)].map((entry) => entry.hlc);
    expect(clocks.toSorted()).toEqual(clocks);
    expect(new Set(clocks).size).toBe(clocks.length);
    journal.close();
  });

  test('projections rebuilt from the entries equal the live ones', () => {
    const { journal, store } = openTestJournal(folder.path);
    journal.append([openedFact(1), cashFact(1), ...printFacts('1', orderIdOf(1))]);
    journal.append([openedFact(2), submittedFact(2)]);
    journal.append([
      {
        type: 'charge.unknown',
        body: { orderId: orderIdOf(2), attempt: 1, code: 'cloud-timeout' },
      },
    ]);
    journal.append([openedFact(3), acceptedFact(3)]);
    journal.append([
      { type: 'offline.settled', body: { orderId: orderIdOf(3), voucherFen: 0, debitFen: 1_234 } },
    ]);
    const live = dumpProjections(journal.read);
    expect(live.orders).toHaveLength(3);
    expect(live.print_jobs).toMatchObject([{ state: 'printed', level: 3 }]);
    expect(live.offline_usage).toMatchObject([{ settled: 1, amount_fen: 1_234 }]);
    expect(rebuildProjections(store)).toBeUndefined();
    expect(dumpProjections(journal.read)).toEqual(live);
    journal.close();
  });

  test('a projection edited by hand is found by the rebuild (the test above can fail)', () => {
    const { journal, store } = openTestJournal(folder.path);
    journal.append([openedFact(1), cashFact(1)]);
    store.write.run("UPDATE orders SET state = 'paid'");
    const edited = dumpProjections(journal.read);
    rebuildProjections(store);
    expect(dumpProjections(journal.read)).not.toEqual(edited);
    journal.close();
  });

  test('an entry edited in the file breaks the chain at its seq, and the journal does not open', () => {
    const { journal } = openTestJournal(folder.path);
    journal.append([openedFact(1), cashFact(1)]);
    journal.append([openedFact(2), cashFact(2)]);
    journal.close();
    const db = new Database(join(folder.path, journalFileName));
    db.exec(`UPDATE entry SET body = replace(body, '1234', '1034') WHERE seq = 3`);
    db.close();
    const store = openStore(folder.path);
    if (!store.ok) throw new Error('the file itself is fine');
    const opened = openJournal({
      store: store.value,
      clock: { nowMs: () => 0, monotonicMs: () => 0 },
      random: systemRandom,
      appVersion: 'test',
    });
    expect(opened).toMatchObject({
      ok: false,
      error: { code: 'store-corrupt', detail: 'hash-mismatch at entry 3' },
    });
    store.value.close();
  });

  test('a new epoch starts again at seq 1 and the chain holds over both', () => {
    const { journal } = openTestJournal(folder.path);
    journal.append([openedFact(1), cashFact(1)]);
    const before = journal.head();
    expect(journal.beginEpoch('salvaged').ok).toBe(true);
    expect(journal.head()).toMatchObject({ seq: 1, position: before.position + 1 });
    expect(journal.head().epoch).not.toBe(before.epoch);
    journal.append([openedFact(2)]);
    expect(findChainFault(walkEntries(journal.read))).toBeUndefined();
    journal.close();
  });
});

const printFacts = (index: string, orderId: string): readonly EntryFact[] => {
  const jobId = `prt_${index.padStart(26, '0')}`;
  return [
    { type: 'print.queued', body: { jobId, kind: 'receipt', orderId, copy: 1 } },
    { type: 'print.attempted', body: { jobId, attempt: 1, processId: 'AAAB' } },
    { type: 'print.confirmed', body: { jobId, level: 3 } },
  ];
};

const acceptedFact = (index: number): EntryFact => ({
  type: 'offline.accepted',
  body: {
    orderId: orderIdOf(index),
    memberId: 'mbr_01KAN7D5Q00000000000000001',
    certificateId: 'crt_01KAN7D5Q00000000000000001',
    code: '9'.repeat(210),
    capsVersion: 1,
  },
});
