import { hlcZero, parseHlc, type Hlc } from '#shared/time/hlc.ts';
import { genesisHash } from '#shared/wire/v1/journal.ts';
import { lastEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import type { ChainFault } from '#terminal/agent/journal/hash-chain.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';

export interface JournalHead {
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
  readonly position: number;
}

/** How many of the last entries the chain check at start walks over. */
const startCheckEntriesMax = 2_000;

/** The clock of the last entry. */
export const readHlc = (read: ReadHandle): Hlc => parseHlc(lastEntry(read)?.hlc ?? '') ?? hlcZero;

/** Where the file stands. */
export const readHead = (read: ReadHandle): JournalHead =>
  lastEntry(read) ?? { epoch: '', seq: 0, hash: genesisHash, position: 0 };

/** Whether the last entries follow from one another: all of the chain is checked beside, every night. */
export const checkTail = (read: ReadHandle): ChainFault | undefined =>
  checkChain(read, Math.max(1, readHead(read).position - startCheckEntriesMax)).fault;
