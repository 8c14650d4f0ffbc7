import type { Clock } from '#shared/time/clock.ts';
import type { EntryBody } from '#shared/wire/v1/entries.ts';
import { entryAt, lastEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { getMetaNumber, setMeta } from '#terminal/agent/journal/meta.ts';
import { readCut } from '#terminal/agent/store/chain-cut.ts';
import type { WitnessedHead } from '#terminal/agent/store/head-witness.ts';
import { addSetAside } from '#terminal/agent/uplink/set-aside.ts';
import { readHead } from '#terminal/agent/journal/journal-head.ts';

/** Entries of earlier epochs that could not be read back. */
export type LostRanges = EntryBody<'store.opened'>['lost'];

/** What the file once stored and does not have any more; undefined: it has everything that anybody knows of. */
export function findLostTail(
  read: ReadHandle,
  seen: WitnessedHead | undefined,
): LostRanges | undefined {
  const head = readHead(read);
  const isAckedBeyond = getMetaNumber(read, 'acked-position') > head.position;
  const isPruned = seen !== undefined && seen.position <= (readCut(read)?.position ?? 0);
  const isSeen = seen === undefined || isPruned || entryAt(read, seen.position)?.hash === seen.hash;
  if (isSeen && !isAckedBeyond) return undefined;
  if (seen === undefined) return [];
  const fromSeq = seen.epoch === head.epoch ? head.seq + 1 : 1;
  return fromSeq <= seen.seq ? [{ epoch: seen.epoch, fromSeq, toSeq: seen.seq }] : [];
}

/**
 * The file gave up entries that it had confirmed: it stands in the list of exceptions until a person has dealt with it.
 * What is written from here on stands where lost entries stood, and none of it was acknowledged.
 */
export const tellOfLoss =
  ({ clock }: { readonly clock: Clock }) =>
  (tx: WriteHandle): void => {
    addSetAside(tx, [{ orderId: '', code: 'store-entries-lost', sinceMs: clock.nowMs() }]);
    const begun = lastEntry(tx)?.position ?? 0;
    if (getMetaNumber(tx, 'acked-position') >= begun)
      setMeta(tx, 'acked-position', String(Math.max(0, begun - 1)));
  };
