import { genesisHash, type Batch } from '#shared/wire/v1/journal.ts';

/** What the cloud holds of one epoch around a batch. */
export interface StoredHead {
  /** 0 when nothing of the epoch is stored. */
  readonly headSeq: number;
  readonly headHash: string;
  /** Stored hashes by seq, for the entry before the batch and for every entry that the batch repeats. */
  readonly hashes: ReadonlyMap<number, string>;
}

export type BatchPlace =
  /** Follows the head, wholly or from `fromSeq` on: append that part. */
  | { readonly type: 'append'; readonly fromSeq: number }
  /** All of it is stored already. */
  | { readonly type: 'duplicate' }
  | { readonly type: 'gap'; readonly expectedSeq: number }
  /** The batch tells another story from `seq` on. */
  | { readonly type: 'fork'; readonly seq: number };

/** Where a batch (whose own chain holds) stands against what is stored. A gap is found before a fork. Pure. */
export function placeBatch(batch: Batch, head: StoredHead): BatchPlace {
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
