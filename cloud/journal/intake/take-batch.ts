import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { batchEntriesMax, type Batch, type BatchAnswer } from '#shared/wire/v1/journal.ts';
import { parseEntry } from '#shared/wire/v1/parse-entry.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import { raiseAlarms, type Finding } from '#cloud/identity/terminal-alarms.ts';
import { appendEntries, readHead, type ParkedEntry } from '#cloud/journal/intake/inbox.ts';
import { checkBounds, type BoundExceeded } from '#cloud/journal/intake/intake-bounds.ts';
import { quarantine, type QuarantineError } from '#cloud/journal/intake/quarantine.ts';
import { placeBatch, type StoredHead } from '#cloud/journal/intake/place-batch.ts';
import { isStorable } from '#cloud/journal/intake/storable-text.ts';
import { findChainBreak } from '#cloud/journal/intake/verify-chain.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

export type BatchError =
  | { readonly type: 'journal-chain-broken'; readonly seq: number }
  | { readonly type: 'journal-gap'; readonly expectedSeq: number }
  | QuarantineError
  | BoundExceeded;

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
  const parked = entriesToPark(batch, terminal.revoked);
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
      countVerdicts(deps, { batch, fromSeq, parked });
      return ok(batchAnswer({ batch, fromSeq, parked, head: undefined }));
    }
    const head = await readHead(deps.db, terminal, batch);
    const place = placeBatch(batch, head);
    switch (place.type) {
      case 'append':
        [fromSeq, prevHash] = [place.fromSeq, head.headHash];
        tries += 1;
        break;
      case 'duplicate':
        return ok(batchAnswer({ batch, fromSeq: Number.POSITIVE_INFINITY, parked, head }));
      case 'gap':
        if (waits < gapWaitsMax && batch.firstSeq - place.expectedSeq <= batchEntriesMax) {
          // Two batches travel at once and may overtake each other: the one before is about to be taken.
          waits += 1;
          await sleep(gapWaitMs);
          break;
        }
        return err({ type: 'journal-gap', expectedSeq: place.expectedSeq });
      case 'fork':
        return err(await quarantine(deps, request, { ...place, kind: 'fork' }));
      case 'closed':
        return err(await quarantine(deps, request, { ...place, kind: 'epoch-closed' }));
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

function entriesToPark(batch: Batch, revoked: boolean): readonly ParkedEntry[] {
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

function batchAnswer(options: {
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

function countVerdicts(
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
