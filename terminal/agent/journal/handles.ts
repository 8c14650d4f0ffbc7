import type { Database, Statement } from 'better-sqlite3';

/** A value that SQLite stores here: the schema has no blobs and no reals. */
export type SqlValue = string | number | null;
export type SqlParams = Readonly<Record<string, SqlValue>>;

/** Reads only. Queries through it see the last commit and must be short: a long one starves the checkpoint. */
/* oxlint-disable typescript/no-unnecessary-type-parameters -- a query's row type is known to its caller alone */
export interface ReadHandle {
  one<Row>(sql: string, params?: SqlParams): Row | undefined;
  all<Row>(sql: string, params?: SqlParams): readonly Row[];
}
/* oxlint-enable typescript/no-unnecessary-type-parameters */

declare const writes: unique symbol;

/** May change the file. Only the journal holds one; everything else gets a {@link ReadHandle}. */
export interface WriteHandle extends ReadHandle {
  readonly [writes]: true;
  run(sql: string, params?: SqlParams): void;
}

/** How many prepared statements one handle keeps; ours has a fixed set of texts, far below this. */
const statementsMax = 200;

export function createReadHandle(db: Database): ReadHandle {
  const prepare = statementCache(db);
  const handle: { [K in keyof ReadHandle]: (sql: string, params?: SqlParams) => unknown } = {
    one: (sql, params = {}) => prepare(sql).get(params),
    all: (sql, params = {}) => prepare(sql).all(params),
  };
  return handle as ReadHandle;
}

export function createWriteHandle(db: Database): WriteHandle {
  const prepare = statementCache(db);
  const handle = {
    ...createReadHandle(db),
    run: (sql: string, params: SqlParams = {}) => {
      prepare(sql).run(params);
    },
  };
  return handle as unknown as WriteHandle;
}

function statementCache(db: Database): (sql: string) => Statement {
  const statements = new Map<string, Statement>();
  return (sql) => {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= statementsMax) statements.clear();
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
}
