import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryBody, EntryFact } from '#shared/wire/v1/entries.ts';
import type { JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { WriteHandle } from '#terminal/agent/journal/handles.ts';
import { createEntryFate, type Fate } from '#terminal/agent/journal/entry-fate.ts';
import { createListeners } from '#terminal/agent/journal/listeners.ts';
import { commitOnce } from '#terminal/agent/journal/commit.ts';
import type { Store } from '#terminal/agent/journal/open-store.ts';
import type { FactRefused } from '#terminal/agent/journal/projections.ts';
import { tellOfLoss, type LostRanges } from '#terminal/agent/journal/lost-tail.ts';
import { checkTail, readHead, readHlc } from '#terminal/agent/journal/journal-head.ts';
import {
  emptyGroup,
  writeEntries,
  type EntryGroup,
} from '#terminal/agent/journal/write-entries.ts';

export type AppendError =
  | FactRefused
  /** The disk is full, or refused: nothing was written. */
  | { readonly type: 'store-full' | 'store-failed'; readonly detail: string }
  /** The disk failed and the file cannot be read back: whether this was written is not known until it can. */
  | { readonly type: 'store-halted'; readonly detail: string };

export interface JournalDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly appVersion: string;
}

const epochBytes = 8;

type Alongside = (tx: WriteHandle) => void;
type EpochReason = EntryBody<'store.opened'>['reason'];

/** Appends entries, and finds out what became of those whose commit did not return. */
export function createEntryWriter(deps: JournalDeps) {
  const { store } = deps;
  const news = createNews();
  const fate = createEntryFate<EntryGroup>({
    ...deps,
    headHash: (read) => readHead(read).hash,
    isSound: (read) => checkTail(read) === undefined,
  });
  let head = readHead(store.read);
  let hlc = readHlc(store.read);
  /** Entries were lost, and the epoch that must follow has not begun: nothing else is written before it. */
  let owesEpoch = false;

  const take = (pending: EntryGroup): readonly JournalEntry[] => {
    head = pending.after;
    hlc = pending.hlc;
    if (pending.entries.length > 0) store.witness.note(head);
    news.tell(pending.entries);
    return pending.entries;
  };

  const judge = (pending: EntryGroup, found: Fate): readonly JournalEntry[] | undefined => {
    if (found === 'stored') return take(pending);
    if (found === 'absent') return undefined;
    // The numbers that were lost are never used again: what follows stands in an epoch of its own.
    head = readHead(store.read);
    hlc = readHlc(store.read);
    owesEpoch = true;
    beginOwed();
    return undefined;
  };

  const append = (
    facts: readonly EntryFact[],
    alongside: Alongside | undefined,
    startEpoch?: { epoch: string; reason: string },
  ): Result<readonly JournalEntry[], AppendError> => {
    const earlier = fate.recover();
    if (!earlier.ok) return earlier;
    if (earlier.value) judge(earlier.value.pending, earlier.value.fate);
    const owed = owesEpoch && !startEpoch ? beginOwed() : ok(undefined);
    if (!owed.ok) return owed;
    let pending = emptyGroup(head, hlc);
    const outcome = commitOnce(store, () => {
      pending = writeEntries(deps, { facts, head, hlc, startEpoch });
      alongside?.(store.write);
    });
    if (outcome.type === 'stored') return ok(take(pending));
    if (outcome.type === 'refused') return err(outcome.refused);
    if (outcome.type === 'not-stored') return err(outcome.error);
    const settled = fate.settle(pending, outcome.detail);
    if (!settled.ok) return settled;
    const found = judge(pending, settled.value);
    return found ? ok(found) : err({ type: 'store-failed', detail: outcome.detail });
  };

  const beginEpoch = (reason: EpochReason, lost: LostRanges = [], alongside?: Alongside) => {
    const { fact, start } = epochStart(deps, { reason, lost });
    const begun = append([fact], alongside, start);
    if (begun.ok) owesEpoch = false;
    return begun;
  };

  const beginOwed = () => beginEpoch('salvaged', [], tellOfLoss(deps));

  return {
    append: (facts: readonly EntryFact[], alongside?: Alongside) => append(facts, alongside),
    beginEpoch,
    tailIsLost: fate.tailIsLost,
    head: () => head,
    trouble: fate.trouble,
    onTrouble: fate.onTrouble,
    onAppended: news.onAppended,
    onStored: news.onStored,
  };
}

/** Who hears of what is in the file now. */
function createNews() {
  const appended = createListeners<readonly JournalEntry[]>();
  const stored = createListeners<void>();
  return {
    tell: (entries: readonly JournalEntry[]): void => {
      if (entries.length > 0) appended.tell(entries);
      stored.tell();
    },
    onAppended: appended.add,
    onStored: stored.add,
  };
}

const epochStart = (
  { appVersion, random }: JournalDeps,
  { reason, lost }: { readonly reason: EpochReason; readonly lost: LostRanges },
) => ({
  fact: {
    type: 'store.opened',
    body: { reason, appVersion, ...(lost === undefined || lost.length === 0 ? {} : { lost }) },
  } as const,
  start: { epoch: Buffer.from(random.bytes(epochBytes)).toString('hex'), reason },
});
