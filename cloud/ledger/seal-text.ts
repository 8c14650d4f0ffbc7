import { sql, type SQL } from 'drizzle-orm';

/** What stands before the first link of every chain. */
export const sealGenesisHash = '0'.repeat(64);

const lines = (...parts: readonly SQL[]): SQL =>
  sql`convert_to(concat_ws(chr(10), ${sql.join([...parts], sql`, `)}), 'UTF8')`;
const hex = (bytes: SQL): SQL => sql`encode(sha256(${bytes}), 'hex')`;

/**
 * The same bytes as {@link lines} of columns that are never null, for what is asked of every row:
 * `concat_ws` looks up how to print each of its arguments anew, which took half of all sealing.
 */
const linesOfRow = (...parts: readonly SQL[]): SQL =>
  sql`convert_to(${sql.join([...parts], sql` || chr(10) || `)}, 'UTF8')`;

/**
 * The 32 bytes that stand for a row of `ledger_txn` (alias t). Its legs are in it by
 * `content_hash`, which a law of its own compares with them. The key's length is told, so that no
 * other division into key and kind has the same bytes.
 */
const rowDigest: SQL = sql`sha256(${linesOfRow(
  sql`'greentill/ledger-row/1'`,
  sql`t.txn_no`,
  sql`length(t.idem_key)`,
  sql`t.idem_key`,
  sql`t.kind`,
  sql`t.event_at_ms`,
  sql`t.content_hash`,
)})`;

/**
 * Rows of `ledger_txn` (alias t in `from`) as book, number and digest, and by what else they are
 * grouped. The digest is made before they are sorted (that is what `offset 0` is for): sorted are 32
 * bytes a row then, in memory, and not all of it on disk.
 */
export const digestedRows = (from: SQL, ...groups: readonly SQL[]): SQL =>
  sql`(select ${sql.join([...groups, sql`t.book`, sql`t.txn_no`], sql`, `)}, ${rowDigest} as digest
    ${from} offset 0)`;

/** Of a group of {@link digestedRows} (alias d), in the order of their numbers: hex. */
export const rowsDigest: SQL = hex(sql`string_agg(d.digest, ''::bytea order by d.txn_no)`);

/** Of the seals of one run (columns book and hash), in the order of their books: hex. */
export const sealsDigest: SQL = hex(
  sql`string_agg(${lines(sql`book`, sql`hash`)}, '\\x00'::bytea order by book collate "C")`,
);

/** The hash of a seal: hex. */
export const sealHash = (seal: Readonly<Record<SealPart, SQL>>): SQL =>
  hex(
    lines(
      sql`'greentill/ledger-seal/1'`,
      seal.operatorId,
      seal.book,
      seal.runNo,
      seal.rowsCount,
      seal.rowsDigest,
      seal.prevHash,
    ),
  );
type SealPart = 'operatorId' | 'book' | 'runNo' | 'rowsCount' | 'rowsDigest' | 'prevHash';

/** The hash of a run, which is what is signed: hex. */
export const runHash = (run: Readonly<Record<RunPart, SQL>>): SQL =>
  hex(
    lines(
      sql`'greentill/ledger-seal-run/1'`,
      run.operatorId,
      run.runNo,
      run.afterNo,
      run.throughNo,
      run.booksCount,
      run.rowsCount,
      run.sealsDigest,
      run.prevHash,
      run.sealedAtMs,
    ),
  );
type RunPart =
  | 'operatorId'
  | 'runNo'
  | 'afterNo'
  | 'throughNo'
  | 'booksCount'
  | 'rowsCount'
  | 'sealsDigest'
  | 'prevHash'
  | 'sealedAtMs';
