import { batchBytesMax, genesisHash, type Batch } from '#shared/wire/v1/journal.ts';
import { entriesTextAfter, entryAt } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import type { SentBatch } from '#terminal/agent/uplink/uplink-machine.ts';

/** A batch on its way: what it is, and its text. */
export interface OutgoingBatch extends SentBatch {
  /** JSON of a Batch, UTF-8, at most {@link batchBytesMax} unless it is of one entry. */
  readonly json: Buffer;
}

/**
 * The entries after `position` as one batch, at most `entriesMax` and within the limits of the
 * wire; undefined at the end of the journal. Half as many as long as they are too large together:
 * seldom, the usual entry is an eighth of its share.
 */
export function cutBatch(
  read: ReadHandle,
  { position, entriesMax }: { position: number; entriesMax: number },
): OutgoingBatch | undefined {
  for (let limit = entriesMax; ; limit = Math.ceil(limit / 2)) {
    const entries = entriesTextAfter(read, { position, limit });
    if (!entries) return undefined;
    const { epoch, firstSeq, firstPosition, lastPosition } = entries;
    const before = firstSeq === 1 ? undefined : entryAt(read, firstPosition - 1)?.hash;
    const head: Omit<Batch, 'entries'> = { epoch, firstSeq, prevHash: before ?? genesisHash };
    const json = Buffer.concat([
      Buffer.from(JSON.stringify(head).replace(/}$/, ',"entries":')),
      entries.json,
      closing,
    ]);
    if (json.byteLength <= batchBytesMax || limit === 1)
      return { epoch, firstSeq, firstPosition, lastPosition, json };
  }
}

const closing = Buffer.from('}');
