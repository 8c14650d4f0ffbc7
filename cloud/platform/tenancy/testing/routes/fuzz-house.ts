import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { Pool } from 'pg';
import { buildApp } from '#cloud/app.ts';
import { provisionOperator } from '#cloud/identity/provisioning.ts';
import { createTerminalRegistry } from '#cloud/identity/terminal-registry.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { connectScoped } from '#cloud/platform/postgres/connect.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { Owner } from '#cloud/platform/tenancy/testing/routes/tenant-marks.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** A cloud process that acts for one operator. */
export interface FuzzCloud {
  readonly operatorId: OperatorId;
  readonly operatorToken: string;
  readonly app: CloudApp;
}

export interface SentRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly body: Buffer;
}

/** Who asks, and with what. */
export interface Caller {
  readonly name: string;
  /** Whose rows he may see and change; undefined: nobody's. */
  readonly owner: Owner | undefined;
  /** The doors that open to him; he knocks at the others too. */
  readonly door: 'operator' | 'terminal' | 'public';
  readonly headers: (request: SentRequest) => Readonly<Record<string, string>>;
  /** What he says in fields of these names. */
  readonly own: Readonly<Record<string, string>>;
}

/** Registers further routes: what a careless colleague could have written. */
export type Plant = (app: CloudApp, parts: { readonly db: Db }) => void;

/**
 * Two operators over one database, each with a cloud process, as in production: no statement runs
 * unscoped.
 */
export interface FuzzHouse {
  readonly bench: PaymentBench;
  readonly clouds: readonly FuzzCloud[];
  /** Every route that an app has, as the app itself tells. */
  readonly routes: readonly RouteOptions[];
  /** As the owner of the tables. */
  readonly pool: Pool;
  close(): Promise<void>;
}

const operators = [
  { letter: 'A', operatorToken: testOperatorToken },
  { letter: 'B', operatorToken: 'test-operator-token-of-the-other-one' },
] as const;

export async function openFuzzHouse(plant: Plant = () => {}): Promise<FuzzHouse> {
  const bench = await createPaymentBench();
  const { deps } = bench.cloud;
  const { db, pool } = connectScoped(bench.cloud.databaseUrl, { poolMax: 4 });
  const routes: RouteOptions[] = [];
  const clouds: FuzzCloud[] = [];
  for (const { letter, operatorToken } of operators) {
    const operatorId = (
      letter === 'A' ? deps.operatorId : 'opr_01K22222222222222222222222'
    ) as OperatorId;
    const named = { operatorId, name: `平台${letter}operator22` };
    await deps.db.transaction((tx) => provisionOperator(tx, named, deps));
    const terminals = createTerminalRegistry({ ...deps, db });
    const own = { ...deps, operatorId, operatorToken, db, terminals };
    const app = await listening(routes, async () => {
      const payments = { ...bench.deps, db };
      const built = await buildApp(own, { payments, onJournalTaken: () => {} });
      plant(built, { db });
      return built;
    });
    await app.ready();
    clouds.push({ operatorId, operatorToken, app });
  }
  return {
    bench,
    clouds,
    routes: routes.slice(0, routes.length / clouds.length),
    pool,
    close: async () => {
      for (const { app } of clouds) await app.close();
      await pool.end();
      await bench.close();
    },
  };
}

/** Hears of every route from its first on: Fastify tells of each new app on this channel. */
async function listening(
  routes: RouteOptions[],
  build: () => Promise<CloudApp>,
): Promise<CloudApp> {
  const name = 'fastify.initialization';
  const hear = (message: unknown): void =>
    void (message as { readonly fastify: FastifyInstance }).fastify.addHook('onRoute', (route) => {
      routes.push(route);
    });
  subscribe(name, hear);
  try {
    return await build();
  } finally {
    unsubscribe(name, hear);
  }
}
