import { sql } from 'drizzle-orm';
import type { OperatorId } from '#shared/ids/ids.ts';
import type { Result } from '#shared/result/result.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';

/**
 * The outbox: an effect that must follow a transaction is a row of that transaction. A worker takes
 * due rows with FOR UPDATE SKIP LOCKED, so any number of nodes work side by side; the handler runs
 * in the transaction that deletes the row. A handler that fails (or throws) is rolled back to
 * before it began and tried again with back-off; after {@link outboxAttemptsMax} attempts the row
 * is parked with its reason, where the operator sees it.
 */
export const outboxAttemptsMax = 12;
const batchMax = 50;
const idleMs = 500;
const backoffBaseMs = 500;
const backoffMsMax = 600_000;
const errorCharsMax = 500;

export interface OutboxJob {
  readonly operatorId: OperatorId;
  readonly topic: string;
  readonly effectKey: string;
  readonly payload: unknown;
}

/** What a handler says: done, or try again because of `reason`. */
export type OutboxHandler = (tx: Tx, job: OutboxJob) => Promise<Result<void, { reason: string }>>;

export interface OutboxEntry extends OutboxJob {
  readonly dueAtMs: number;
}

/** Writes the effects in one statement; an effect with a known key is left as it is. */
export async function enqueueOutbox(
  tx: Tx,
  options: { readonly entries: readonly OutboxEntry[]; readonly nowMs: number },
): Promise<void> {
  if (options.entries.length === 0) return;
  await tx.execute(sql`
    insert into outbox (operator_id, topic, effect_key, payload, due_at_ms, created_at_ms)
    select e."operatorId", e.topic, e."effectKey", e.payload, e."dueAtMs", ${options.nowMs}
      from jsonb_to_recordset(${JSON.stringify(options.entries)}::jsonb)
        as e("operatorId" text, topic text, "effectKey" text, payload jsonb, "dueAtMs" bigint)
    on conflict do nothing`);
}

type OutboxDeps = Pick<CloudDeps, 'db' | 'clock' | 'random' | 'logger' | 'metrics'>;

/**
 * Starts the worker of this node. Topics without a handler here are left for nodes that have one.
 */
export function startOutbox(
  deps: OutboxDeps,
  handlers: Readonly<Record<string, OutboxHandler>>,
): WorkerLoop {
  return startWorkerLoop({
    name: 'outbox',
    idleMs,
    logger: deps.logger,
    scope: { type: 'across', work: 'outbox' },
    step: () => runOutboxOnce(deps, handlers),
  });
}

interface Row extends Record<string, unknown> {
  operator_id: OperatorId;
  topic: string;
  effect_key: string;
  payload: unknown;
  attempts: number;
}

/** Does the jobs that are due now, at most {@link batchMax}. Returns how many were tried. */
export async function runOutboxOnce(
  deps: OutboxDeps,
  handlers: Readonly<Record<string, OutboxHandler>>,
): Promise<number> {
  const topics = Object.keys(handlers);
  if (topics.length === 0) return 0;
  const tried = await deps.db.transaction(async (tx) => {
    const { rows } = await tx.execute<Row>(sql`
      select operator_id, topic, effect_key, payload, attempts from outbox
       where state = 'waiting' and due_at_ms <= ${deps.clock.nowMs()} and topic in ${topics}
       order by due_at_ms limit ${batchMax} for update skip locked`);
    for (const row of rows) await runJob({ deps, tx, row, handler: handlers[row.topic] });
    return rows.length;
  });
  await measure(deps);
  return tried;
}

async function runJob(options: {
  readonly deps: OutboxDeps;
  readonly tx: Tx;
  readonly row: Row;
  readonly handler: OutboxHandler | undefined;
}): Promise<void> {
  const { deps, tx, row, handler } = options;
  if (handler === undefined) return;
  const job = {
    operatorId: row.operator_id,
    topic: row.topic,
    effectKey: row.effect_key,
    payload: row.payload,
  };
  const key = sql`operator_id = ${row.operator_id} and topic = ${row.topic}
    and effect_key = ${row.effect_key}`;
  const reason = await tryJob(tx, job, handler);
  if (reason === undefined) {
    await tx.execute(sql`delete from outbox where ${key}`);
    return;
  }
  const attempts = row.attempts + 1;
  const state = attempts >= outboxAttemptsMax ? 'parked' : 'waiting';
  const dueAtMs = deps.clock.nowMs() + backoffMs(attempts, deps.random.unit());
  deps.logger.warn({ topic: row.topic, effectKey: row.effect_key, attempts, reason, state }, 'job');
  await tx.execute(sql`update outbox set attempts = ${attempts}, state = ${state},
    due_at_ms = ${dueAtMs}, last_error = ${reason.slice(0, errorCharsMax)} where ${key}`);
}

/** Runs the handler in a savepoint: what it wrote before it failed is undone, the batch goes on. */
async function tryJob(tx: Tx, job: OutboxJob, handler: OutboxHandler): Promise<string | undefined> {
  let refusal: string | undefined;
  try {
    await tx.transaction(async (inner) => {
      const result = await handler(inner, job);
      if (result.ok) return;
      refusal = result.error.reason;
      inner.rollback();
    });
    return undefined;
  } catch (error) {
    return refusal ?? String(error);
  }
}

/** Full jitter: 0..base x 2^attempts, at most ten minutes. */
export const backoffMs = (attempts: number, unit: number): number =>
  Math.floor(unit * Math.min(backoffMsMax, backoffBaseMs * 2 ** attempts));

async function measure(deps: OutboxDeps): Promise<void> {
  const { rows } = await deps.db.execute<{ waiting: number; parked: number }>(sql`
    select count(*) filter (where state = 'waiting') as waiting,
           count(*) filter (where state = 'parked') as parked from outbox`);
  deps.metrics.outboxPending.set(rows[0]?.waiting ?? 0);
  deps.metrics.outboxParked.set(rows[0]?.parked ?? 0);
}
