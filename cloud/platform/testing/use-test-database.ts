import { afterAll, beforeAll } from 'vitest';
import { assert } from '#shared/result/assert.ts';
import { createTestDatabase, type TestDatabase } from '#cloud/platform/testing/test-database.ts';

/**
 * A database of its own for a test file, opened before its hooks and tests and dropped after them.
 * Its parts may only be read inside those: while the file is collected there is none yet.
 */
export function useTestDatabase(): Omit<TestDatabase, 'close'> {
  let opened: TestDatabase | null = null;
  const database = (): TestDatabase => {
    assert(opened !== null, () => 'the test database is there in hooks and tests only');
    return opened;
  };
  beforeAll(async () => {
    opened = await createTestDatabase();
  });
  afterAll(() => opened?.close());
  return {
    get db() {
      return database().db;
    },
    get pool() {
      return database().pool;
    },
    get databaseUrl() {
      return database().databaseUrl;
    },
  };
}
