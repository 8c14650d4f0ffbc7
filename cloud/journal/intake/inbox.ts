import { sql } from 'drizzle-orm';
import { assert } from '#shared/result/assert.ts';
import type { Batch } from '#shared/wire/v1/journal.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import type { StoredHead } from '#cloud/journal/intake/place-batch.ts';
import type { Db, Statement } from '#cloud/platform/db.ts';
import { unpackBatch } from '#cloud/journal/intake/unpack-batch.ts';

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

export interface Appended {
  /** False: the head is no longer at `fromSeq - 1`, or its epoch ends before the batch; place the batch anew. */
  readonly moved: boolean;
  /** Another epoch of this terminal has entries of the same time: two programs write under one identity. */
  readonly overlaps: boolean;
}

/**
 * Keeps the batch as it came, moves the head over its entries from `fromSeq` on and notes parked
 * ones: one statement, so one fsync and all or nothing.
 */
export async function appendEntries(db: Db, request: AppendRequest): Promise<Appended> {
  const { terminal, batch, fromSeq, nowMs } = request;
  const last = batch.entries.at(-1);
  const firstHlc = batch.entries.find((entry) => entry.seq === fromSeq)?.hlc;
  assert(last !== undefined && firstHlc !== undefined, () => 'nothing of the batch is new');
  const values = [
    terminal.operatorId,
    terminal.terminalId,
    batch.epoch,
    last.seq,
    last.hash,
    nowMs,
    firstHlc,
    last.hlc,
    fromSeq,
    request.prevHash,
    request.packed,
    JSON.stringify(request.parked),
  ];
  const { rows } = await db.swift(async (line) => {
    const appended = line.ask<{ moved: boolean; overlaps: boolean }>(append, values);
    const committed = line.commit();
    return (await Promise.all([appended, committed]))[0];
  });
  return { moved: rows[0]?.moved === true, overlaps: rows[0]?.overlaps === true };
}

/** Planned once for each connection: planning it takes longer than running it. */
const append: Statement = {
  name: 'journal-append',
  text: `
    with moved as (
      insert into journal_head as h (operator_id, terminal_id, epoch, head_seq, head_hash,
        updated_at_ms, begun_at_ms, first_hlc, last_hlc)
      select $1::text, $2::text, $3::text, $4::bigint, $5::text, $6::bigint, $6::bigint, $7::text,
             $8::text
       where $9::bigint = 1 or exists (
         select 1 from journal_head x where x.operator_id = $1 and x.terminal_id = $2
            and x.epoch = $3)
      on conflict (operator_id, terminal_id, epoch) do update
        set head_seq = excluded.head_seq, head_hash = excluded.head_hash,
            updated_at_ms = excluded.updated_at_ms, last_hlc = excluded.last_hlc,
            begun_at_ms = case h.head_seq when 0 then excluded.begun_at_ms else h.begun_at_ms end,
            first_hlc = case h.head_seq when 0 then excluded.first_hlc else h.first_hlc end
        where h.head_seq = $9::bigint - 1 and h.head_hash = $10::text
          and (h.closed_seq is null or excluded.head_seq < h.closed_seq
            or (excluded.head_seq = h.closed_seq and excluded.head_hash = h.closed_hash))
      returning first_hlc
    ), stored as (
      insert into journal_batch (operator_id, terminal_id, epoch, first_seq, last_seq, packed,
        received_at_ms)
      select $1, $2, $3, $9::bigint, $4::bigint, $11::bytea, $6::bigint from moved
    ), noted as (
      insert into journal_parked (operator_id, terminal_id, epoch, seq, code, detail, parked_at_ms)
      select $1, $2, $3, p.seq, p.code, p.detail, $6::bigint
        from moved, json_to_recordset($12::json) as p(seq bigint, code text, detail text)
       where p.seq >= $9::bigint
    )
    select exists (select 1 from moved) as moved, exists (
      select 1 from moved m join journal_head x on x.operator_id = $1 and x.terminal_id = $2
         and x.epoch <> $3
       where m.first_hlc <> '' and x.first_hlc <> ''
         and x.first_hlc collate "C" < $8 collate "C"
         and x.last_hlc collate "C" > m.first_hlc collate "C") as overlaps`,
};

/** The head of the batch's epoch and the stored hashes that the batch must agree with. */
export async function readHead(
  db: Db,
  terminal: TerminalIdentity,
  batch: Batch,
): Promise<StoredHead> {
  const key = sql`operator_id = ${terminal.operatorId} and terminal_id = ${terminal.terminalId}
    and epoch = ${batch.epoch}`;
  const last = batch.firstSeq + batch.entries.length - 1;
  const head = await db.execute<{
    head_seq: number;
    head_hash: string;
    closed_seq: number | null;
    closed_hash: string | null;
  }>(sql`select head_seq, head_hash, closed_seq, closed_hash from journal_head where ${key}`);
  const row = head.rows[0];
  const headSeq = row?.head_seq ?? 0;
  const headHash = row?.head_hash ?? '';
  const hashes = new Map<number, string>();
  // A batch that stands at the head or beyond it repeats nothing: it must agree with the head alone.
  if (batch.firstSeq === headSeq + 1) hashes.set(headSeq, headHash);
  if (batch.firstSeq <= headSeq) {
    // The hashes are read after the head: what the head covers is never removed, so they cannot be
    // short of it.
    const stored = await db.execute<{ first_seq: number; packed: Buffer }>(sql`
      select first_seq, packed from journal_batch
       where ${key} and first_seq <= ${last} and last_seq >= ${batch.firstSeq - 1}
       order by first_seq`);
    for (const { first_seq: firstSeq, packed } of stored.rows)
      for (const { seq, hash } of unpackBatch(packed).entries)
        if (seq >= firstSeq) hashes.set(seq, hash);
  }
  return {
    headSeq,
    headHash,
    hashes,
    end:
      row === undefined || row.closed_seq === null || row.closed_hash === null
        ? undefined
        : { seq: row.closed_seq, hash: row.closed_hash },
  };
}
