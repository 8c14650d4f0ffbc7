import { hash } from 'node:crypto';
import { verifyChain, type HashLink } from '#shared/wire/v1/chain.ts';
import { genesisHash, type Batch } from '#shared/wire/v1/journal.ts';

const hashBytes = 32;
/** Of one UTF-16 unit; a pair of them takes four bytes. */
const utf8BytesPerUnitMax = 3;
/** Enough for nearly every entry; a longer one gets a buffer of its own. */
const usualLinkBytes = 8_192;

/**
 * Lays links out in the same few kilobytes and hashes each in one call: for texts this short, making
 * buffers and a hash object costs more than hashing, and an encoder writes into a place that stands
 * ready faster than a buffer does.
 */
function createHashLink(): HashLink {
  const usual = Buffer.allocUnsafe(usualLinkBytes);
  const usualText = usual.subarray(hashBytes);
  const encoder = new TextEncoder();
  return ({ prevHash, text }) => {
    const linkBytesMax = hashBytes + utf8BytesPerUnitMax * text.length;
    const isUsual = linkBytesMax <= usualLinkBytes;
    const link = isUsual ? usual : Buffer.allocUnsafe(linkBytesMax);
    link.write(prevHash, 0, hashBytes, 'hex');
    const { written } = encoder.encodeInto(text, isUsual ? usualText : link.subarray(hashBytes));
    return hash('sha256', link.subarray(0, hashBytes + written));
  };
}
const hashLink = createHashLink();

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
