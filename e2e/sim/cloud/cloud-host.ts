import { sql } from 'drizzle-orm';
import { buildApp } from '#cloud/app.ts';
import { loadCloudKeys } from '#cloud/identity/cloud-keys.ts';
import { createTerminalRegistry } from '#cloud/identity/terminal-registry.ts';
import { createIntakePressure } from '#cloud/journal/projection/intake-pressure.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectStep } from '#cloud/journal/projection/projection-worker.ts';
import { createPaymentRoom } from '#cloud/payment-room.ts';
import { bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import { settleOfflineOnce } from '#cloud/payments/offline/settlement.ts';
import { askNotifiedOnce } from '#cloud/payments/notifies/notified-questions.ts';
import { rebookLossesOnce } from '#cloud/payments/booking/parked-losses.ts';
import { rebookOnce } from '#cloud/payments/booking/parked-bookings.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudConfig } from '#cloud/platform/config.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Hints } from '#cloud/platform/hints-port.ts';
import { createLogger } from '#cloud/platform/logger.ts';
import { createMetrics } from '#cloud/platform/metrics.ts';
import { releaseLapsed } from '#cloud/vouchers/reservations.ts';
import { compileOnce } from './compile-once.ts';
import { createSimPool, type PoolFate, type SimDatabase, type SimPool } from './sim-database.ts';
import type { World } from '../world/virtual-world.ts';
import { createWorkerSchedule, type WorkerSchedule } from './worker-schedule.ts';

/** A request as it arrives, and what it is answered. */
export interface HostRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

export interface HostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The cloud as a process: the real app and the real steps of its workers over the real database. */
export interface CloudHost {
  isUp(): boolean;
  start(): Promise<void>;
  /** kill -9. Requests in flight are cut. */
  crash(): void;
  /** Resolves `undefined` when the process died before it answered. */
  answer(request: HostRequest): Promise<HostAnswer | undefined>;
  /** Steps of workers still due, or requests under way. */
  isBusy(): boolean;
  readonly db: () => CloudDeps['db'];
}

export const cloudOrigin = 'http://cloud.sim';
export const operatorToken = 'sim-operator-token-0123456789abcdef';

export interface CloudHostOptions {
  readonly world: World;
  readonly database: SimDatabase;
  readonly config: CloudConfig;
  /** Folder with the keys of the channel. */
  readonly channelKeys: string;
  readonly hints: Hints;
  /** Whether channels are asked to tell of payments. */
  readonly isTold: boolean;
  /** What befalls a process of this number (1, 2, …) at its questions to the database. */
  readonly fateOf: (life: number) => PoolFate['of'];
  readonly onLog: (line: string) => void;
  readonly onDied: () => void;
  /** Puts a planted bug between the app and its dependencies. */
  readonly bend?: (deps: CloudDeps) => CloudDeps;
}

interface Life {
  readonly app: CloudApp;
  readonly pool: SimPool;
  readonly workers: WorkerSchedule;
  readonly cut: Set<() => void>;
}

export function createCloudHost(options: CloudHostOptions): CloudHost {
  const { world, database, config } = options;
  const clock = world.clockOf(() => 0);
  const random = world.randomOf('cloud');
  let life: Life | undefined;
  let lives = 0;
  let inFlight = 0;

  const crash = (): void => {
    const dead = life;
    if (!dead) return;
    life = undefined;
    world.trace.note('cloud dies');
    dead.workers.stop();
    void dead.pool.kill();
    for (const cut of dead.cut) cut();
    options.onDied();
  };

  const start = async (): Promise<void> => {
    lives += 1;
    const pool = createSimPool(database, world, { of: options.fateOf(lives), died: crash });
    const plain: CloudDeps = {
      db: pool.db,
      clock,
      terminals: createTerminalRegistry({ db: pool.db, clock }),
      random,
      logger: createLogger({ level: 'warn', stream: { write: options.onLog } }),
      metrics: createMetrics(),
      hints: options.hints,
      operatorId: config.operatorId,
      operatorToken,
      keys: loadCloudKeys(config),
      config,
    };
    const deps = options.bend?.(plain) ?? plain;
    const payments = createPaymentRoom(deps, {
      CHANNEL_URL: 'http://channel.sim',
      CHANNEL_KEYS: options.channelKeys,
      ...(options.isTold ? { NOTIFY_ORIGIN: cloudOrigin } : {}),
    });
    const workers = startSteps(deps, payments, options);
    const done = world.realWork();
    const app = await buildApp(deps, {
      payments,
      onJournalTaken: () => workers.wake('projection'),
    });
    compileOnce(app);
    await app.ready();
    done();
    life = { app, pool, workers, cut: new Set() };
    workers.wakeAll();
    world.trace.note(`cloud starts (life ${lives})`);
  };

  const answer: CloudHost['answer'] = async (request) => {
    const here = life;
    if (!here) return undefined;
    const calm = world.slowTurns();
    inFlight += 1;
    const cut = new Promise<undefined>((resolve) => {
      here.cut.add(() => resolve(undefined));
    });
    const { method, path, body } = request;
    try {
      const injected = here.app
        .inject({
          method,
          url: path,
          headers: { ...request.headers, host: new URL(cloudOrigin).host },
          ...(body === undefined ? {} : { payload: Buffer.from(body) }),
        })
        .then((reply) => ({
          status: reply.statusCode,
          headers: {
            'content-type': reply.headers['content-type'] ?? '',
            date: new Date(clock.nowMs()).toUTCString(),
            ...(reply.headers['retry-after'] === undefined
              ? {}
              : { 'retry-after': reply.headers['retry-after'] }),
          },
          body: reply.body,
        }));
      const reply = await Promise.race([injected, cut]);
      if (reply !== undefined && path.startsWith('/v1/charges') && method === 'POST')
        here.workers.wake('payments');
      if (reply !== undefined && path.startsWith('/notify/')) here.workers.wakeAll();
      return reply;
    } finally {
      inFlight -= 1;
      calm();
    }
  };

  return {
    isUp: () => life !== undefined,
    start,
    crash,
    answer,
    isBusy: () => inFlight > 0 || (life?.workers.isBusy() ?? true),
    db: () => {
      if (!life) throw new Error('the cloud is down');
      return life.pool.db;
    },
  };
}

/** When an open attempt or a queued settlement is due next; null when none is. Wall time. */
const nextPaymentAt = async ({ db }: Pick<CloudDeps, 'db'>): Promise<number | null> => {
  const { rows } = await db.execute<{ next: number | null }>(sql`
    select min(at) as next from (
      select greatest(next_at_ms, lease_until_ms) as at from payment_attempt
       where next_step is not null
      union all
      select next_at_ms from offline_settlement where state = 'queued') due`);
  return rows[0]?.next ?? null;
};

const nextProjectionAt = async ({ db }: Pick<CloudDeps, 'db'>): Promise<number | null> => {
  const { rows } = await db.execute<{ next: number | null }>(sql`
    select min(retry_at_ms) as next from journal_head where projected_seq < head_seq`);
  return rows[0]?.next ?? null;
};

/** When a notify that came too late is asked about next. */
const nextQuestionAt = async ({ db }: Pick<CloudDeps, 'db'>): Promise<number | null> => {
  const { rows } = await db.execute<{ next: number | null }>(sql`
    select min(ask_at_ms) as next from channel_notify where verdict = 'asking'`);
  return rows[0]?.next ?? null;
};

const lapseEveryMs = 30_000;
const rebookEveryMs = 60_000;

/** The steps of cloud/workers.ts on virtual time: when something may be due, instead of five times a second. */
function startSteps(
  deps: CloudDeps,
  payments: ReturnType<typeof createPaymentRoom>,
  { world, isTold }: Pick<CloudHostOptions, 'world' | 'isTold'>,
): WorkerSchedule {
  const { db, clock, operatorId } = deps;
  const projection = {
    ...deps,
    effects: createProjectionEffects(),
    pressure: createIntakePressure(clock),
  };
  const workers = createWorkerSchedule({ world, clock, logger: deps.logger }, [
    {
      name: 'payments',
      step: async () => (await runPaymentsOnce(payments)) + (await settleOfflineOnce(payments)),
      nextAtMs: () => nextPaymentAt(deps),
    },
    // What was paid and is not in the books yet: a crash in between leaves it to the next life.
    { name: 'bookings', step: () => bookWaitingOnce(payments) },
    {
      name: 'projection',
      step: () => projectStep(projection),
      nextAtMs: () => nextProjectionAt(deps),
      feeds: 'payments',
    },
    ...(isTold
      ? [
          {
            name: 'questions',
            step: () => askNotifiedOnce(payments),
            nextAtMs: () => nextQuestionAt(deps),
            feeds: 'payments',
          },
        ]
      : []),
    {
      name: 'lapse',
      step: async () => {
        const nowMs = clock.nowMs();
        return (await db.transaction((tx) => releaseLapsed(tx, { operatorId, nowMs }))).released;
      },
      everyMs: lapseEveryMs,
    },
    {
      name: 'rebook',
      step: async () => {
        await rebookOnce(payments);
        await rebookLossesOnce(payments);
        await askNotifiedOnce(payments);
        return 0;
      },
      everyMs: rebookEveryMs,
    },
  ]);
  payments.bookings.attend({ wake: () => workers.wake('bookings') });
  return workers;
}
