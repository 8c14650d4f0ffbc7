import { hash } from 'node:crypto';
import { verifyChain, type HashLink } from '#shared/wire/v1/chain.ts';
import { genesisHash, type Batch } from '#shared/wire/v1/journal.ts';

/** In one call: for texts this short, building a hash object costs more than hashing. */
const hashLink: HashLink = (link) =>
  hash('sha256', Buffer.concat([Buffer.from(link.prevHash, 'hex'), Buffer.from(link.text)]));

/**
 * Is the batch one unbroken piece of a chain, the first entry of an epoch on {@link genesisHash}? Undefined when it
 * is, else the seq at which it breaks. A hole inside a batch is a break, not a gap: asking for more cannot mend it.
 */
export function findChainBreak(batch: Batch): number | undefined {
  if (batch.firstSeq === 1 && batch.prevHash !== genesisHash) return 1;
  const verified = verifyChain(batch, hashLink);
  if (verified.ok) return undefined;
  return verified.error.type === 'journal-gap' ? verified.error.expectedSeq : verified.error.seq;
}
