import { sql, type SQL } from 'drizzle-orm';

/** What stands before the first link of every chain. */
export const sealGenesisHash = '0'.repeat(64);

const lines = (...parts: readonly SQL[]): SQL =>
  sql`convert_to(concat_ws(chr(10), ${sql.join([...parts], sql`, `)}), 'UTF8')`;
const hex = (bytes: SQL): SQL => sql`encode(sha256(${bytes}), 'hex')`;

/**
 * The 32 bytes that stand for a row of `ledger_txn` (alias t). Its legs are in it by
 * `content_hash`, which a law of its own compares with them. The key's length is told, so that no
 * other division into key and kind has the same bytes.
 */
export const rowDigest: SQL = sql`sha256(${lines(
  sql`'greentill/ledger-row/1'`,
  sql`t.txn_no`,
  sql`length(t.idem_key)`,
  sql`t.idem_key`,
  sql`t.kind`,
  sql`t.event_at_ms`,
  sql`t.content_hash`,
)})`;

/** Of a group of rows, in the order of their numbers: hex. */
export const rowsDigest: SQL = hex(sql`string_agg(${rowDigest}, ''::bytea order by t.txn_no)`);

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
