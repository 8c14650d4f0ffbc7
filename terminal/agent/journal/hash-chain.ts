import { hash as digest } from 'node:crypto';
import { entryPreimage, genesisHash, type WireEntry } from '#shared/wire/v1/journal.ts';

const hashBytes = 32;
/** Of one UTF-16 unit; a pair of them takes four bytes. */
const utf8BytesPerUnitMax = 3;
/** Nearly every entry is laid out in here: for texts this short, making buffers costs more than hashing. */
const usual = Buffer.allocUnsafe(8_192);

/** The hash of an entry: SHA-256 over the raw previous hash and the entry's text (shared/wire/v1/journal.ts). */
export function entryHash(
  prevHash: string,
  entry: Omit<WireEntry, 'hash'> & { readonly epoch: string },
): string {
  const text = entryPreimage(entry.epoch, entry);
  const bytesMax = hashBytes + utf8BytesPerUnitMax * text.length;
  const link = bytesMax <= usual.length ? usual : Buffer.allocUnsafe(bytesMax);
  const prevBytes = link.write(prevHash, 0, hashBytes, 'hex');
  const textBytes = link.write(text, prevBytes, 'utf8');
  return digest('sha256', link.subarray(0, prevBytes + textBytes));
}

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
