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
