import Database from 'better-sqlite3';
import type { SqlParams } from '#terminal/agent/journal/handles.ts';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import type { ChainCut } from '#terminal/agent/store/chain-cut.ts';

/** What could be read out of one file, whole or damaged. */
export interface RecoveredFile {
  readonly epochs: readonly RecoveredEpoch[];
  /** Small values beside the journal. */
  readonly meta: ReadonlyMap<string, string>;
  readonly cut: ChainCut | undefined;
  /** Rows of the tables that do not follow from entries, by table. */
  readonly sideRows: ReadonlyMap<SideTable, readonly SqlParams[]>;
  /** Places that could not be read. */
  readonly unreadable: readonly string[];
}

export interface RecoveredEpoch {
  readonly epoch: string;
  readonly reason: string;
  readonly firstPosition: number;
  readonly entries: ReadonlyMap<number, WireEntry>;
  /** The last number in it, whether or not it could be read; 0 when the file does not tell. */
  readonly lastSeq: number;
  /** Positions count over all epochs; an acknowledged position is one of these. */
  readonly seqOfPosition: ReadonlyMap<number, number>;
}

export const sideTables = [
  'carried',
  'owner',
  'pruned_promises',
  'pruned_refunds',
  'pruned_sums',
  'refused_orders',
] as const;
export type SideTable = (typeof sideTables)[number];

interface EpochRow {
  readonly epochNo: number;
  readonly epoch: string;
  readonly reason: string;
  readonly firstPosition: number;
}

/** Read in one go; where that fails, row by row. */
const pageRows = 500;
/** Shorter than any row of ours: bounds the positions to try where the file cannot tell its last one. */
const rowBytesMin = 60;

interface EntryRow extends WireEntry {
  readonly position: number;
  readonly epochNo: number;
}

/**
 * Reads everything that can be read. The file is opened for writing where its log has to be taken in: give it a copy.
 * A file that is no database at all gives nothing, and says so.
 */
export function recoverFile(path: string): RecoveredFile {
  const unreadable: string[] = [];
  let db: Database.Database;
  try {
    db = new Database(path, { fileMustExist: true });
    db.pragma('trusted_schema = OFF');
    db.pragma('schema_version');
  } catch (error) {
    return { ...nothing, unreadable: [`file: ${wordsOf(error)}`] };
  }
  try {
    const tryAll = (what: string, sql: string): readonly unknown[] => {
      try {
        return db.prepare(sql).all();
      } catch (error) {
        unreadable.push(`${what}: ${wordsOf(error)}`);
        return [];
      }
    };
    const { rows, lastPosition } = readEntries(db, unreadable);
    const epochRows = tryAll(
      'epoch',
      'SELECT epoch_no AS epochNo, epoch, reason, first_position AS firstPosition FROM epoch',
    ) as readonly EpochRow[];
    const has = new Set(
      (tryAll('schema', 'SELECT name FROM sqlite_schema') as readonly { name: string }[]).map(
        ({ name }) => name,
      ),
    );
    const sideRows = sideTables.map((table): [SideTable, readonly SqlParams[]] => [
      table,
      has.has(table) ? (tryAll(table, `SELECT * FROM ${table}`) as readonly SqlParams[]) : [],
    ]);
    const meta = tryAll('meta', 'SELECT key, value FROM meta') as readonly {
      key: string;
      value: string;
    }[];
    const [cut] = has.has('chain_cut')
      ? (tryAll(
          'chain_cut',
          'SELECT position, epoch, seq, hash FROM chain_cut',
        ) as readonly ChainCut[])
      : [];
    return {
      epochs: epochRows
        .toSorted((a, b) => a.epochNo - b.epochNo)
        .map((row, index, all) => ({
          ...row,
          ...entriesOf(rows, row.epochNo),
          lastSeq: (all[index + 1]?.firstPosition ?? (lastPosition ?? 0) + 1) - row.firstPosition,
        })),
      meta: new Map(meta.map(({ key, value }) => [key, value])),
      cut,
      sideRows: new Map(sideRows),
      unreadable,
    };
  } finally {
    db.close();
  }
}

const nothing: RecoveredFile = {
  epochs: [],
  meta: new Map(),
  cut: undefined,
  sideRows: new Map(),
  unreadable: [],
};

function entriesOf(rows: readonly EntryRow[], epochNo: number) {
  const entries = new Map<number, WireEntry>();
  const seqOfPosition = new Map<number, number>();
  for (const { position, epochNo: of, ...entry } of rows) {
    if (of !== epochNo) continue;
    entries.set(entry.seq, entry);
    seqOfPosition.set(position, entry.seq);
  }
  return { entries, seqOfPosition };
}

const columns = 'position, epoch_no AS epochNo, seq, hlc, wall_ms AS wallMs, type, body, hash';

/** Every entry that can be read, and the last position when the file can tell it. */
function readEntries(
  db: Database.Database,
  unreadable: string[],
): { readonly rows: readonly EntryRow[]; readonly lastPosition: number | undefined } {
  const found: EntryRow[] = [];
  const lastPosition = lastPositionOf(db);
  const end = lastPosition ?? Math.ceil(fileBytes(db) / rowBytesMin);
  for (let from = 0; from < end; from += pageRows) {
    try {
      const page = db
        .prepare(
          `SELECT ${columns} FROM entry WHERE position > ? AND position <= ? ORDER BY position`,
        )
        .all(from, from + pageRows) as EntryRow[];
      found.push(...page);
    } catch {
      found.push(...rowByRow(db, from, unreadable));
    }
  }
  return { rows: found, lastPosition };
}

function lastPositionOf(db: Database.Database): number | undefined {
  try {
    const row = db.prepare('SELECT max(position) AS last FROM entry').get();
    return (row as { last: number | null }).last ?? 0;
  } catch {
    return undefined;
  }
}

function rowByRow(db: Database.Database, from: number, unreadable: string[]): readonly EntryRow[] {
  const found: EntryRow[] = [];
  for (let position = from + 1; position <= from + pageRows; position += 1) {
    try {
      const row = db.prepare(`SELECT ${columns} FROM entry WHERE position = ?`).get(position);
      if (row !== undefined) found.push(row as EntryRow);
    } catch (error) {
      if (unreadable.length < unreadableMax)
        unreadable.push(`entry at position ${position}: ${wordsOf(error)}`);
    }
  }
  return found;
}

/** The most places that a report names; what is lost is counted by its numbers, not here. */
const unreadableMax = 1_000;

function fileBytes(db: Database.Database): number {
  try {
    return (
      Number(db.pragma('page_count', { simple: true })) *
      Number(db.pragma('page_size', { simple: true }))
    );
  } catch {
    return 0;
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
