import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { defaultPromiseLimits } from '#shared/promise/promise-limits.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { PromiseLimits } from '#shared/wire/v1/terminals.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

interface Shop {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
}

interface Row extends Record<string, unknown> {
  version: number;
  per_promise_fen: number;
  open_fen: number;
  open_count: number;
  window_ms: number;
}

/** What the shop's tills may promise now: its owner's newest word, the platform's own without one. */
export async function currentPromiseLimits(
  db: Pick<Db, 'execute'>,
  { operatorId, merchantId }: Shop,
): Promise<PromiseLimits> {
  const { rows } = await db.execute<Row>(sql`
    select version, per_promise_fen, open_fen, open_count, window_ms from promise_limit
     where operator_id = ${operatorId} and merchant_id = ${merchantId}
     order by version desc limit 1`);
  return rows[0] === undefined ? defaultPromiseLimits : limitsOf(rows[0]);
}

/**
 * The limits a promise is judged by: those its till had, unless they had been replaced for longer than a till may go on
 * with them. undefined: the shop never had such limits.
 */
export async function limitsOfPromise(
  tx: Tx,
  promise: Shop & { readonly limitsVersion: number; readonly promisedAtMs: number },
): Promise<PromiseLimits | undefined> {
  const { operatorId, merchantId, limitsVersion, promisedAtMs } = promise;
  const { rows } = await tx.execute<Row & { set_at_ms: number }>(sql`
    select version, per_promise_fen, open_fen, open_count, window_ms, set_at_ms from promise_limit
     where operator_id = ${operatorId} and merchant_id = ${merchantId}
     order by version`);
  const editions = [{ limits: defaultPromiseLimits, setAtMs: 0 }, ...rows.map(editionOf)];
  const at = editions.findIndex(({ limits }) => limits.version === limitsVersion);
  const [named, next] = [editions[at], editions[at + 1]];
  if (at === -1 || named === undefined) return undefined;
  const isOver = next !== undefined && next.setAtMs + named.limits.windowMs < promisedAtMs;
  return isOver ? editions.at(-1)?.limits : named.limits;
}

const editionOf = (row: Row & { readonly set_at_ms: number }) => ({
  limits: limitsOf(row),
  setAtMs: row.set_at_ms,
});

/** A shop changes its mind now and then; every edition stays. */
const editionsMax = 1_000;

export type LimitsRefused = {
  readonly type:
    'promise-limits-too-high' | 'promise-limits-too-many' | 'not-found' | 'policy-proposal-ended';
};

/** What a shop may promise, without the number of the edition. */
export type PromiseBounds = Omit<PromiseLimits, 'version'>;

const isAbove = (limits: PromiseBounds, other: PromiseBounds): boolean =>
  limits.perPromiseFen > other.perPromiseFen ||
  limits.openFen > other.openFen ||
  limits.openCount > other.openCount ||
  limits.windowMs > other.windowMs;

interface LimitsChange extends Shop {
  readonly limits: PromiseBounds;
  readonly setBy: string;
  readonly nowMs: number;
  /** The edition that it changes: another one meanwhile ends it. Undefined: whatever stands. */
  readonly baseVersion?: number | undefined;
}

/**
 * The owner's own limits, within the platform's bound. Each of the shop's tills pulls them with its next heartbeat.
 * Errors: `promise-limits-too-high`, `not-found` (no such shop), `policy-proposal-ended`, `promise-limits-too-many`.
 */
export async function setPromiseLimits(
  tx: Tx,
  change: LimitsChange,
): Promise<Result<PromiseLimits, LimitsRefused>> {
  const locked = await lockLimits(tx, change);
  return locked.ok ? ok(await saveLimits(tx, change, locked.value)) : locked;
}

/** Something is above the edition that stands: a second person has to agree. */
interface RaisedFrom {
  readonly raisedFrom: number;
}

/** The same, by one person alone: only when nothing of it is above what stands. */
export async function lowerPromiseLimits(
  tx: Tx,
  change: LimitsChange,
): Promise<Result<PromiseLimits | RaisedFrom, LimitsRefused>> {
  const locked = await lockLimits(tx, change);
  if (!locked.ok) return locked;
  const { version } = locked.value;
  if (isAbove(change.limits, locked.value)) return ok({ raisedFrom: version });
  return ok(await saveLimits(tx, change, locked.value));
}

/** What stands, held until the transaction ends: two changes follow each other. */
async function lockLimits(
  tx: Tx,
  change: LimitsChange,
): Promise<Result<PromiseLimits, LimitsRefused>> {
  const { operatorId, merchantId, limits } = change;
  if (isAbove(limits, defaultPromiseLimits)) return err({ type: 'promise-limits-too-high' });
  const shop = await tx.execute(sql`
    select 1 from merchant where operator_id = ${operatorId} and merchant_id = ${merchantId}
       for update`);
  if (shop.rowCount === 0) return err({ type: 'not-found' });
  const standing = await currentPromiseLimits(tx, change);
  if (standing.version !== (change.baseVersion ?? standing.version))
    return err({ type: 'policy-proposal-ended' });
  return standing.version >= editionsMax ? err({ type: 'promise-limits-too-many' }) : ok(standing);
}

async function saveLimits(
  tx: Tx,
  { operatorId, merchantId, limits, setBy, nowMs }: LimitsChange,
  standing: PromiseLimits,
): Promise<PromiseLimits> {
  const next = { ...limits, version: standing.version + 1 };
  await tx.execute(sql`
    insert into promise_limit (operator_id, merchant_id, version, per_promise_fen, open_fen,
      open_count, window_ms, set_by, set_at_ms)
    values (${operatorId}, ${merchantId}, ${next.version}, ${next.perPromiseFen}, ${next.openFen},
      ${next.openCount}, ${next.windowMs}, ${setBy}, ${nowMs})`);
  await tx.execute(sql`
    update terminal set config_version = config_version + 1
     where operator_id = ${operatorId} and merchant_id = ${merchantId}`);
  return next;
}

const limitsOf = (row: Row): PromiseLimits => ({
  version: row.version,
  perPromiseFen: row.per_promise_fen,
  openFen: row.open_fen,
  openCount: row.open_count,
  windowMs: row.window_ms,
});
