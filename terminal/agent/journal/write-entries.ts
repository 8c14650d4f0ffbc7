import { Compile } from 'typebox/compile';
import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';
import { tickHlc, type Hlc } from '#shared/time/hlc.ts';
import { entryBodies, entryBodyCharsMax, type EntryFact } from '#shared/wire/v1/entries.ts';
import { genesisHash } from '#shared/wire/v1/journal.ts';
import type { JournalEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { WriteHandle } from '#terminal/agent/journal/handles.ts';
import { entryHash } from '#terminal/agent/journal/hash-chain.ts';
import type { Travelling } from '#terminal/agent/journal/entry-fate.ts';
import { RefusedInTransaction } from '#terminal/agent/journal/commit.ts';
import type { Store } from '#terminal/agent/journal/open-store.ts';
import { createOrderWriter } from '#terminal/agent/journal/order-writer.ts';
import { project } from '#terminal/agent/journal/projections.ts';
import type { JournalHead } from '#terminal/agent/journal/journal-head.ts';

const bodyValidators = Object.fromEntries(
  Object.entries(entryBodies).map(([type, schema]) => [type, Compile(schema)]),
);

/** A group of entries on its way into the file. */
export interface EntryGroup extends Travelling {
  readonly after: JournalHead;
  readonly entries: readonly JournalEntry[];
  readonly hlc: Hlc;
}

/** A group without entries: what is written alongside stands alone. */
export const emptyGroup = (head: JournalHead, hlc: Hlc): EntryGroup => ({
  beforeHash: head.hash,
  afterHash: head.hash,
  after: head,
  entries: [],
  hlc,
});

/** Writes `facts` as entries after `head`, with what follows from them, inside the open transaction. */
export function writeEntries(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  from: {
    readonly facts: readonly EntryFact[];
    readonly head: JournalHead;
    readonly hlc: Hlc;
    readonly startEpoch: { epoch: string; reason: string } | undefined;
  },
): EntryGroup {
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
