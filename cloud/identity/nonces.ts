import { sql } from 'drizzle-orm';
import type { OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Db, Statement } from '#cloud/platform/db.ts';

/** Longer than a signature may live on both sides of the clock, so that a swept nonce is stale anyway. */
export const nonceKeptMs = 660_000;
const sweepMax = 10_000;

export interface NonceUse {
  readonly operatorId: OperatorId;
  readonly terminalId: TerminalId;
  readonly nonce: string;
  readonly nowMs: number;
}

/**
 * Remembers the nonces of verified requests, in one statement. For each in turn: false when it was used before, here or
 * earlier: a replay.
 *
 * The rows do not wait for the disk (synchronous_commit off for this one transaction): a power cut may forget the
 * nonces of its last half second, and what could then be replayed once is idempotent by itself. Every signed request
 * is spared an fsync.
 */
export async function takeNonces(db: Db, uses: readonly NonceUse[]): Promise<readonly boolean[]> {
  const list = uses.map((use) => ({
    o: use.operatorId,
    t: use.terminalId,
    n: use.nonce,
    at: use.nowMs,
  }));
  const { rows } = await db.swift(async (line) => {
    const taken = line.ask<{ terminal_id: string; nonce: string }>(take, [JSON.stringify(list)]);
    return (await Promise.all([taken, line.commit()]))[0];
  });
  const fresh = new Set(rows.map((row) => `${row.terminal_id} ${row.nonce}`));
  // Deleted as it is given out: of two equal ones in one statement only the first is fresh.
  return uses.map(({ terminalId, nonce }) => fresh.delete(`${terminalId} ${nonce}`));
}

/** Of every signed request: planned once for each connection. */
const take: Statement = {
  name: 'nonces-take',
  text: `
    with relaxed as materialized (select set_config('synchronous_commit', 'off', true))
    insert into request_nonce (operator_id, terminal_id, nonce, seen_at_ms)
    select u.o, u.t, u.n, u.at
      from relaxed, json_to_recordset($1::json) as u(o text, t text, n text, at bigint)
     order by 1, 2, 3
    on conflict do nothing
    returning terminal_id, nonce`,
};

/** Forgets old nonces, at most {@link sweepMax} at a time. Returns how many. */
export async function sweepNonces(db: Db, nowMs: number): Promise<number> {
  const { rowCount } = await db.execute(sql`
    delete from request_nonce where ctid in (
      select ctid from request_nonce where seen_at_ms < ${nowMs - nonceKeptMs} limit ${sweepMax})`);
  return rowCount ?? 0;
}
