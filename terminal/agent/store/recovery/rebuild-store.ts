import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { lostRangesMax, type EntryFact } from '#shared/wire/v1/entries.ts';
import { parseEntry } from '#shared/wire/v1/parse-entry.ts';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import type { SqlParams, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { setMeta, type MetaKey } from '#terminal/agent/journal/meta.ts';
import { openStore, type Store } from '#terminal/agent/journal/open-store.ts';
import { createOrderWriter } from '#terminal/agent/journal/order-writer.ts';
import { project } from '#terminal/agent/journal/projections.ts';
import { loadCarried } from '#terminal/agent/store/carried-rows.ts';
import { checkChain } from '#terminal/agent/store/check-chain.ts';
import { writeCut, type ChainCut } from '#terminal/agent/store/chain-cut.ts';
import type { SideTable } from '#terminal/agent/store/recovery/recovered-file.ts';
import type { MergedEpoch } from '#terminal/agent/store/recovery/merge-epoch.ts';
import { replacementFolderName } from '#terminal/agent/store/replacement.ts';
import { addSetAside } from '#terminal/agent/uplink/set-aside.ts';

/** Everything that a new file is made of. */
export interface History {
  readonly reason: 'restored' | 'salvaged';
  readonly epochs: readonly (MergedEpoch & {
    readonly epoch: string;
    readonly reason: string;
    /** Where it began in the old file; what lies before the cut keeps its place. */
    readonly firstPosition: number;
    /** The last number that the cloud has. */
    readonly ackedSeq: number;
  })[];
  readonly cut: ChainCut | undefined;
  readonly meta: ReadonlyMap<string, string>;
  readonly sideRows: ReadonlyMap<SideTable, readonly SqlParams[]>;
  /** Exceptions to show when the till starts. */
  readonly exceptions: readonly ('store-entries-lost' | 'store-restored-alone')[];
}

export interface Rebuilt {
  readonly entriesCount: number;
  /** Entries after a gap that were written again under the new epoch. */
  readonly writtenAgainCount: number;
  /** Entries after a gap whose order could not take them any more. */
  readonly refused: readonly string[];
  readonly epoch: string;
}

/**
 * Makes a whole new file of a history in the replacement folder of `dataDir`, by the journal's own code: old entries as
 * they were, projections folded from them, then a new epoch, then what lies after a gap as new entries with their old
 * times. Errors: what the new file refuses; the old one is not touched.
 */
export function rebuildStore(
  history: History,
  deps: {
    readonly dataDir: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly appVersion: string;
  },
): Result<Rebuilt, { readonly detail: string }> {
  const folder = join(deps.dataDir, replacementFolderName);
  rmSync(folder, { recursive: true, force: true });
  const opened = openStore(folder);
  if (!opened.ok) return err({ detail: `${opened.error.code}: ${opened.error.detail}` });
  const store = opened.value;
  try {
    store.transact(() => writeHistory(store.write, history));
    // Entries after a gap keep the time at which they happened.
    let nowMs = deps.clock.nowMs();
    const clock: Clock = { ...deps.clock, nowMs: () => nowMs };
    const journal = openJournal({ store, ...deps, clock });
    if (!journal.ok) return err({ detail: `${journal.error.code}: ${journal.error.detail}` });
    const lost = history.epochs.flatMap(({ epoch, lost: ranges }) =>
      ranges.map((range) => ({ epoch, ...range })),
    );
    if (history.epochs.length > 0) {
      const begun = journal.value.beginEpoch(history.reason, lost.slice(0, lostRangesMax));
      if (!begun.ok) return err({ detail: 'the new epoch was refused' });
    }
    const sinceMs = nowMs;
    const again = writeAgain(journal.value, history, (wallMs) => (nowMs = wallMs));
    journal.value.append([], (tx) => {
      addSetAside(
        tx,
        history.exceptions.map((code) => ({ orderId: '', code, sinceMs })),
      );
    });
    return finished(store, journal.value, again);
  } finally {
    store.close();
  }
}

function finished(
  store: Store,
  journal: Journal,
  again: Pick<Rebuilt, 'writtenAgainCount' | 'refused'>,
): Result<Rebuilt, { readonly detail: string }> {
  const { fault, entriesCount } = checkChain(store.read);
  const damage = store.write.one<{ integrity_check: string }>('PRAGMA integrity_check(1)');
  if (fault || damage?.integrity_check !== 'ok')
    return err({ detail: `the new file is not whole: ${JSON.stringify(fault ?? damage)}` });
  return ok({ ...again, entriesCount, epoch: journal.head().epoch });
}

function writeHistory(tx: WriteHandle, history: History): void {
  for (const [key, value] of history.meta)
    if (!ownKeys.has(key)) setMeta(tx, key as MetaKey, value);
  for (const [table, rows] of history.sideRows) for (const row of rows) insertRow(tx, table, row);
  if (history.cut) writeCut(tx, history.cut);
  loadCarried(tx, tx);
  const orders = createOrderWriter(tx);
  let position = history.cut?.position ?? 0;
  let ackedPosition = position;
  let isAcked = true;
  for (const [index, part] of history.epochs.entries()) {
    const epochNo = index + 1;
    const isBeforeCut = part.firstPosition <= (history.cut?.position ?? 0);
    tx.run(
      `INSERT INTO epoch (epoch_no, epoch, reason, first_position)
       VALUES ($epochNo, $epoch, $reason, $firstPosition)`,
      {
        epochNo,
        epoch: part.epoch,
        reason: part.reason,
        firstPosition: isBeforeCut ? part.firstPosition : position + 1,
      },
    );
    for (const entry of part.chain) {
      position += 1;
      writeEntry(tx, { entry, position, epochNo });
      project({ tx, orders }, factOf(entry), { ...entry, position });
      orders.flush();
      if (isAcked && entry.seq <= part.ackedSeq) ackedPosition = position;
    }
    isAcked &&= (part.chain.at(-1)?.seq ?? 0) <= part.ackedSeq;
  }
  setMeta(tx, 'acked-position', String(ackedPosition));
}

/** Values that the new file finds out by itself. */
const ownKeys: ReadonlySet<string> = new Set([
  'acked-position',
  'schema-readable-from',
  'store-keeping',
]);

const factOf = (entry: WireEntry): EntryFact =>
  ({ type: entry.type, body: JSON.parse(entry.body) as unknown }) as EntryFact;

const writeEntry = (
  tx: WriteHandle,
  { entry, position, epochNo }: { entry: WireEntry; position: number; epochNo: number },
): void =>
  tx.run(
    `INSERT INTO entry (position, epoch_no, seq, hlc, wall_ms, type, body, hash)
     VALUES ($position, $epochNo, $seq, $hlc, $wallMs, $type, $body, $hash)`,
    { position, epochNo, ...entry },
  );

function insertRow(tx: WriteHandle, table: SideTable, row: SqlParams): void {
  const known = tx.all<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`);
  const columns = known.map(({ name }) => name).filter((name) => Object.hasOwn(row, name));
  tx.run(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')})
     VALUES (${columns.map((column) => `$${column}`).join(', ')})`,
    Object.fromEntries(columns.map((column) => [column, row[column] ?? null])),
  );
}

/** Entries after a gap, under the new epoch: what they say of orders; papers of then are not printed again. */
function writeAgain(
  journal: Journal,
  history: History,
  setTime: (wallMs: number) => void,
): Pick<Rebuilt, 'writtenAgainCount' | 'refused'> {
  const refused: string[] = [];
  let writtenAgainCount = 0;
  for (const { epoch, left } of history.epochs) {
    for (const entry of left) {
      const parsed = parseEntry(entry);
      const isOfAnOrder = entry.body.includes('"orderId"') && !entry.type.startsWith('print.');
      if (parsed.ok && !isOfAnOrder) continue;
      setTime(entry.wallMs);
      const kept = parsed.ok && journal.append([factOf(entry)]);
      if (kept && kept.ok) writtenAgainCount += 1;
      else refused.push(`${epoch} ${entry.seq} ${entry.type} ${entry.body}`);
    }
  }
  return { writtenAgainCount, refused };
}
