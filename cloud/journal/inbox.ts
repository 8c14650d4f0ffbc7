import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { assert } from '#shared/result/assert.ts';
import type { Batch } from '#shared/wire/v1/journal.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import type { StoredHead } from '#cloud/journal/place-batch.ts';
import type { Db } from '#cloud/platform/db.ts';
import { unpackBatch } from '#cloud/journal/unpack-batch.ts';

export interface ParkedEntry {
  readonly seq: number;
  readonly code: string;
  readonly detail: string;
}

export interface AppendRequest {
  readonly terminal: TerminalIdentity;
  readonly batch: Batch;
  /** gzip of the JSON text that `batch` was parsed from: kept as it is. */
  readonly packed: Buffer;
  /** Entries before this seq are stored already. */
  readonly fromSeq: number;
  /** Hash of entry `fromSeq - 1`. */
  readonly prevHash: string;
  readonly parked: readonly ParkedEntry[];
  readonly nowMs: number;
}

/**
 * Keeps the batch as it came, moves the head over its entries from `fromSeq` on and notes parked ones: one statement, so one fsync and all
 * or nothing. False when the head is no longer at `fromSeq - 1`: place the batch anew.
 */
export async function appendEntries(db: Db, request: AppendRequest): Promise<boolean> {
  const { terminal, batch, fromSeq, nowMs } = request;
  const last = batch.entries.at(-1);
  assert(last !== undefined, () => 'an empty batch');
  const keys = sql`${terminal.operatorId}::text, ${terminal.terminalId}::text, ${batch.epoch}::text`;
  const { rows } = await db.execute<{ moved: boolean }>(sql`
    with moved as (
      insert into journal_head as h (operator_id, terminal_id, epoch, head_seq, head_hash,
        updated_at_ms)
      select ${keys}, ${last.seq}::bigint, ${last.hash}, ${nowMs}::bigint
       where ${fromSeq}::bigint = 1 or exists (
         select 1 from journal_head x where x.operator_id = ${terminal.operatorId}
            and x.terminal_id = ${terminal.terminalId} and x.epoch = ${batch.epoch})
      on conflict (operator_id, terminal_id, epoch) do update
        set head_seq = excluded.head_seq, head_hash = excluded.head_hash,
            updated_at_ms = excluded.updated_at_ms
        where h.head_seq = ${fromSeq - 1} and h.head_hash = ${request.prevHash}
      returning true
    ), stored as (
      insert into journal_batch (operator_id, terminal_id, epoch, first_seq, last_seq, packed,
        received_at_ms)
      select ${keys}, ${fromSeq}::bigint, ${last.seq}::bigint, ${request.packed}::bytea,
             ${nowMs}::bigint
        from moved
    ), noted as (
      insert into journal_parked (operator_id, terminal_id, epoch, seq, code, detail, parked_at_ms)
      select ${keys}, p.seq, p.code, p.detail, ${nowMs}::bigint
        from moved, json_to_recordset(${JSON.stringify(request.parked)}::json)
          as p(seq bigint, code text, detail text)
       where p.seq >= ${fromSeq}
    )
    select exists (select 1 from moved) as moved`);
  return rows[0]?.moved === true;
}

/** The head of the batch's epoch and the stored hashes that the batch must agree with. */
export async function readHead(
  db: Db,
  terminal: TerminalIdentity,
  batch: Batch,
): Promise<StoredHead> {
  const key = sql`operator_id = ${terminal.operatorId} and terminal_id = ${terminal.terminalId}
    and epoch = ${batch.epoch}`;
  const last = batch.firstSeq + batch.entries.length - 1;
  // The hashes are read after the head: what the head covers is never removed, so they cannot be short of it.
  const head = await db.execute<{ head_seq: number; head_hash: string }>(
    sql`select head_seq, head_hash from journal_head where ${key}`,
  );
  const stored = await db.execute<{ first_seq: number; packed: Buffer }>(sql`
    select first_seq, packed from journal_batch
     where ${key} and first_seq <= ${last} and last_seq >= ${batch.firstSeq - 1}
     order by first_seq`);
  const hashes = new Map<number, string>();
  for (const row of stored.rows) {
    for (const { seq, hash } of unpackBatch(row.packed).entries) {
      if (seq >= row.first_seq) hashes.set(seq, hash);
    }
  }
  return {
    headSeq: head.rows[0]?.head_seq ?? 0,
    headHash: head.rows[0]?.head_hash ?? '',
    hashes,
  };
}

/** Keeps a batch that contradicts the stored journal, whole, once. */
export async function quarantineBatch(
  db: Db,
  evidence: {
    readonly terminal: TerminalIdentity;
    readonly batch: Batch;
    readonly packed: Buffer;
    readonly forkSeq: number;
    readonly nowMs: number;
  },
): Promise<void> {
  const { terminal, batch } = evidence;
  const batchText = gunzipSync(evidence.packed).toString('utf8');
  const batchHash = createHash('sha256').update(batchText).digest('hex');
  await db.execute(sql`
    insert into journal_quarantine (operator_id, terminal_id, epoch, first_seq, batch_hash, fork_seq,
      batch, received_at_ms)
    values (${terminal.operatorId}, ${terminal.terminalId}, ${batch.epoch}, ${batch.firstSeq},
      ${batchHash}, ${evidence.forkSeq}, ${batchText}, ${evidence.nowMs})
    on conflict do nothing`);
}
