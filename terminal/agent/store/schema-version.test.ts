import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { migrations } from '#terminal/agent/journal/migrations.ts';
import { journalFileName, openStore } from '#terminal/agent/journal/open-store.ts';
import { backupFolderOf } from '#terminal/agent/store/backup-folder.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { breakingStatements } from '#terminal/agent/store/schema-version.ts';
import { cashFact, openedFact, orderIdOf } from '#terminal/agent/testing/facts.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { tempFolder } from '#terminal/agent/testing/temp-store.ts';

let folder = tempFolder();
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

/** Opens the folder as a program that knows these steps. */
function openAs(steps: readonly string[]): Journal {
  const store = getOrThrow(openStore(folder.path, { migrations: steps }));
  return getOrThrow(
    openJournal({ store, clock: systemClock, random: systemRandom, appVersion: 'test' }),
  );
}

const nextStep = 'ALTER TABLE orders ADD COLUMN colour TEXT;';
const stepAfter = 'CREATE TABLE later (a TEXT) STRICT;';
const thirdStep = 'CREATE TABLE later_still (a TEXT) STRICT;';

describe('a file and the versions of the program around it', () => {
  test('the version before sells on in a file that is one step newer; the newer one then goes on', () => {
    const newer = openAs([...migrations, nextStep]);
    newer.append([openedFact(1), cashFact(1)]);
    newer.close();
    const older = openAs(migrations);
    expect(older.append([openedFact(2), cashFact(2)]).ok).toBe(true);
    older.close();
    const again = openAs([...migrations, nextStep]);
    expect(checkChain(again.read)).toEqual({ fault: undefined, entriesCount: 5 });
    expect(findOrder(again.read, orderIdOf(2))?.order.state).toBe('cash-recorded');
    again.close();
  });

  test('an update of two steps lets the program before it in; one more update, and it is out', () => {
    const before = openAs(migrations);
    before.append([openedFact(1), cashFact(1)]);
    before.close();
    openAs([...migrations, nextStep, stepAfter]).close();
    const back = openAs(migrations);
    expect(back.append([openedFact(2), cashFact(2)]).ok).toBe(true);
    back.close();
    const again = openAs([...migrations, nextStep, stepAfter]);
    expect(checkChain(again.read)).toEqual({ fault: undefined, entriesCount: 5 });
    again.close();
    openAs([...migrations, nextStep, stepAfter, thirdStep]).close();
    openAs([...migrations, nextStep, stepAfter]).close();
    expect(openStore(folder.path)).toMatchObject({ ok: false, error: { code: 'store-too-new' } });
  });

  test('an update that fails at its second step changes nothing: the file is as the program before left it', () => {
    openAs(migrations).close();
    const failing = [...migrations, nextStep, 'CREATE TABLE orders (a TEXT);'];
    expect(openStore(folder.path, { migrations: failing })).toMatchObject({
      ok: false,
      error: { code: 'store-failed' },
    });
    const db = new Database(join(folder.path, journalFileName), { readonly: true });
    expect(db.pragma('user_version', { simple: true })).toBe(migrations.length);
    db.close();
    const older = openAs(migrations);
    expect(older.append([openedFact(1), cashFact(1)]).ok).toBe(true);
    older.close();
  });

  test('a new file of a program two steps newer is refused in words, and not touched', () => {
    openAs([...migrations, nextStep, stepAfter]).close();
    const { length } = migrations;
    expect(openStore(folder.path)).toEqual({
      ok: false,
      error: {
        code: 'store-too-new',
        detail: `the journal has schema ${length + 2}; this program knows ${length}, the oldest that may open it knows ${length + 1}`,
      },
    });
  });

  test('one step newer without the mark is refused: the mark is what counts', () => {
    openAs([...migrations, nextStep]).close();
    const db = new Database(join(folder.path, journalFileName));
    db.exec("DELETE FROM meta WHERE key = 'schema-readable-from'");
    db.close();
    expect(openStore(folder.path)).toMatchObject({ ok: false, error: { code: 'store-too-new' } });
  });

  test('before a step runs, the file as it was is kept, whole; a new file has nothing to keep', () => {
    const first = openAs(migrations.slice(0, 4));
    first.append([openedFact(1), cashFact(1)]);
    const { hash } = first.head();
    first.close();
    const backups = (): readonly string[] => readdirSync(backupFolderOf(folder.path));
    expect(backups).toThrow(/ENOENT/);
    openAs(migrations).close();
    expect(backups()).toEqual([expect.stringMatching(/^journal-000001-migration-.*\.db$/)]);
    const kept = new Database(join(backupFolderOf(folder.path), backups()[0] ?? ''), {
      readonly: true,
    });
    expect(kept.pragma('user_version', { simple: true })).toBe(4);
    expect(kept.prepare('SELECT hash FROM entry ORDER BY position DESC').get()).toEqual({ hash });
    kept.close();
  });
});

test('every step after the first only adds: the version before can live with it', () => {
  expect(migrations.slice(1).flatMap(breakingStatements)).toEqual([]);
});

test('no step takes a column away that the version before reads', () => {
  const db = new Database(':memory:');
  const columns = (): readonly string[] =>
    db
      .prepare<[], { name: string }>(
        `SELECT t.name || '.' || c.name AS name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
          WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite%'`,
      )
      .all()
      .map(({ name }) => name);
  for (const [index, step] of migrations.entries()) {
    const before = columns();
    db.exec(step);
    expect(columns(), `step ${index + 1}`).toEqual(expect.arrayContaining([...before]));
  }
  db.close();
});

test.each([
  'DROP TABLE orders',
  'ALTER TABLE orders_anew RENAME TO sales',
  'ALTER TABLE orders RENAME COLUMN state TO status',
  'ALTER TABLE orders ADD COLUMN colour TEXT NOT NULL',
  'UPDATE orders SET state = 1',
])('planted: %s is found', (statement) => {
  expect(breakingStatements(`CREATE TABLE fine (a TEXT); ${statement};`)).toEqual([statement]);
});
