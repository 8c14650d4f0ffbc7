import type { WireEntry } from '#shared/wire/v1/journal.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';

/** One entry as stored. `position` counts over all epochs of the file, `seq` within one. */
export interface JournalEntry extends WireEntry {
  readonly position: number;
  readonly epoch: string;
}

const select = `SELECT position, epoch, seq, hlc, wall_ms AS wallMs, type, body, hash
  FROM entry JOIN epoch USING (epoch_no)`;

/** Entries after `position`, in order, at most `limit`, all of one epoch. */
export function entriesAfter(
  read: ReadHandle,
  { position, limit }: { position: number; limit: number },
): readonly JournalEntry[] {
  const rows = read.all<JournalEntry>(
    `${select} WHERE position > $position ORDER BY position LIMIT $limit`,
    { position, limit },
  );
  const epoch = rows[0]?.epoch;
  return rows.filter((row) => row.epoch === epoch);
}

export const entryAt = (read: ReadHandle, position: number): JournalEntry | undefined =>
  read.one<JournalEntry>(`${select} WHERE position = $position`, { position });

export const entryOfSeq = (
  read: ReadHandle,
  { epoch, seq }: { epoch: string; seq: number },
): JournalEntry | undefined =>
  read.one<JournalEntry>(`${select} WHERE epoch = $epoch AND seq = $seq`, { epoch, seq });

export const lastEntry = (read: ReadHandle): JournalEntry | undefined =>
  read.one<JournalEntry>(`${select} ORDER BY position DESC LIMIT 1`);

/** Entries of one epoch as they travel to the cloud. */
export interface EntriesText {
  readonly epoch: string;
  readonly firstSeq: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** JSON of a list of WireEntry, UTF-8. */
  readonly json: Buffer;
}

/**
 * What {@link entriesAfter} answers, as the text that travels. SQLite writes it: making an object of every row and
 * text of every object again takes three times as long. The rows are read in the order of the inner question, whose
 * LIMIT makes that order part of its meaning.
 */
const selectText = `SELECT json, firstSeq, firstPosition, lastPosition, epoch FROM (
    SELECT CAST(json_group_array(json_object('seq', seq, 'hlc', hlc, 'wallMs', wall_ms, 'type', type,
        'body', body, 'hash', hash)) AS BLOB) AS json,
      min(seq) AS firstSeq, min(position) AS firstPosition, max(position) AS lastPosition,
      min(epoch_no) AS epoch_no
    FROM (SELECT * FROM entry WHERE position > $position
      AND epoch_no = (SELECT epoch_no FROM entry WHERE position > $position ORDER BY position LIMIT 1)
      ORDER BY position LIMIT $limit)
  ) JOIN epoch USING (epoch_no)`;

/** Entries after `position` as text, in order, at most `limit`, all of one epoch; undefined at the end. */
export function entriesTextAfter(
  read: ReadHandle,
  { position, limit }: { position: number; limit: number },
): EntriesText | undefined {
  return read.one<EntriesText>(selectText, { position, limit });
}

const pageEntries = 500;

/** Every entry from `position` on, read in short pages so that no long read holds the checkpoint back. */
export function* walkEntries(read: ReadHandle, fromPosition = 1): Generator<JournalEntry> {
  let position = fromPosition - 1;
  for (;;) {
    const page = entriesAfter(read, { position, limit: pageEntries });
    if (page.length === 0) return;
    yield* page;
    position = page.at(-1)?.position ?? position;
  }
}
