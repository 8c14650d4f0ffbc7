import { sql } from 'drizzle-orm';
import { genesisHash } from '#shared/wire/v1/journal.ts';
import type { ClosingAnswer, ClosingRequest } from '#shared/wire/v1/own-journal.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import { readOwnEpochs } from '#cloud/journal/restore/own-journal.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';

type Owner = Pick<TerminalIdentity, 'operatorId' | 'terminalId'>;

/**
 * Closes epochs of a terminal where it says that they end, all of them or none: none when the cloud
 * has an epoch that it does not name, or more of one, or another last entry. The rows of the heads
 * are what a batch locks to move a head, so a batch is either in the answer or after the closing.
 * The terminal's last word stands: asking again is harmless.
 */
export async function closeEpochs(
  db: Db,
  terminal: Owner,
  { epochs, nowMs }: ClosingRequest & { readonly nowMs: number },
): Promise<ClosingAnswer> {
  return retriedTransaction(db, async (tx) => {
    const isAgreed = await agrees(tx, terminal, epochs);
    if (isAgreed) await close(tx, terminal, { epochs, nowMs });
    return { closed: isAgreed, ...(await readOwnEpochs(tx, terminal)) };
  });
}

/** Makes a head for what has none yet, locks all heads of the terminal, and compares them with what it names. */
async function agrees(
  tx: Tx,
  { operatorId, terminalId }: Owner,
  named: ClosingRequest['epochs'],
): Promise<boolean> {
  await tx.execute(sql`
    insert into journal_head (operator_id, terminal_id, epoch, head_seq, head_hash, updated_at_ms)
    select ${operatorId}, ${terminalId}, e.epoch, 0, ${genesisHash}, 0
      from json_to_recordset(${JSON.stringify(named)}::json) as e(epoch text)
     order by e.epoch
    on conflict do nothing`);
  const { rows } = await tx.execute<{ epoch: string; head_seq: number; head_hash: string }>(sql`
    select epoch, head_seq, head_hash from journal_head
     where operator_id = ${operatorId} and terminal_id = ${terminalId}
     order by epoch for update`);
  const ends = new Map(named.map((end) => [end.epoch, end]));
  return rows.every(({ epoch, head_seq, head_hash }) => {
    if (head_seq === 0) return true;
    const end = ends.get(epoch);
    if (end === undefined || end.lastSeq < head_seq) return false;
    return end.lastSeq > head_seq || end.lastHash === head_hash;
  });
}

async function close(
  tx: Tx,
  { operatorId, terminalId }: Owner,
  { epochs, nowMs }: ClosingRequest & { readonly nowMs: number },
): Promise<void> {
  await tx.execute(sql`
    update journal_head h
       set closed_seq = e."lastSeq", closed_hash = e."lastHash", closed_at_ms = ${nowMs}::bigint
      from json_to_recordset(${JSON.stringify(epochs)}::json)
        as e(epoch text, "lastSeq" bigint, "lastHash" text)
     where h.operator_id = ${operatorId} and h.terminal_id = ${terminalId} and h.epoch = e.epoch`);
}
