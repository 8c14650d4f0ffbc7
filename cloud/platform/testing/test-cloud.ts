import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OperatorId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { buildApp } from '#cloud/app.ts';
import { createPaymentRoom } from '#cloud/payment-room.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { loadCloudKeys } from '#cloud/identity/cloud-keys.ts';
import { provisionOperator } from '#cloud/identity/provisioning.ts';
import { createTerminalRegistry } from '#cloud/identity/terminal-registry.ts';
import { readConfig } from '#cloud/platform/config.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { silentHints } from '#cloud/platform/hints-port.ts';
import { createLogger } from '#cloud/platform/logger.ts';
import { createMetrics } from '#cloud/platform/metrics.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import { createScopedDb } from '#cloud/platform/tenancy/scoped-db.ts';
import { createTestDatabase } from '#cloud/platform/testing/test-database.ts';

export interface TestCloud {
  readonly deps: CloudDeps;
  readonly databaseUrl: string;
  /** Everything that was logged so far, JSON lines. */
  log(): string;
  close(): Promise<void>;
}

export const testOperatorToken = 'test-operator-token-0123456789abcdef';

/**
 * Real dependencies over a fresh database, with one operator; `overrides` replace parts (clock,
 * hints).
 */
export async function createTestCloud(overrides: Partial<CloudDeps> = {}): Promise<TestCloud> {
  const database = await createTestDatabase();
  const dataFolder = mkdtempSync(join(tmpdir(), 'greentill-cloud-'));
  const config = getOrThrow(readConfig({ DATA_FOLDER: dataFolder, REQUESTS_PER_MINUTE: '100000' }));
  const lines: string[] = [];
  const db = overrides.db ?? createScopedDb(database.pool, { unscoped: 'login' });
  const clock = overrides.clock ?? createSystemClock();
  const deps: CloudDeps = {
    db,
    clock,
    terminals: createTerminalRegistry({ db, clock }),
    random: createSystemRandom(),
    logger: createLogger({ level: 'info', stream: { write: (line) => lines.push(line) } }),
    metrics: createMetrics(),
    hints: silentHints,
    operatorId: config.operatorId satisfies OperatorId,
    operatorToken: testOperatorToken,
    keys: loadCloudKeys(config),
    config,
    ...overrides,
  };
  const operator = { operatorId: deps.operatorId, name: 'Test' };
  await deps.db.transaction((tx) => provisionOperator(tx, operator, deps));
  return {
    deps,
    databaseUrl: database.databaseUrl,
    log: () => lines.join(''),
    async close() {
      await database.close();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

/** The app of a test cloud, without workers and without a channel. */
export const buildTestApp = ({ deps }: Pick<TestCloud, 'deps'>): Promise<CloudApp> =>
  buildApp(deps, { payments: createPaymentRoom(deps, {}), onJournalTaken: () => {} });
