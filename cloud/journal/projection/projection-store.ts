import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Refusal, StoredEntry } from '#cloud/journal/projection/fold-entries.ts';
import type { Stream } from '#cloud/orders/kept-order.ts';
import { toStorable } from '#cloud/journal/intake/storable-text.ts';
import { unpackBatch } from '#cloud/journal/intake/unpack-batch.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

export interface LockedStream extends Stream {
  readonly projectedSeq: number;
  readonly failures: number;
}

export interface ReadEntry extends StoredEntry {
  readonly hlc: string;
  readonly hash: string;
  /** Parked when it was taken: kept, never folded. */
  readonly parked: boolean;
}

interface HeadRow extends Record<string, unknown> {
  operator_id: OperatorId;
  merchant_id: MerchantId;
  terminal_id: TerminalId;
  epoch: string;
  projected_seq: number;
  failures: number;
}

/**
 * Streams with unprojected entries, longest untouched first, each held by an advisory lock until
 * the transaction ends; `only` names a single one. Not a row lock: the inbox must go on moving the
 * head meanwhile. The cursor is read after the lock is held.
 */
export async function lockStreams(
  tx: Tx,
  options: { readonly limit: number; readonly nowMs: number; readonly only?: Stream },
): Promise<readonly LockedStream[]> {
  const { only } = options;
  const restriction =
    only === undefined
      ? sql`true`
      : sql`operator_id = ${only.operatorId} and terminal_id = ${only.terminalId}
          and epoch = ${only.epoch}`;
  const { rows: locked } = await tx.execute<{ terminal_id: string; epoch: string }>(sql`
    with waiting as materialized (
      select operator_id, terminal_id, epoch from journal_head
       where projected_seq < head_seq and retry_at_ms <= ${options.nowMs}
         and ${restriction}
       order by updated_at_ms limit ${options.limit})
    select terminal_id, epoch from waiting
     where pg_try_advisory_xact_lock(hashtextextended(operator_id || terminal_id || epoch, 0))`);
  if (locked.length === 0) return [];
  const { rows } = await tx.execute<HeadRow>(sql`
    select h.operator_id, t.merchant_id, h.terminal_id, h.epoch, h.projected_seq, h.failures
      from jsonb_to_recordset(${JSON.stringify(locked)}::jsonb) as l(terminal_id text, epoch text)
      join journal_head h on h.terminal_id = l.terminal_id and h.epoch = l.epoch
      join terminal t on t.operator_id = h.operator_id and t.terminal_id = h.terminal_id
     where h.projected_seq < h.head_seq`);
  return rows.map((row) => ({
    operatorId: row.operator_id,
    merchantId: row.merchant_id,
    terminalId: row.terminal_id,
    epoch: row.epoch,
    projectedSeq: row.projected_seq,
    failures: row.failures,
  }));
}

interface BatchRow extends Record<string, unknown> {
  n: number;
  first_seq: number;
  packed: Buffer;
}

/**
 * The next entries of each stream, in journal order, at most `limit` in all; each stream has the same share, so that
 * one long backlog keeps nobody waiting.
 */
export async function readEntries(
  tx: Tx,
  streams: readonly LockedStream[],
  limit: number,
): Promise<readonly ReadEntry[]> {
  const share = Math.max(1, Math.floor(limit / Math.max(1, streams.length)));
  const cursors = JSON.stringify(streams.map((stream, n) => ({ ...stream, n })));
  const source = sql`jsonb_to_recordset(${cursors}::jsonb)
    as s(n integer, "operatorId" text, "terminalId" text, epoch text, "projectedSeq" bigint)`;
  const { rows } = await tx.execute<BatchRow>(sql`
    with waiting as (
      select s.n, b.first_seq, sum(b.last_seq - greatest(b.first_seq - 1, s."projectedSeq"))
               over (partition by s.n order by b.first_seq) - (b.last_seq - b.first_seq + 1) as before
        from ${source} join lateral (
          select first_seq, last_seq from journal_batch b
           where b.operator_id = s."operatorId" and b.terminal_id = s."terminalId"
             and b.epoch = s.epoch and b.last_seq > s."projectedSeq"
           order by b.first_seq limit ${share}) b on true)
    select w.n, b.first_seq, b.packed
      from waiting w join ${source} on s.n = w.n
      join journal_batch b on b.operator_id = s."operatorId" and b.terminal_id = s."terminalId"
       and b.epoch = s.epoch and b.first_seq = w.first_seq
     where w.before < ${share} order by w.n, b.first_seq`);
  const parked = await tx.execute<{ n: number; seq: number }>(sql`
    select s.n, p.seq from ${source} join journal_parked p on p.operator_id = s."operatorId"
       and p.terminal_id = s."terminalId" and p.epoch = s.epoch and p.seq > s."projectedSeq"`);
  const parkedKeys = new Set(parked.rows.map((row) => `${row.n}/${row.seq}`));
  const taken = new Map<number, number>();
  const read = rows.flatMap(({ n, first_seq: firstSeq, packed }) => {
    const stream = streams[n];
    if (stream === undefined) return [];
    const { operatorId, merchantId, terminalId, epoch, projectedSeq } = stream;
    const mine = unpackBatch(packed)
      .entries.filter(({ seq }) => seq >= firstSeq && seq > projectedSeq)
      .slice(0, share - (taken.get(n) ?? 0));
    taken.set(n, (taken.get(n) ?? 0) + mine.length);
    return mine.map((entry) => ({
      ...entry,
      operatorId,
      merchantId,
      terminalId,
      epoch,
      parked: parkedKeys.has(`${n}/${entry.seq}`),
    }));
  });
  return read.slice(0, limit);
}

/** Keeps single entries, for people and for comparison. One statement. */
export async function saveEntries(tx: Tx, read: readonly ReadEntry[]): Promise<void> {
  if (read.length === 0) return;
  const storable = read.map((entry) => ({ ...entry, body: toStorable(entry.body) }));
  await tx.execute(sql`
    insert into journal_entry (operator_id, terminal_id, epoch, seq, hlc, wall_ms, type, body, hash)
    select r."operatorId", r."terminalId", r.epoch, r.seq, r.hlc, r."wallMs", r.type, r.body, r.hash
      from json_to_recordset(${JSON.stringify(storable)}::json)
        as r("operatorId" text, "terminalId" text, epoch text, seq bigint, hlc text,
             "wallMs" bigint, type text, body text, hash text)`);
}

/** Moves the cursors past the entries that were read. */
export async function advanceStreams(tx: Tx, read: readonly ReadEntry[]): Promise<void> {
  const ends = new Map<string, StoredEntry>();
  for (const entry of read) ends.set(`${entry.terminalId}/${entry.epoch}`, entry);
  const rows = [...ends.values()].map(({ operatorId, terminalId, epoch, seq }) => ({
    operatorId,
    terminalId,
    epoch,
    seq,
  }));
  await tx.execute(sql`
    update journal_head h set projected_seq = r.seq, failures = 0
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r("operatorId" text, "terminalId" text, epoch text, seq bigint)
     where h.operator_id = r."operatorId" and h.terminal_id = r."terminalId"
       and h.epoch = r.epoch`);
}

/** Notes refused entries with the reason. An entry is parked once: the first reason stays. */
export async function parkRefusals(
  tx: Tx,
  refusals: readonly Refusal[],
  nowMs: number,
): Promise<void> {
  if (refusals.length === 0) return;
  const rows = refusals.map(({ entry, code, detail }) => ({
    operatorId: entry.operatorId,
    terminalId: entry.terminalId,
    epoch: entry.epoch,
    seq: entry.seq,
    code,
    detail,
  }));
  await tx.execute(sql`
    insert into journal_parked (operator_id, terminal_id, epoch, seq, code, detail, parked_at_ms)
    select r."operatorId", r."terminalId", r.epoch, r.seq, r.code, r.detail, ${nowMs}::bigint
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r("operatorId" text, "terminalId" text, epoch text, seq bigint, code text, detail text)
    on conflict do nothing`);
}

/** Counts a failed step against a stream and lets it rest. */
export async function noteFailure(
  db: Db,
  stream: Stream,
  rest: { readonly retryAtMs: number },
): Promise<void> {
  await db.execute(sql`
    update journal_head set failures = failures + 1, retry_at_ms = ${rest.retryAtMs}
     where operator_id = ${stream.operatorId} and terminal_id = ${stream.terminalId}
       and epoch = ${stream.epoch}`);
}

/** How many entries wait to be folded, over all streams. */
export async function projectionLag(db: Db): Promise<number> {
  const { rows } = await db.execute<{ lag: number }>(sql`
    select coalesce(sum(head_seq - projected_seq), 0) as lag from journal_head
     where projected_seq < head_seq`);
  return rows[0]?.lag ?? 0;
}
