import { createHash } from 'node:crypto';
import { entryPreimage, genesisHash, type WireEntry } from '#shared/wire/v1/journal.ts';

/** The hash of an entry: SHA-256 over the raw previous hash and the entry's text (shared/wire/v1/journal.ts). */
export const entryHash = (
  prevHash: string,
  entry: Omit<WireEntry, 'hash'> & { readonly epoch: string },
): string =>
  createHash('sha256')
    .update(Buffer.from(prevHash, 'hex'))
    .update(entryPreimage(entry.epoch, entry), 'utf8')
    .digest('hex');

export type ChainFault = {
  readonly type: 'gap' | 'hash-mismatch';
  readonly epoch: string;
  readonly seq: number;
};

/**
 * Looks for the first entry that does not follow from the one before it. `entries` are in journal order and start
 * at seq 1 of an epoch, unless `after` names the entry before the first.
 */
export function findChainFault(
  entries: Iterable<WireEntry & { readonly epoch: string }>,
  after?: { readonly epoch: string; readonly seq: number; readonly hash: string },
): ChainFault | undefined {
  let last = after ?? { epoch: '', seq: 0, hash: genesisHash };
  for (const entry of entries) {
    if (entry.epoch !== last.epoch) last = { epoch: entry.epoch, seq: 0, hash: genesisHash };
    const place = { epoch: entry.epoch, seq: entry.seq };
    if (entry.seq !== last.seq + 1) return { type: 'gap', ...place };
    if (entryHash(last.hash, entry) !== entry.hash) return { type: 'hash-mismatch', ...place };
    last = entry;
  }
  return undefined;
}
