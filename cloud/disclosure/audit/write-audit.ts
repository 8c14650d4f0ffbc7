import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import {
  auditTables,
  type AuditSpan,
  type AuditTable,
} from '#cloud/disclosure/audit/audit-tables.ts';
import {
  csvLine,
  csvRow,
  jsonEnd,
  jsonRow,
  jsonStart,
  type AuditRow,
} from '#cloud/disclosure/audit/audit-text.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

/** Where the text of one file goes; a sink that is full lets the reading wait. */
export interface Sink {
  write(text: string): Promise<void>;
}

export interface ManifestFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
}

/** Says which files belong together. It knows no clock: the same state gives the same bytes. */
export interface Manifest {
  readonly format: 'greentill/audit/1';
  readonly operatorId: string;
  readonly from: string;
  readonly to: string;
  readonly files: Readonly<Record<string, ManifestFile>>;
}

export type FileKind = 'csv' | 'json';
export const fileKinds: readonly FileKind[] = ['csv', 'json'];
export const fileName = (table: string, kind: FileKind): string => `${table}.${kind}`;
export const manifestName = 'manifest.json';

/** Rows in memory at a time. */
export const rowsPerFetch = 1_000;

/** Reads all in one moment, so that the files fit each other. */
export const inOneMoment = <T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> =>
  db.transaction(work, { isolationLevel: 'repeatable read', accessMode: 'read only' });

/** Writes every table, twice, row by row; `sinkOf` opens a file. Answers the manifest. */
export async function writeAudit(
  tx: Tx,
  span: AuditSpan,
  sinkOf: (name: string) => Promise<Sink & { close(): Promise<void> }>,
): Promise<Manifest> {
  const files: Record<string, ManifestFile> = {};
  for (const table of auditTables) {
    const csv = await sinkOf(fileName(table.name, 'csv'));
    const json = await sinkOf(fileName(table.name, 'json'));
    try {
      const written = await writeTable(tx, { table, span, sinks: { csv, json } });
      for (const kind of fileKinds) files[fileName(table.name, kind)] = written[kind];
    } finally {
      await csv.close();
      await json.close();
    }
  }
  const { operatorId, from, to } = span;
  return { format: 'greentill/audit/1', operatorId, from, to, files };
}

export const manifestText = (manifest: Manifest): string =>
  `${JSON.stringify(manifest, undefined, 2)}\n`;

/** Goes through a table once with a cursor and writes the forms that have a sink. */
export async function writeTable(
  tx: Tx,
  job: {
    readonly table: AuditTable;
    readonly span: AuditSpan;
    readonly sinks: Readonly<Partial<Record<FileKind, Sink>>>;
  },
): Promise<Readonly<Record<FileKind, ManifestFile>>> {
  const { columns } = job.table;
  const [csv, json] = [measured(job.sinks.csv), measured(job.sinks.json)];
  let rows = 0;
  await csv.write(csvLine(columns));
  await json.write(jsonStart);
  await eachBatch(tx, job, async (batch) => {
    await csv.write(batch.map((row) => csvRow(columns, row)).join(''));
    await json.write(batch.map((row, index) => jsonRow(row, rows + index)).join(''));
    rows += batch.length;
  });
  await json.write(jsonEnd);
  return { csv: csv.end(rows), json: json.end(rows) };
}

async function eachBatch(
  tx: Tx,
  { table, span }: { readonly table: AuditTable; readonly span: AuditSpan },
  work: (rows: readonly AuditRow[]) => Promise<void>,
): Promise<void> {
  await tx.execute(sql`declare audit no scroll cursor for ${table.query(span)}`);
  for (;;) {
    const { rows } = await tx.execute<AuditRow>(
      sql`fetch ${sql.raw(String(rowsPerFetch))} from audit`,
    );
    if (rows.length === 0) break;
    await work(rows);
  }
  await tx.execute(sql`close audit`);
}

function measured(sink: Sink | undefined) {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    write: async (text: string) => {
      hash.update(text);
      bytes += Buffer.byteLength(text);
      await sink?.write(text);
    },
    end: (rows: number): ManifestFile => ({ sha256: hash.digest('hex'), bytes, rows }),
  };
}
