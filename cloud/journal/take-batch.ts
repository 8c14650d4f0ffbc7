import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { batchEntriesMax, type Batch, type BatchAnswer } from '#shared/wire/v1/journal.ts';
import { parseEntry } from '#shared/wire/v1/parse-entry.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import { raiseAlarms, type Finding } from '#cloud/identity/terminal-alarms.ts';
import {
  appendEntries,
  epochsOfDay,
  epochsPerDayMax,
  quarantineBatch,
  readHead,
  revokedEntries,
  revokedEntriesMax,
  type ParkedEntry,
} from '#cloud/journal/inbox.ts';
import { placeBatch, type StoredHead } from '#cloud/journal/place-batch.ts';
import { isStorable } from '#cloud/journal/storable-text.ts';
import { findChainBreak } from '#cloud/journal/verify-chain.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

export type BatchError =
  | { readonly type: 'journal-chain-broken'; readonly seq: number }
  | { readonly type: 'journal-gap'; readonly expectedSeq: number }
  | { readonly type: 'journal-epoch-closed' | 'journal-fork'; readonly seq: number }
  /** A bound that only a copied or defective terminal meets; nothing was taken. */
  | { readonly type: 'journal-epochs-exceeded' | 'journal-quarantine-full' };

type Deps = Pick<CloudDeps, 'db' | 'clock' | 'metrics' | 'logger'>;

/** Another request of the same terminal may move the head between our look and our append; more is a bug. */
const placementsMax = 4;
/** A batch that came before its predecessor waits for it, some 200 ms in all. */
const gapWaitsMax = 60;
const gapWaitMs = 3;

export interface BatchRequest {
  readonly terminal: TerminalIdentity;
  readonly batch: Batch;
  /** gzip of the JSON text that `batch` was parsed from. */
  readonly packed: Buffer;
}

/**
 * Takes one batch of a terminal's journal into the durable inbox. Judging stops at "is it readable": what it means is
 * the projection's business, after the acknowledgement. Everything of a revoked terminal is parked.
 */
export async function takeBatch(
  deps: Deps,
  request: BatchRequest,
): Promise<Result<BatchAnswer, BatchError>> {
  const { terminal, batch } = request;
  const brokenSeq = findChainBreak(batch);
  if (brokenSeq !== undefined) return err({ type: 'journal-chain-broken', seq: brokenSeq });
  const parked = parkedEntries(batch, terminal.revoked);
  const refused = await checkBounds(deps, request);
  if (refused !== undefined) return err(refused);
  // The usual case is the one that needs no look: the batch follows the head.
  let [fromSeq, prevHash] = [batch.firstSeq, batch.prevHash];
  let waits = 0;
  for (let tries = 0; tries < placementsMax;) {
    const nowMs = deps.clock.nowMs();
    const appended = await appendEntries(deps.db, { ...request, fromSeq, prevHash, parked, nowMs });
    if (appended.moved) {
      if (appended.overlaps) await raiseAlarms(deps, terminal, [overlap(batch)]);
      count(deps, { batch, fromSeq, parked });
      return ok(answer({ batch, fromSeq, parked, head: undefined }));
    }
    const head = await readHead(deps.db, terminal, batch);
    const place = placeBatch(batch, head);
    switch (place.type) {
      case 'append':
        [fromSeq, prevHash] = [place.fromSeq, head.headHash];
        tries += 1;
        break;
      case 'duplicate':
        return ok(answer({ batch, fromSeq: Number.POSITIVE_INFINITY, parked, head }));
      case 'gap':
        if (waits < gapWaitsMax && batch.firstSeq - place.expectedSeq <= batchEntriesMax) {
          // Two batches travel at once and may overtake each other: the one before is about to be taken.
          waits += 1;
          await sleep(gapWaitMs);
          break;
        }
        return err({ type: 'journal-gap', expectedSeq: place.expectedSeq });
      case 'fork':
        return err(await keepAside(deps, request, { ...place, kind: 'fork' }));
      case 'closed':
        return err(await keepAside(deps, request, { ...place, kind: 'epoch-closed' }));
      default:
        return exhaustive(place);
    }
  }
  throw new Error(`no place for a batch of ${terminal.terminalId} in ${placementsMax} tries`);
}

const overlap = (batch: Batch): Finding => ({
  kind: 'clone',
  subject: batch.epoch,
  detail: 'two epochs of this terminal have entries of the same time',
});

/** Bounds on what one identity may fill the inbox with. Looked at only where an honest terminal seldom comes. */
async function checkBounds(deps: Deps, request: BatchRequest): Promise<BatchError | undefined> {
  const { terminal, batch } = request;
  if (terminal.revoked && (await revokedEntries(deps.db, terminal)) >= revokedEntriesMax) {
    return { type: 'journal-quarantine-full' };
  }
  if (batch.firstSeq !== 1) return undefined;
  const { epoch } = batch;
  const others = await epochsOfDay(deps.db, terminal, { epoch, nowMs: deps.clock.nowMs() });
  if (others < epochsPerDayMax) return undefined;
  const detail = `${others} epochs within a day`;
  await raiseAlarms(deps, terminal, [{ kind: 'epochs-exceeded', subject: epoch, detail }]);
  return { type: 'journal-epochs-exceeded' };
}

/** Keeps the evidence of a second history, or of what came after a closed end, and calls people. */
async function keepAside(
  deps: Deps,
  request: BatchRequest,
  { kind, seq }: { readonly kind: 'fork' | 'epoch-closed'; readonly seq: number },
): Promise<BatchError> {
  const { terminal, batch } = request;
  const nowMs = deps.clock.nowMs();
  const isKept = await quarantineBatch(deps.db, { ...request, forkSeq: seq, nowMs });
  if (kind === 'fork') deps.metrics.journalForks.inc();
  const detail =
    kind === 'fork' ? `at seq ${seq}` : `from seq ${batch.firstSeq}, the epoch ended with ${seq}`;
  const found = isKept ? kind : 'quarantine-full';
  await raiseAlarms(deps, terminal, [{ kind: found, subject: batch.epoch, detail }]);
  return isKept ? { type: `journal-${kind}`, seq } : { type: 'journal-quarantine-full' };
}

function parkedEntries(batch: Batch, revoked: boolean): readonly ParkedEntry[] {
  return batch.entries.flatMap((entry) => {
    if (revoked) return [{ seq: entry.seq, code: 'terminal-revoked', detail: '' }];
    if (!isStorable(entry.body)) {
      return [{ seq: entry.seq, code: 'entry-body-invalid', detail: 'NUL or half a character' }];
    }
    const parsed = parseEntry(entry);
    if (parsed.ok) return [];
    const { error } = parsed;
    // The place of the flaw, never the value: a parked reason is shown to people.
    const detail = error.type === 'entry-type-unknown' ? error.entryType : error.path;
    return [{ seq: entry.seq, code: error.type, detail }];
  });
}

function answer(options: {
  readonly batch: Batch;
  readonly fromSeq: number;
  readonly parked: readonly ParkedEntry[];
  readonly head: StoredHead | undefined;
}): BatchAnswer {
  const { batch, fromSeq, head } = options;
  const last = batch.entries.at(-1);
  assert(last !== undefined, () => 'an empty batch');
  const codes = new Map(options.parked.map((entry) => [entry.seq, entry.code]));
  return {
    ackedThrough: head?.headSeq ?? last.seq,
    headHash: head?.headHash ?? last.hash,
    verdicts: batch.entries.map(({ seq }) => {
      const code = codes.get(seq);
      if (code !== undefined) return { seq, verdict: 'parked' as const, code };
      return { seq, verdict: seq < fromSeq ? ('duplicate' as const) : ('accepted' as const) };
    }),
  };
}

function count(
  deps: Pick<Deps, 'metrics'>,
  taken: {
    readonly batch: Batch;
    readonly fromSeq: number;
    readonly parked: readonly ParkedEntry[];
  },
): void {
  const fresh = taken.batch.entries.filter((entry) => entry.seq >= taken.fromSeq).length;
  const parked = taken.parked.filter((entry) => entry.seq >= taken.fromSeq);
  const { metrics } = deps;
  metrics.journalEntries.inc({ verdict: 'duplicate' }, taken.batch.entries.length - fresh);
  metrics.journalEntries.inc({ verdict: 'parked' }, parked.length);
  metrics.journalEntries.inc({ verdict: 'accepted' }, fresh - parked.length);
  for (const entry of parked) metrics.journalParked.inc({ code: entry.code });
}
