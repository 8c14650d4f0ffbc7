import type { Database, Statement } from 'better-sqlite3';

/** A value that SQLite stores here: the schema has no blobs and no reals. */
export type SqlValue = string | number | null;
export type SqlParams = Readonly<Record<string, SqlValue>>;
/** Values for `?`, in order: bound in half the time that names take. For the few statements of every sale. */
export type SqlList = readonly SqlValue[];

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
  run(sql: string, params?: SqlParams | SqlList): void;
}

/** How many prepared statements one handle keeps; ours has a fixed set of texts, far below this. */
const statementsMax = 200;

/** The connection that a handle speaks through; another one after the file was reopened. */
export type Connection = () => Database;

export function createReadHandle(connection: Connection): ReadHandle {
  const prepare = statementCache(connection);
  const handle: { [K in keyof ReadHandle]: (sql: string, params?: SqlParams) => unknown } = {
    one: (sql, params = {}) => prepare(sql).get(params),
    all: (sql, params = {}) => prepare(sql).all(params),
  };
  return handle as ReadHandle;
}

export function createWriteHandle(connection: Connection): WriteHandle {
  const prepare = statementCache(connection);
  const handle = {
    ...createReadHandle(connection),
    run: (sql: string, params: SqlParams | SqlList = {}) => {
      prepare(sql).run(params);
    },
  };
  return handle as unknown as WriteHandle;
}

function statementCache(connection: Connection): (sql: string) => Statement {
  const statements = new Map<string, Statement>();
  let prepared: Database | undefined;
  return (sql) => {
    const db = connection();
    if (db !== prepared) statements.clear();
    prepared = db;
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= statementsMax) statements.clear();
    const statement = db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
}
