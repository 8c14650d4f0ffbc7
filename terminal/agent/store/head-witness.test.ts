import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { headWitnessFileName, openHeadWitness } from '#terminal/agent/store/head-witness.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { readSetAside } from '#terminal/agent/uplink/set-aside.ts';
import { undelivered } from '#terminal/agent/uplink/undelivered.ts';
import { ackedPosition } from '#terminal/agent/uplink/uplink.ts';

let folder = tempFolder();
let crashed = tempFolder();
beforeEach(() => {
  folder = tempFolder();
  crashed = tempFolder();
});
afterEach(() => {
  folder.remove();
  crashed.remove();
});

const logName = `${journalFileName}-wal`;
const sold = 40;

/** The files of a till that was killed with `sold` sales in its log. */
function killedTill(): Buffer {
  const { journal } = openTestJournal(folder.path);
  // The making of the file is in the file itself; what follows is in the log.
  for (let index = 0; index < sold; index += 1)
    expect(journal.append([openedFact(index), cashFact(index)]).ok).toBe(true);
  for (const name of [journalFileName, logName, headWitnessFileName])
    copyFileSync(join(folder.path, name), join(crashed.path, name));
  journal.close();
  return readFileSync(join(crashed.path, logName));
}

const openCrashed = () => openTestJournal(crashed.path).journal;
const salesIn = (journal: ReturnType<typeof openCrashed>): number =>
  [...walkEntries(journal.read)].filter(({ type }) => type === 'cash.recorded').length;

describe('a journal that is shorter than it was', () => {
  test('one flipped bit in the middle of the log: SQLite is content, the till is not', () => {
    const log = killedTill();
    const middle = Math.floor(log.length / 2);
    log[middle]! ^= 0x01;
    writeFileSync(join(crashed.path, logName), log);
    const journal = openCrashed();
    expect(salesIn(journal)).toBeLessThan(sold);
    expect(checkChain(journal.read).fault).toBeUndefined();
    expect(journal.trouble()).toBe('store-entries-lost');
    expect(journal.head()).toMatchObject({ seq: 1 });
    const [opened] = [...walkEntries(journal.read)].slice(-1);
    const { reason, lost } = JSON.parse(opened?.body ?? '{}') as Record<string, unknown>;
    expect(reason).toBe('salvaged');
    expect(lost).toMatchObject([{ toSeq: 1 + 2 * sold }]);
    expect(readSetAside(journal.read)).toMatchObject([{ code: 'store-entries-lost' }]);
    journal.close();
  });

  test('it is said once: the next start goes on in the new epoch', () => {
    killedTill();
    rmSync(join(crashed.path, logName));
    openCrashed().close();
    const again = openCrashed();
    expect(again.trouble()).toBeUndefined();
    const { epoch, position } = again.head();
    expect(again.append([openedFact(900), cashFact(900)]).ok).toBe(true);
    expect(again.head()).toMatchObject({ epoch, position: position + 2 });
    again.close();
  });

  test('rows behind the acknowledged position that are gone are missed without a witness too', () => {
    killedTill();
    rmSync(join(crashed.path, headWitnessFileName));
    const db = new Database(join(crashed.path, journalFileName));
    db.exec(`INSERT INTO meta (key, value) VALUES ('acked-position', '81');
      DELETE FROM entry WHERE position > 60`);
    db.close();
    const journal = openCrashed();
    expect(journal.trouble()).toBe('store-entries-lost');
    expect(journal.head().seq).toBe(1);
    // What is sold now stands where acknowledged entries stood: it must travel all the same.
    expect(journal.append([openedFact(900), cashFact(900)]).ok).toBe(true);
    expect(ackedPosition(journal)).toBe(60);
    expect(undelivered(journal.read).count).toBe(1);
    journal.close();
    const again = openCrashed();
    expect(again.trouble()).toBeUndefined();
    expect(again.head().seq).toBe(3);
    again.close();
  });
});

describe('no false alarm', () => {
  const ways: readonly (readonly [string, () => void])[] = [
    ['the till was killed', () => undefined],
    ['there is no witness', () => rmSync(join(crashed.path, headWitnessFileName))],
    ['the witness is empty', () => writeFileSync(join(crashed.path, headWitnessFileName), '')],
    [
      'the witness is garbage',
      () => writeFileSync(join(crashed.path, headWitnessFileName), Buffer.alloc(384, 0xa5)),
    ],
    ['its last note is torn', tearLastNote],
  ];
  test.each(ways)('%s: the journal goes on where it was', (_what, spoil) => {
    killedTill();
    spoil();
    const journal = openCrashed();
    expect(journal.trouble()).toBeUndefined();
    expect(salesIn(journal)).toBe(sold);
    expect(journal.head().seq).toBe(1 + 2 * sold);
    expect(journal.append([openedFact(900), cashFact(900)]).ok).toBe(true);
    journal.close();
  });

  test('a folder that refuses the witness does not keep the till from selling', () => {
    const witness = openHeadWitness(join(crashed.path, 'not-there'));
    expect(witness.seen).toBeUndefined();
    witness.note({ position: 1, epoch: 'a', seq: 1, hash: 'b' });
    witness.close();
  });
});

describe('a witness that was closed', () => {
  test('may be closed again, and writes nothing into the file that has its number now', () => {
    const witness = openHeadWitness(folder.path);
    witness.close();
    const other = join(folder.path, 'another-file');
    const file = openSync(other, 'w+');
    witness.note({ position: 1, epoch: 'a', seq: 1, hash: 'b' });
    witness.close();
    // Still open: it was not closed under its owner's hands.
    expect(fstatSync(file).size).toBe(0);
    closeSync(file);
  });
});

const numberOf = (slot: string): number => Number(slot.split(' ')[0]);

/** The one before it is used then. */
function tearLastNote(): void {
  const path = join(crashed.path, headWitnessFileName);
  const text = readFileSync(path, 'latin1');
  const [first, second] = [text.slice(0, 192), text.slice(192)];
  const torn =
    numberOf(first) > numberOf(second) ? 'x'.repeat(9) + text.slice(9) : first + 'x'.repeat(9);
  writeFileSync(path, torn, 'latin1');
}
