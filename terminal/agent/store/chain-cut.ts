import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';

/**
 * Where the journal in this file begins after old entries were pruned: the last entry that is gone. Its hash is what
 * the first one that is left must follow from, so that the chain stays provable; the cloud has the rest.
 */
export interface ChainCut {
  readonly position: number;
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
}

/** Undefined while nothing was pruned, and in a file from before there was pruning. */
export const readCut = (read: ReadHandle): ChainCut | undefined =>
  read.one("SELECT 1 FROM sqlite_schema WHERE name = 'chain_cut'") === undefined
    ? undefined
    : read.one<ChainCut>('SELECT position, epoch, seq, hash FROM chain_cut WHERE id = 1');

export const writeCut = (tx: WriteHandle, cut: ChainCut): void =>
  tx.run(
    `INSERT INTO chain_cut (id, position, epoch, seq, hash)
     VALUES (1, $position, $epoch, $seq, $hash)
     ON CONFLICT (id) DO UPDATE SET position = excluded.position, epoch = excluded.epoch,
       seq = excluded.seq, hash = excluded.hash`,
    { position: cut.position, epoch: cut.epoch, seq: cut.seq, hash: cut.hash },
  );
