import { sql } from 'drizzle-orm';
import type { OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Db } from '#cloud/platform/db.ts';

/** Longer than a signature may live on both sides of the clock, so that a swept nonce is stale anyway. */
export const nonceKeptMs = 660_000;
const sweepMax = 10_000;

/**
 * Remembers the nonce of a verified request. False when it was used before: a replay.
 *
 * The row does not wait for the disk (synchronous_commit off for this one statement): a power cut may forget the
 * nonces of its last half second, and what could then be replayed once is idempotent by itself. Every signed request
 * is spared an fsync.
 */
export async function takeNonce(
  db: Db,
  use: {
    readonly operatorId: OperatorId;
    readonly terminalId: TerminalId;
    readonly nonce: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { rowCount } = await db.execute(sql`
    with relaxed as materialized (select set_config('synchronous_commit', 'off', true))
    insert into request_nonce (operator_id, terminal_id, nonce, seen_at_ms)
    select ${use.operatorId}, ${use.terminalId}, ${use.nonce}, ${use.nowMs}::bigint from relaxed
    on conflict do nothing`);
  return rowCount === 1;
}

/** Forgets old nonces, at most {@link sweepMax} at a time. Returns how many. */
export async function sweepNonces(db: Db, nowMs: number): Promise<number> {
  const { rowCount } = await db.execute(sql`
    delete from request_nonce where ctid in (
      select ctid from request_nonce where seen_at_ms < ${nowMs - nonceKeptMs} limit ${sweepMax})`);
  return rowCount ?? 0;
}
