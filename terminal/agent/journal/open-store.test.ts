import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { journalFileName, openStore } from '#terminal/agent/journal/open-store.ts';
import { assertPragmas } from '#terminal/agent/store/pragmas.ts';
import { ballastFileName } from '#terminal/agent/store/disk-room.ts';
import { tempFolder } from '#terminal/agent/testing/temp-store.ts';

let folder = tempFolder();
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

describe('opening the store', () => {
  test('every open sets synchronous FULL: the second open does not fall back to NORMAL', () => {
    getOrThrow(openStore(folder.path)).close();
    const store = getOrThrow(openStore(folder.path));
    expect(store.write.one('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(store.write.one('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(store.write.one('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
    expect(store.write.one('PRAGMA trusted_schema')).toEqual({ trusted_schema: 0 });
    expect(store.write.one('PRAGMA wal_autocheckpoint')).toEqual({ wal_autocheckpoint: 200 });
    expect(store.write.one('PRAGMA journal_size_limit')).toEqual({ journal_size_limit: 4194304 });
    expect(store.write.one('PRAGMA cell_size_check')).toEqual({ cell_size_check: 1 });
    expect(store.startCheckMs).toBeGreaterThan(0);
    store.close();
  });

  test('a plain connection of this library is at NORMAL: what the assertion is there for', () => {
    getOrThrow(openStore(folder.path)).close();
    const plain = new Database(join(folder.path, journalFileName));
    expect(plain.pragma('synchronous', { simple: true })).toBe(1);
    plain.pragma('busy_timeout = 2000');
    expect(() => assertPragmas(plain)).toThrow(/synchronous is 1, not 2/);
    plain.close();
  });

  test('a second writer is refused with store-locked, and let in when the first is gone', () => {
    const first = getOrThrow(openStore(folder.path));
    expect(openStore(folder.path)).toMatchObject({
      ok: false,
      error: {
        code: 'store-locked',
        detail: expect.stringMatching(new RegExp(`process ${process.pid}, since 20`)),
      },
    });
    first.close();
    getOrThrow(openStore(folder.path)).close();
  });

  test('a file that is no database is store-corrupt and is left as it is', () => {
    writeFileSync(
      join(folder.path, journalFileName),
      'this is not a database, but a long line\n'.repeat(40),
    );
    expect(openStore(folder.path)).toMatchObject({ ok: false, error: { code: 'store-corrupt' } });
    expect(statSync(join(folder.path, journalFileName)).size).toBe(1_600);
  });

  test('a file of a newer version is not touched', () => {
    getOrThrow(openStore(folder.path)).close();
    const db = new Database(join(folder.path, journalFileName));
    db.pragma('user_version = 99');
    db.exec("UPDATE meta SET value = '98' WHERE key = 'schema-readable-from'");
    db.close();
    expect(openStore(folder.path)).toMatchObject({ ok: false, error: { code: 'store-too-new' } });
  });

  test('the read handle cannot write', () => {
    const store = getOrThrow(openStore(folder.path));
    expect(() => store.read.all("INSERT INTO meta VALUES ('a', 'b') RETURNING key")).toThrow(
      /readonly/,
    );
    store.close();
  });

  test('the ballast lies on the disk and can be given up', () => {
    const store = getOrThrow(openStore(folder.path));
    expect(statSync(join(folder.path, ballastFileName)).size).toBe(512 * 1024);
    store.dropBallast();
    expect(existsSync(join(folder.path, ballastFileName))).toBe(false);
    store.close();
  });
});
