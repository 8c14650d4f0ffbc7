import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '#cloud/platform/testing/test-database.ts';
import { benchOver, type SimBench } from '../crew/sim-bench.ts';
import { openSimDatabase } from '../cloud/sim-database.ts';

/** A bench over a database of the test run's own server. */
export async function openTestBench(): Promise<SimBench> {
  const test = await createTestDatabase();
  const database = await openSimDatabase(test.databaseUrl);
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const scratch = mkdtempSync(join(memory, 'greentill-sim-'));
  return benchOver(database, scratch, async () => {
    await test.close();
    rmSync(scratch, { recursive: true, force: true });
  });
}
