import type { ReadHandle, SqlParams, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { projectionTables } from '#terminal/agent/journal/projections.ts';

/**
 * Rows of the projections as they stood at the cut. Where entries were pruned, the projections follow from these rows
 * and from the entries that are left.
 */
export type Projection = (typeof projectionTables)[number];

/** The first column of each projection is its key. */
const keyOf: Readonly<Record<Projection, string>> = {
  orders: 'order_id',
  print_jobs: 'job_id',
  offline_usage: 'order_id',
  resolved: 'row_key',
  no_sales: 'job_id',
};

export interface CarriedRow {
  readonly projection: Projection;
  readonly key: string;
  readonly content: SqlParams;
}

/** Puts the carried rows of `from` into the projections of `to`. */
export function loadCarried(from: ReadHandle, to: WriteHandle): void {
  for (const projection of projectionTables) {
    const rows = from.all<{ content: string }>(
      'SELECT content FROM carried WHERE projection = $projection ORDER BY row_key',
      { projection },
    );
    for (const row of rows) insertRow(to, projection, JSON.parse(row.content) as SqlParams);
  }
}

/** The rows that stand in the projections of `read` now. */
export const projectionRows = (read: ReadHandle): readonly CarriedRow[] =>
  projectionTables.flatMap((projection) =>
    read
      .all<SqlParams>(`SELECT * FROM ${projection}`)
      .map((content) => ({ projection, key: String(content[keyOf[projection]]), content })),
  );

/** Makes `rows` all that is carried. */
export function replaceCarried(tx: WriteHandle, rows: readonly CarriedRow[]): void {
  tx.run('DELETE FROM carried');
  for (const { projection, key, content } of rows)
    tx.run(
      'INSERT INTO carried (projection, row_key, content) VALUES ($projection, $key, $content)',
      { projection, key, content: JSON.stringify(content) },
    );
}

/** Takes a row out of the projections. */
export const deleteProjectionRow = (tx: WriteHandle, { projection, key }: CarriedRow): void =>
  tx.run(`DELETE FROM ${projection} WHERE ${keyOf[projection]} = $key`, { key });

function insertRow(tx: WriteHandle, projection: Projection, row: SqlParams): void {
  // A newer version may have carried columns that this one does not have.
  const known = tx.all<{ name: string }>(`SELECT name FROM pragma_table_info('${projection}')`);
  const columns = known.map(({ name }) => name).filter((name) => Object.hasOwn(row, name));
  tx.run(
    `INSERT INTO ${projection} (${columns.join(', ')})
     VALUES (${columns.map((column) => `$${column}`).join(', ')})`,
    Object.fromEntries(columns.map((column) => [column, row[column] ?? null])),
  );
}
