import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { openErrorOf, sqliteCode } from '#terminal/agent/journal/open-store.ts';
import { forgetEpochEnd, isEpochEnded } from '#terminal/agent/store/replacement.ts';
import {
  createEntryWriter,
  type AppendError,
  type JournalDeps,
} from '#terminal/agent/journal/entry-writer.ts';
import { findLostTail, tellOfLoss, type LostRanges } from '#terminal/agent/journal/lost-tail.ts';
import { checkTail, type JournalHead } from '#terminal/agent/journal/journal-head.ts';

/**
 * The one journal of the till: everything that matters at the counter is an entry here, durable before any effect.
 * Orders, spool and offline usage are projections of it, updated in the same transaction.
 */
export interface Journal {
  readonly read: ReadHandle;
  /**
   * Appends `facts` in one transaction and returns when they are on the disk: all of them or none. `alongside` writes
   * what belongs to the same moment and is no entry (cursors, acknowledgements); it may stand alone with no facts.
   */
  append(
    facts: readonly EntryFact[],
    alongside?: (tx: WriteHandle) => void,
  ): Result<readonly JournalEntry[], AppendError>;
  /** Where the journal stands. */
  head(): JournalHead;
  /** Starts a new epoch: sequence numbers begin again at 1 under a fresh random name. */
  beginEpoch(
    reason: 'restored' | 'salvaged',
    lost?: LostRanges,
  ): Result<readonly JournalEntry[], AppendError>;
  /** What is wrong with the file while the till runs; undefined: nothing. */
  trouble(): ErrorCode | undefined;
  /** Calls `listener` whenever {@link trouble} has changed. */
  onTrouble(listener: (code: ErrorCode | undefined) => void): void;
  /** Calls `listener` after each append that wrote entries, and when an uncertain one turns out to be stored. */
  onAppended(listener: (entries: readonly JournalEntry[]) => void): void;
  /** Calls `listener` after each append, one without entries too: an acknowledgement, a row of the exceptions. */
  onStored(listener: () => void): void;
  diskFreeBytes(): number;
  /** Makes the ballast again, when the disk has room again. */
  makeBallast(): void;
  close(): void;
}

/** The catalogue code that says an append failure to people. */
export const appendErrorCode = (error: AppendError): ErrorCode =>
  error.type === 'fact-refused' ? 'result-not-known' : error.type;

export type OpenJournalError =
  /** The chain is broken, or a page cannot be read. */
  | { readonly code: 'store-corrupt'; readonly detail: string }
  /** A journal that is new, or shorter than it was, needs an entry before it can be used, and the disk refused it. */
  | { readonly code: 'store-full' | 'store-not-begun'; readonly detail: string }
  /** The disk refused to be read. */
  | { readonly code: 'store-failed'; readonly detail: string };

/**
 * Opens the journal of a store: the first entry of a new file is `store.opened`. A journal that
 * ends before what it once stored goes on in an epoch of its own, and says `store-entries-lost`;
 * one whose epochs a recovery ended that was not finished does so too. The store stays open when
 * this answers an error.
 */
export function openJournal(deps: JournalDeps): Result<Journal, OpenJournalError> {
  const { store } = deps;
  let writer: ReturnType<typeof createEntryWriter>;
  try {
    const fault = checkTail(store.read);
    if (fault) return err({ code: 'store-corrupt', detail: `${fault.type} at entry ${fault.seq}` });
    writer = createEntryWriter(deps);
    const lost = findLostTail(store.read, store.witness.seen);
    if (lost) writer.tailIsLost();
    const isEnded = isEpochEnded(store.dataDir);
    const begun = lost
      ? writer.beginEpoch('salvaged', lost, tellOfLoss(deps))
      : writer.head().position === 0
        ? writer.beginEpoch('created')
        : isEnded
          ? writer.beginEpoch('salvaged')
          : ok([]);
    if (!begun.ok) return err(notBegun(begun.error));
    if (isEnded) forgetEpochEnd(store.dataDir);
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
    return err(openErrorOf(error));
  }
  return ok({
    read: store.read,
    append: (facts, alongside) => writer.append(facts, alongside),
    head: writer.head,
    beginEpoch: (reason, lostRanges) => writer.beginEpoch(reason, lostRanges),
    trouble: writer.trouble,
    onTrouble: writer.onTrouble,
    onAppended: writer.onAppended,
    onStored: writer.onStored,
    diskFreeBytes: () => store.diskFreeBytes(),
    makeBallast: () => store.makeBallast(),
    close: () => store.close(),
  });
}

/**
 * Whatever became of the entry that the journal needed first, nothing was sold; the next start
 * reads what the disk has.
 */
const notBegun = ({ type, ...error }: AppendError): OpenJournalError => ({
  code: type === 'store-full' ? type : 'store-not-begun',
  detail: 'detail' in error ? error.detail : type,
});
