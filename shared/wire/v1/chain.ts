import { err, ok, type Result } from '#shared/result/result.ts';
import { entryPreimage, type Batch, type WireEntry } from '#shared/wire/v1/journal.ts';

/**
 * Hashes one link: SHA-256 over the raw bytes of `prevHash` (64 hex digits) and then the UTF-8 of `text`, as 64
 * lower-case hex digits. Passed in, because this room has no crypto; in Node:
 * `createHash('sha256').update(Buffer.from(prevHash, 'hex')).update(text, 'utf8').digest('hex')`.
 */
export type HashLink = (link: { readonly prevHash: string; readonly text: string }) => string;

/** The hash that `entry` must carry when it follows an entry with the hash `prevHash`. */
export const entryHash = (
  link: {
    readonly epoch: string;
    readonly prevHash: string;
    readonly entry: Omit<WireEntry, 'hash'>;
  },
  hashLink: HashLink,
): string => hashLink({ prevHash: link.prevHash, text: entryPreimage(link.epoch, link.entry) });

export type ChainError =
  | { readonly type: 'journal-gap'; readonly expectedSeq: number }
  | { readonly type: 'journal-chain-broken'; readonly seq: number };

/**
 * Do the entries of a batch follow from `prevHash` and from each other? Checks entry by entry, the number before the
 * hash: `journal-gap` when a seq is not the next one, `journal-chain-broken` at the first entry whose hash does not
 * follow. An empty batch stands where it began. Whether `prevHash` is the head that the cloud knows is the caller's
 * question.
 */
export function verifyChain(
  batch: Batch,
  hashLink: HashLink,
): Result<{ readonly headHash: string }, ChainError> {
  let prevHash = batch.prevHash;
  let expectedSeq = batch.firstSeq;
  for (const entry of batch.entries) {
    if (entry.seq !== expectedSeq) return err({ type: 'journal-gap', expectedSeq });
    if (entryHash({ epoch: batch.epoch, prevHash, entry }, hashLink) !== entry.hash) {
      return err({ type: 'journal-chain-broken', seq: entry.seq });
    }
    prevHash = entry.hash;
    expectedSeq += 1;
  }
  return ok({ headHash: prevHash });
}
