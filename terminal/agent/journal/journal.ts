import { Compile } from 'typebox/compile';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import { hlcZero, parseHlc, tickHlc } from '#shared/time/hlc.ts';
import type { Random } from '#shared/time/random.ts';
import { entryBodies, entryBodyCharsMax, type EntryFact } from '#shared/wire/v1/entries.ts';
import { genesisHash } from '#shared/wire/v1/journal.ts';
import { lastEntry, walkEntries, type JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { entryHash, findChainFault, type ChainFault } from '#terminal/agent/journal/hash-chain.ts';
import { createOrderWriter } from '#terminal/agent/journal/order-writer.ts';
import { sqliteCode, type Store } from '#terminal/agent/journal/open-store.ts';
import {
  project,
  projectionTables,
  type FactRefused,
} from '#terminal/agent/journal/projections.ts';

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
  beginEpoch(reason: 'restored' | 'salvaged'): Result<readonly JournalEntry[], AppendError>;
  /** Calls `listener` after each append that wrote entries. */
  onAppended(listener: (entries: readonly JournalEntry[]) => void): void;
  diskFreeBytes(): number;
  close(): void;
}

export interface JournalHead {
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
  readonly position: number;
}

export type AppendError =
  | FactRefused
  /** The disk is full, or refused: nothing was written. */
  | { readonly type: 'store-full' | 'store-failed'; readonly detail: string };

/** The catalogue code that says an append failure to people. */
export const appendErrorCode = (error: AppendError): ErrorCode =>
  error.type === 'fact-refused' ? 'result-not-known' : error.type;

export interface JournalDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly appVersion: string;
}

class RefusedInTransaction extends Error {
  readonly refused: FactRefused;
  constructor(refused: FactRefused) {
    super(`${refused.fact} refused from ${refused.from}: ${refused.why}`);
    this.refused = refused;
  }
}

const epochBytes = 8;
/** How many of the last entries the chain check at start walks over. */
const startCheckEntriesMax = 2_000;

const bodyValidators = Object.fromEntries(
  Object.entries(entryBodies).map(([type, schema]) => [type, Compile(schema)]),
);

/** Opens the journal of a store: the first entry of a new file is `store.opened`. Errors: a broken chain. */
export function openJournal(deps: JournalDeps): Result<Journal, ChainFault> {
  const { store, clock } = deps;
  const listeners: ((entries: readonly JournalEntry[]) => void)[] = [];
  let head = readHead(store.read);
  let hlc = parseHlc(lastEntry(store.read)?.hlc ?? '') ?? hlcZero;
  const fault = checkTail(store.read, head);
  if (fault) return err(fault);

  const append = (
    facts: readonly EntryFact[],
    alongside: ((tx: WriteHandle) => void) | undefined,
    startEpoch?: { epoch: string; reason: string },
  ): Result<readonly JournalEntry[], AppendError> => {
    let entries: JournalEntry[] = [];
    let nextHead = head;
    let nextClock = hlc;
    const work = (): void => {
      entries = [];
      nextClock = hlc;
      nextHead = startEpoch
        ? newEpoch(store.write, { ...startEpoch, position: head.position })
        : head;
      const orders = createOrderWriter(store.write);
      for (const fact of facts) {
        const wallMs = clock.nowMs();
        nextClock = tickHlc(nextClock, wallMs);
        const entry = makeEntry(nextHead, fact, { hlc: nextClock, wallMs });
        insertEntry(store.write, entry);
        const refused = project({ tx: store.write, orders }, fact, entry);
        if (refused) throw new RefusedInTransaction(refused);
        nextHead = entry;
        entries.push(entry);
      }
      orders.flush();
      alongside?.(store.write);
    };
    const failed = commitWithBallast(store, work);
    if (failed) return err(failed);
    head = nextHead;
    hlc = nextClock;
    if (entries.length > 0) for (const listener of listeners) listener(entries);
    return ok(entries);
  };

  const beginEpoch = (reason: 'created' | 'restored' | 'salvaged') =>
    append([{ type: 'store.opened', body: { reason, appVersion: deps.appVersion } }], undefined, {
      epoch: Buffer.from(deps.random.bytes(epochBytes)).toString('hex'),
      reason,
    });

  if (head.position === 0) {
    const created = beginEpoch('created');
    assert(created.ok, () => 'a new journal takes its first entry');
  }
  return ok({
    read: store.read,
    append: (facts, alongside) => append(facts, alongside),
    head: () => head,
    beginEpoch,
    onAppended: (listener) => {
      listeners.push(listener);
    },
    diskFreeBytes: () => store.diskFreeBytes(),
    close: () => store.close(),
  });
}

/** Runs `work` in one transaction. On a full disk once more, with what the ballast had kept free. */
function commitWithBallast(store: Store, work: () => void): AppendError | undefined {
  const failed = commit(store, work);
  if (failed?.type !== 'store-full') return failed;
  store.dropBallast();
  return commit(store, work);
}

function commit(store: Store, work: () => void): AppendError | undefined {
  try {
    store.transact(work);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedInTransaction) return error.refused;
    const code = sqliteCode(error);
    if (code === undefined) throw error;
    const detail = `${code}: ${error instanceof Error ? error.message : ''}`;
    return { type: code === 'SQLITE_FULL' ? 'store-full' : 'store-failed', detail };
  }
}

/** Throws the projections away and folds all entries again. Answers the first refused fact, which is a defect. */
export function rebuildProjections(store: Store): FactRefused | undefined {
  try {
    store.transact(() => {
      for (const table of projectionTables.toReversed()) store.write.run(`DELETE FROM ${table}`);
      const orders = createOrderWriter(store.write);
      for (const entry of walkEntries(store.write)) {
        const fact = { type: entry.type, body: JSON.parse(entry.body) as unknown } as EntryFact;
        const refused = project({ tx: store.write, orders }, fact, entry);
        if (refused) throw new RefusedInTransaction(refused);
        orders.flush();
      }
    });
    return undefined;
  } catch (error) {
    if (error instanceof RefusedInTransaction) return error.refused;
    throw error;
  }
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
     VALUES ($position, (SELECT max(epoch_no) FROM epoch), $seq, $hlc, $wallMs, $type, $body, $hash)`,
    {
      position: entry.position,
      seq: entry.seq,
      hlc: entry.hlc,
      wallMs: entry.wallMs,
      type: entry.type,
      body: entry.body,
      hash: entry.hash,
    },
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

const readHead = (read: ReadHandle): JournalHead =>
  lastEntry(read) ?? { epoch: '', seq: 0, hash: genesisHash, position: 0 };

function checkTail(read: ReadHandle, head: JournalHead): ChainFault | undefined {
  const from = Math.max(1, head.position - startCheckEntriesMax);
  const [before] = walkEntries(read, from);
  if (!before) return undefined;
  return before.seq === 1
    ? findChainFault(walkEntries(read, from))
    : findChainFault(walkEntries(read, from + 1), before);
}
