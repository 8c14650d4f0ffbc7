import { genesisHash, type Batch } from '#shared/wire/v1/journal.ts';

/** What the cloud holds of one epoch around a batch. */
export interface StoredHead {
  /** 0 when nothing of the epoch is stored. */
  readonly headSeq: number;
  readonly headHash: string;
  /** Stored hashes by seq, for the entry before the batch and for every entry that the batch repeats. */
  readonly hashes: ReadonlyMap<number, string>;
  /** A restore ended the epoch with this entry; undefined: it is open. */
  readonly end: { readonly seq: number; readonly hash: string } | undefined;
}

export type BatchPlace =
  /** Follows the head, wholly or from `fromSeq` on: append that part. */
  | { readonly type: 'append'; readonly fromSeq: number }
  /** All of it is stored already. */
  | { readonly type: 'duplicate' }
  | { readonly type: 'gap'; readonly expectedSeq: number }
  /** The batch goes on after the end of a closed epoch, or has another last entry. */
  | { readonly type: 'closed'; readonly seq: number }
  /** The batch tells another story from `seq` on. */
  | { readonly type: 'fork'; readonly seq: number };

/**
 * Where a batch (whose own chain holds) stands against what is stored. The end is looked at first,
 * then gaps, then forks. Pure.
 */
export function placeBatch(batch: Batch, head: StoredHead): BatchPlace {
  const end = head.end;
  const last = batch.entries.at(-1);
  if (end !== undefined && last !== undefined) {
    const isOther = last.seq === end.seq && last.hash !== end.hash;
    if (last.seq > end.seq || isOther) return { type: 'closed', seq: end.seq };
  }
  if (batch.firstSeq > head.headSeq + 1) return { type: 'gap', expectedSeq: head.headSeq + 1 };
  const before = batch.firstSeq - 1;
  const beforeHash = before === 0 ? genesisHash : head.hashes.get(before);
  if (beforeHash !== batch.prevHash) return { type: 'fork', seq: before === 0 ? 1 : before };
  for (const entry of batch.entries) {
    if (entry.seq > head.headSeq) return { type: 'append', fromSeq: entry.seq };
    if (head.hashes.get(entry.seq) !== entry.hash) return { type: 'fork', seq: entry.seq };
  }
  return { type: 'duplicate' };
}
