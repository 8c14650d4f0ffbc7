import { Compile } from 'typebox/compile';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import { hlcZero, parseHlc, tickHlc, type Hlc } from '#shared/time/hlc.ts';
import type { Random } from '#shared/time/random.ts';
import {
  entryBodies,
  entryBodyCharsMax,
  type EntryBody,
  type EntryFact,
} from '#shared/wire/v1/entries.ts';
import { genesisHash } from '#shared/wire/v1/journal.ts';
import { entryAt, lastEntry, type JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { entryHash, type ChainFault } from '#terminal/agent/journal/hash-chain.ts';
import { createEntryFate, type Fate, type Travelling } from '#terminal/agent/journal/entry-fate.ts';
import { getMetaNumber, setMeta } from '#terminal/agent/journal/meta.ts';
import { createListeners } from '#terminal/agent/journal/listeners.ts';
import { commitOnce, RefusedInTransaction } from '#terminal/agent/journal/commit.ts';
import { openErrorOf, sqliteCode, type Store } from '#terminal/agent/journal/open-store.ts';
import { createOrderWriter } from '#terminal/agent/journal/order-writer.ts';
import { project, type FactRefused } from '#terminal/agent/journal/projections.ts';
import { readCut } from '#terminal/agent/store/chain-cut.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import type { WitnessedHead } from '#terminal/agent/store/head-witness.ts';
import { forgetEpochEnd, isEpochEnded } from '#terminal/agent/store/replacement.ts';
import { addSetAside } from '#terminal/agent/uplink/set-aside.ts';

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

/** Entries of earlier epochs that could not be read back. */
export type LostRanges = EntryBody<'store.opened'>['lost'];

export interface JournalHead {
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
  readonly position: number;
}

export type AppendError =
  | FactRefused
  /** The disk is full, or refused: nothing was written. */
  | { readonly type: 'store-full' | 'store-failed'; readonly detail: string }
  /** The disk failed and the file cannot be read back: whether this was written is not known until it can. */
  | { readonly type: 'store-halted'; readonly detail: string };

/** The catalogue code that says an append failure to people. */
export const appendErrorCode = (error: AppendError): ErrorCode =>
  error.type === 'fact-refused' ? 'result-not-known' : error.type;

export interface JournalDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly appVersion: string;
}

const epochBytes = 8;
/** How many of the last entries the chain check at start walks over. */
const startCheckEntriesMax = 2_000;

const bodyValidators = Object.fromEntries(
  Object.entries(entryBodies).map(([type, schema]) => [type, Compile(schema)]),
);

/** A group of entries on its way into the file. */
interface Pending extends Travelling {
  readonly after: JournalHead;
  readonly entries: readonly JournalEntry[];
  readonly hlc: Hlc;
}

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

/**
 * The file gave up entries that it had confirmed: it stands in the list of exceptions until a person has dealt with it.
 * What is written from here on stands where lost entries stood, and none of it was acknowledged.
 */
const tellOfLoss =
  ({ clock }: JournalDeps) =>
  (tx: WriteHandle): void => {
    addSetAside(tx, [{ orderId: '', code: 'store-entries-lost', sinceMs: clock.nowMs() }]);
    const begun = lastEntry(tx)?.position ?? 0;
    if (getMetaNumber(tx, 'acked-position') >= begun)
      setMeta(tx, 'acked-position', String(Math.max(0, begun - 1)));
  };

type Alongside = (tx: WriteHandle) => void;
type EpochReason = EntryBody<'store.opened'>['reason'];

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

const nothingPending = (head: JournalHead, hlc: Hlc): Pending => ({
  beforeHash: head.hash,
  afterHash: head.hash,
  after: head,
  entries: [],
  hlc,
});

/** Appends entries, and finds out what became of those whose commit did not return. */
function createEntryWriter(deps: JournalDeps) {
  const { store } = deps;
  const news = createNews();
  const fate = createEntryFate<Pending>({
    ...deps,
    headHash: (read) => readHead(read).hash,
    isSound: (read) => checkTail(read) === undefined,
  });
  let head = readHead(store.read);
  let hlc = readHlc(store.read);
  /** Entries were lost, and the epoch that must follow has not begun: nothing else is written before it. */
  let owesEpoch = false;

  const take = (pending: Pending): readonly JournalEntry[] => {
    head = pending.after;
    hlc = pending.hlc;
    if (pending.entries.length > 0) store.witness.note(head);
    news.tell(pending.entries);
    return pending.entries;
  };

  const judge = (pending: Pending, found: Fate): readonly JournalEntry[] | undefined => {
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
    let pending = nothingPending(head, hlc);
    const outcome = commitOnce(store, () => {
      pending = writeFacts(deps, { facts, head, hlc, startEpoch });
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

/** Writes `facts` as entries after `head`, with what follows from them, inside the open transaction. */
function writeFacts(
  { store, clock }: JournalDeps,
  from: {
    readonly facts: readonly EntryFact[];
    readonly head: JournalHead;
    readonly hlc: Hlc;
    readonly startEpoch: { epoch: string; reason: string } | undefined;
  },
): Pending {
  const entries: JournalEntry[] = [];
  let { hlc } = from;
  let after = from.startEpoch
    ? newEpoch(store.write, { ...from.startEpoch, position: from.head.position })
    : from.head;
  const orders = createOrderWriter(store.write);
  for (const fact of from.facts) {
    const wallMs = clock.nowMs();
    hlc = tickHlc(hlc, wallMs);
    const entry = makeEntry(after, fact, { hlc, wallMs });
    insertEntry(store.write, entry);
    const refused = project({ tx: store.write, orders }, fact, entry);
    if (refused) throw new RefusedInTransaction(refused);
    after = entry;
    entries.push(entry);
  }
  orders.flush();
  return { beforeHash: from.head.hash, afterHash: after.hash, after, entries, hlc };
}

function makeEntry(
  head: JournalHead,
  fact: EntryFact,
  { hlc, wallMs }: { hlc: string; wallMs: number },
): JournalEntry {
  assert(
    bodyValidators[fact.type]?.Check(fact.body) === true,
    () => `entry ${fact.type} does not fit its schema: ${JSON.stringify(fact.body)}`,
  );
  const body = JSON.stringify(fact.body);
  assert(body.length <= entryBodyCharsMax, () => `entry ${fact.type}: ${body.length} characters`);
  const content = { epoch: head.epoch, seq: head.seq + 1, hlc, wallMs, type: fact.type, body };
  return { ...content, position: head.position + 1, hash: entryHash(head.hash, content) };
}

const insertEntry = (tx: WriteHandle, entry: JournalEntry): void =>
  tx.run(
    `INSERT INTO entry (position, epoch_no, seq, hlc, wall_ms, type, body, hash)
     VALUES (?, (SELECT max(epoch_no) FROM epoch), ?, ?, ?, ?, ?, ?)`,
    [entry.position, entry.seq, entry.hlc, entry.wallMs, entry.type, entry.body, entry.hash],
  );

function newEpoch(
  tx: WriteHandle,
  { epoch, reason, position }: { epoch: string; reason: string; position: number },
): JournalHead {
  tx.run(
    `INSERT INTO epoch (epoch_no, epoch, reason, first_position)
     VALUES ((SELECT coalesce(max(epoch_no), 0) + 1 FROM epoch), $epoch, $reason, $firstPosition)`,
    { epoch, reason, firstPosition: position + 1 },
  );
  return { epoch, seq: 0, hash: genesisHash, position };
}

const readHlc = (read: ReadHandle): Hlc => parseHlc(lastEntry(read)?.hlc ?? '') ?? hlcZero;

const readHead = (read: ReadHandle): JournalHead =>
  lastEntry(read) ?? { epoch: '', seq: 0, hash: genesisHash, position: 0 };

/** What the file once stored and does not have any more; undefined: it has everything that anybody knows of. */
function findLostTail(read: ReadHandle, seen: WitnessedHead | undefined): LostRanges | undefined {
  const head = readHead(read);
  const isAckedBeyond = getMetaNumber(read, 'acked-position') > head.position;
  const isPruned = seen !== undefined && seen.position <= (readCut(read)?.position ?? 0);
  const isSeen = seen === undefined || isPruned || entryAt(read, seen.position)?.hash === seen.hash;
  if (isSeen && !isAckedBeyond) return undefined;
  if (seen === undefined) return [];
  const fromSeq = seen.epoch === head.epoch ? head.seq + 1 : 1;
  return fromSeq <= seen.seq ? [{ epoch: seen.epoch, fromSeq, toSeq: seen.seq }] : [];
}

/** Whether the last entries follow from one another: all of the chain is checked beside, every night. */
const checkTail = (read: ReadHandle): ChainFault | undefined =>
  checkChain(read, Math.max(1, readHead(read).position - startCheckEntriesMax)).fault;
