import { entryAt, walkEntries, type JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { findChainFault, type ChainFault } from '#terminal/agent/journal/hash-chain.ts';
import { readCut } from '#terminal/agent/store/chain-cut.ts';

/**
 * Walks the chain from `fromPosition` (default: the beginning) to the end and answers the first fault. It begins at
 * the entry before, at the cut where old entries were pruned, or at an epoch's first entry. Positions must count up
 * without a hole: otherwise the end of an older epoch could vanish unseen.
 */
export function checkChain(
  read: ReadHandle,
  fromPosition = 1,
): { readonly fault: ChainFault | undefined; readonly entriesCount: number } {
  const cut = readCut(read);
  const begin = Math.max(fromPosition, (cut?.position ?? 0) + 1);
  const before = begin === (cut?.position ?? 0) + 1 ? cut : entryAt(read, begin - 1);
  let entriesCount = 0;
  let hole: ChainFault | undefined;
  function* counted(): Generator<JournalEntry> {
    let position = begin;
    for (const entry of walkEntries(read, begin)) {
      if (entry.position !== position) {
        hole = { type: 'gap', epoch: entry.epoch, seq: entry.seq };
        return;
      }
      position += 1;
      entriesCount += 1;
      yield entry;
    }
  }
  // Without the entry before there is nothing to follow from, unless the journal begins here.
  if (!before && begin > 1) return { fault: { type: 'gap', epoch: '', seq: begin }, entriesCount };
  const fault = findChainFault(counted(), before);
  return { fault: fault ?? hole, entriesCount };
}
