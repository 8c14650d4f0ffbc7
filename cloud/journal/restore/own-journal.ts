import { sql } from 'drizzle-orm';
import {
  ownEntriesMax,
  ownEpochsMax,
  type OwnEntriesAnswer,
  type OwnEpochsAnswer,
} from '#shared/wire/v1/own-journal.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import { unpackBatch } from '#cloud/journal/intake/unpack-batch.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

type Owner = Pick<TerminalIdentity, 'operatorId' | 'terminalId'>;

/** The epochs that the inbox has of a terminal, in the order of their first batches. */
export async function readOwnEpochs(
  db: Db | Tx,
  { operatorId, terminalId }: Owner,
): Promise<OwnEpochsAnswer> {
  const { rows } = await db.execute<{ epoch: string; head_seq: number; head_hash: string }>(sql`
    select h.epoch, h.head_seq, h.head_hash
      from journal_head h
      join journal_batch b on b.operator_id = h.operator_id and b.terminal_id = h.terminal_id
       and b.epoch = h.epoch and b.first_seq = 1
     where h.operator_id = ${operatorId} and h.terminal_id = ${terminalId}
     order by b.received_at_ms, h.epoch
     limit ${ownEpochsMax}`);
  return {
    epochs: rows.map(({ epoch, head_seq, head_hash }) => ({
      epoch,
      headSeq: head_seq,
      headHash: head_hash,
    })),
  };
}

/** Enough rows for a page of a terminal that sends one entry a batch, and one more to know whether there are others. */
const rowsMax = ownEntriesMax + 1;

/** Entries of one epoch after a seq, as the terminal sent them. */
export async function readOwnEntries(
  db: Db,
  wanted: Owner & { readonly epoch: string; readonly afterSeq: number },
): Promise<OwnEntriesAnswer> {
  const { rows } = await db.execute<{ first_seq: number; last_seq: number; packed: Buffer }>(sql`
    with sized as (
      select first_seq, last_seq, packed,
             sum(last_seq - greatest(first_seq, ${wanted.afterSeq + 1}::bigint) + 1)
               over (order by first_seq rows between unbounded preceding and 1 preceding) as before
        from journal_batch
       where operator_id = ${wanted.operatorId} and terminal_id = ${wanted.terminalId}
         and epoch = ${wanted.epoch} and last_seq > ${wanted.afterSeq}
       order by first_seq limit ${rowsMax}
    )
    select first_seq, last_seq, packed from sized
     where coalesce(before, 0) <= ${ownEntriesMax} order by first_seq`);
  const entries = rows.flatMap(({ first_seq, packed }) =>
    unpackBatch(packed).entries.filter(({ seq }) => seq >= first_seq && seq > wanted.afterSeq),
  );
  return { entries: entries.slice(0, ownEntriesMax), more: entries.length > ownEntriesMax };
}
