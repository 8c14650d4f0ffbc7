import type { Database } from 'better-sqlite3';

/**
 * The schema's number is `user_version`. Steps only add, so that the version before can still read and write the file:
 * after an update that goes wrong the shop starts the old program and sells on. Each update writes down what the program
 * before it knew, however many steps it brings itself: that one may still open the file, an older one may not.
 */
const readableFromKey = 'schema-readable-from';

export const schemaOf = (db: Database): number =>
  Number(db.pragma('user_version', { simple: true }));

export type SchemaVerdict =
  | { readonly type: 'current' }
  /** Steps have to run. `from` 0 is a new file. */
  | { readonly type: 'older'; readonly from: number }
  /** One update newer and marked readable: it is used as it is. */
  | { readonly type: 'newer-readable' }
  | { readonly type: 'too-new'; readonly detail: string };

/** Whether a program that knows `known` steps may open this file. */
export function judgeSchema(db: Database, known: number): SchemaVerdict {
  const version = schemaOf(db);
  if (version === known) return { type: 'current' };
  if (version < known) return { type: 'older', from: version };
  const readableFrom = readMark(db);
  if (readableFrom !== undefined && readableFrom <= known) return { type: 'newer-readable' };
  const oldest = readableFrom ?? version;
  return {
    type: 'too-new',
    detail: `the journal has schema ${version}; this program knows ${known}, the oldest that may open it knows ${oldest}`,
  };
}

/**
 * Runs the steps after `from` in one transaction with their number and the mark. A stop between two steps would
 * otherwise leave a file that looks as if a program of the first had been here, and shuts out the one that was.
 */
export function migrate(db: Database, steps: readonly string[], from: number): void {
  // Of a new file nobody knows which program was before: the one with a step less may open it.
  const readableFrom = from === 0 ? steps.length - 1 : from;
  db.transaction(() => {
    for (const sql of steps.slice(from)) db.exec(sql);
    db.pragma(`user_version = ${steps.length}`);
    db.prepare(
      `INSERT INTO meta (key, value) VALUES (?, ?)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    ).run(readableFromKey, String(readableFrom));
  }).immediate();
}

function readMark(db: Database): number | undefined {
  const row = db.prepare('SELECT value FROM meta WHERE key = ?').get(readableFromKey) as
    { readonly value: string } | undefined;
  const mark = Number(row?.value ?? 'none');
  return Number.isInteger(mark) ? mark : undefined;
}

/** What a step may do. A table, a column or an index that is new hurts nobody; an index may go. */
const additive =
  /^(CREATE TABLE|CREATE (UNIQUE )?INDEX|DROP INDEX|ALTER TABLE \w+ ADD COLUMN (?!.*\bNOT NULL\b(?!.*\bDEFAULT\b)))/is;

/**
 * A table made anew under its own name, which is how SQLite widens a CHECK (https://sqlite.org/lang_altertable.html,
 * section 7). That every column is still there is for a test with a file to see.
 */
const madeAnew =
  /INSERT INTO (\w+)_anew\s+SELECT [^;]+ FROM \1;\s*DROP TABLE \1;\s*ALTER TABLE \1_anew RENAME TO \1;/gis;

/** Statements of a step that the version before could not live with. Pure; a test runs it over every step. */
export const breakingStatements = (step: string): readonly string[] =>
  step
    .replaceAll(/--[^\n]*/g, '')
    .replaceAll(madeAnew, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '' && !additive.test(statement));
