import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import type { Batch } from '#shared/wire/v1/journal.ts';
import { raiseAlarms } from '#cloud/identity/terminal-alarms.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { inflatedBytesMax } from '#cloud/platform/http/raw-body.ts';

/** Contradicting batches of a terminal that are kept within a day. An honest till sends two, then starts over. */
export const quarantinePerDayMax = 40;
const dayMs = 86_400_000;

interface RefusedBatch {
  readonly terminal: TerminalIdentity;
  readonly batch: Batch;
  /** gzip of the JSON text that `batch` was parsed from. */
  readonly packed: Buffer;
}

export type QuarantineError =
  | { readonly type: 'journal-epoch-closed' | 'journal-fork'; readonly seq: number }
  | { readonly type: 'journal-quarantine-full' };

/** Keeps the evidence of a second history, or of what came after a closed end, and calls people. */
export async function quarantine(
  deps: Pick<CloudDeps, 'db' | 'clock' | 'metrics' | 'logger'>,
  request: RefusedBatch,
  { kind, seq }: { readonly kind: 'fork' | 'epoch-closed'; readonly seq: number },
): Promise<QuarantineError> {
  const { terminal, batch } = request;
  const nowMs = deps.clock.nowMs();
  const isKept = await storeEvidence(deps.db, { ...request, forkSeq: seq, nowMs });
  if (kind === 'fork') deps.metrics.journalForks.inc();
  const detail =
    kind === 'fork' ? `at seq ${seq}` : `from seq ${batch.firstSeq}, the epoch ended with ${seq}`;
  const found = isKept ? kind : 'quarantine-full';
  await raiseAlarms(deps, terminal, [{ kind: found, subject: batch.epoch, detail }]);
  return isKept ? { type: `journal-${kind}`, seq } : { type: 'journal-quarantine-full' };
}

/**
 * Keeps a batch that contradicts the stored journal or came after its end, whole, once. False when
 * {@link quarantinePerDayMax} others came within a day: then it is not kept, and the terminal must
 * not be told that it is.
 */
async function storeEvidence(
  db: Db,
  evidence: RefusedBatch & { readonly forkSeq: number; readonly nowMs: number },
): Promise<boolean> {
  const { terminal, batch, nowMs } = evidence;
  const batchText = gunzipSync(evidence.packed, { maxOutputLength: inflatedBytesMax }).toString(
    'utf8',
  );
  const batchHash = createHash('sha256').update(batchText).digest('hex');
  const key = sql`operator_id = ${terminal.operatorId} and terminal_id = ${terminal.terminalId}`;
  await db.execute(sql`
    insert into journal_quarantine (operator_id, terminal_id, epoch, first_seq, batch_hash, fork_seq,
      batch, received_at_ms)
    select ${terminal.operatorId}, ${terminal.terminalId}, ${batch.epoch}, ${batch.firstSeq}::bigint,
      ${batchHash}, ${evidence.forkSeq}::bigint, ${batchText}, ${nowMs}::bigint
     where (select count(*) from journal_quarantine
             where ${key} and received_at_ms > ${nowMs - dayMs}) < ${quarantinePerDayMax}
    on conflict do nothing`);
  const { rowCount } = await db.execute(sql`
    select 1 from journal_quarantine where ${key} and epoch = ${batch.epoch}
       and first_seq = ${batch.firstSeq} and batch_hash = ${batchHash}`);
  return rowCount === 1;
}
