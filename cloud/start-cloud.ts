import { buildApp } from '#cloud/app.ts';
import { loadCloudKeys } from '#cloud/identity/cloud-keys.ts';
import { renewConfigBasis } from '#cloud/identity/config-basis.ts';
import { provisionOperator } from '#cloud/identity/provisioning.ts';
import { createTerminalRegistry } from '#cloud/identity/terminal-registry.ts';
import { loadOperatorToken, type CloudConfig } from '#cloud/platform/config.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { createHintServer } from '#cloud/platform/http/hints.ts';
import { createLogger } from '#cloud/platform/logger.ts';
import { createMetrics } from '#cloud/platform/metrics.ts';
import { migrate } from '#cloud/platform/postgres/migrate.ts';
import { openDatabase } from '#cloud/platform/postgres/open-database.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { startWorkers } from '#cloud/workers.ts';
import type { PaymentEnvironment } from '#cloud/open-channels.ts';
import { createPaymentRoom } from '#cloud/payment-room.ts';

/**
 * Connections that wait to be accepted, as far as the system allows: thousands of tills may come
 * back in one moment.
 */
const connectionBacklog = 4_096;

export interface RunningCloud {
  /** Where it listens, for example http://127.0.0.1:7300. */
  readonly origin: string;
  readonly deps: CloudDeps;
  /** Stops taking requests, ends the workers' current steps, closes the database. */
  close(): Promise<void>;
}

/** The whole cloud in this process: database, migrations, routes, workers. Throws when it cannot start. */
export async function startCloud(options: {
  readonly config: CloudConfig;
  /** CHANNEL_… of docs/operations.md. */
  readonly environment: PaymentEnvironment;
}): Promise<RunningCloud> {
  const { config } = options;
  const database = await openDatabase(config.database);
  try {
    await migrate(database.pool);
    const hints = createHintServer();
    const clock = createSystemClock();
    const deps: CloudDeps = {
      db: database.scoped,
      clock,
      terminals: createTerminalRegistry({ db: database.scoped, clock }),
      random: createSystemRandom(),
      logger: createLogger({ level: config.logLevel }),
      metrics: createMetrics(),
      hints,
      operatorId: config.operatorId,
      operatorToken: loadOperatorToken(config),
      keys: loadCloudKeys(config),
      config,
    };
    const operator = { operatorId: config.operatorId, name: config.operatorName };
    await runScoped({ type: 'operator', operatorId: config.operatorId }, () =>
      deps.db.transaction(async (tx) => {
        await provisionOperator(tx, operator, deps);
        await renewConfigBasis(tx, deps);
      }),
    );
    const payments = createPaymentRoom(deps, options.environment);
    const workers = startWorkers(deps, payments);
    const app = await buildApp(deps, { payments, onJournalTaken: workers.onJournalTaken });
    const origin = await app.listen({
      host: config.host,
      port: config.port,
      backlog: connectionBacklog,
    });
    hints.attach(app.server, { deps });
    await hints.join({
      databaseUrl: database.databaseUrl,
      logger: deps.logger,
      onTold: (terminalId) => deps.terminals.forget(terminalId),
    });
    return {
      origin,
      deps,
      async close() {
        await hints.close();
        await app.close();
        await workers.stop();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
