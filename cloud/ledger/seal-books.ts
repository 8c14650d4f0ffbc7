import { sql } from 'drizzle-orm';
import {
  digestedRows,
  rowsDigest,
  runHash,
  sealGenesisHash,
  sealHash,
  sealsDigest,
} from '#cloud/ledger/seal-text.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';

/** Signs what the database must not be able to sign. */
export interface SealSigner {
  /** The public key, 32 bytes base64url. */
  readonly keyId: string;
  /** Ed25519 over the UTF-8 of `text`, 64 bytes base64url. */
  readonly sign: (text: string) => string;
  readonly verify: (text: string, signature: string) => boolean;
}

/** The last run that was sealed here, kept outside the database: who cuts off the end of the chain is found by it. */
export interface SealAnchor {
  readonly read: () => SealHead | undefined;
  readonly write: (head: SealHead) => void;
}

export interface SealHead {
  readonly runNo: number;
  /** 64 hex digits. */
  readonly hash: string;
}

export interface SealDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly operatorId: OperatorId;
  readonly signer: SealSigner;
  readonly anchor: SealAnchor;
}

/** Journals of one run at most: what one statement reads, digests and forgets. */
export const sealRowsMax = 100_000;

const horizonTriesMax = 200;
const horizonPauseSeconds = 0.05;

export type Sealed =
  /** Everything that was in the books when it was called is sealed. */
  | { readonly type: 'sealed'; readonly rowsCount: number }
  /** A transaction that may still write a lower number did not end in time; what is sealed stays sealed. */
  | { readonly type: 'behind' }
  /** The run that is remembered is not in the chain: a seal over it would hide that, so people look first. */
  | { readonly type: 'torn' };

/**
 * Seals every journal that is not sealed yet: per book one link of the book's chain, over all books one signed link of
 * the operator's. Posting never waits for it and does not pay for it. Any number of nodes may call it; one works.
 */
export async function sealBooks(deps: SealDeps): Promise<Sealed> {
  const throughNo = await finishedThrough(deps.db, deps.operatorId);
  if (throughNo === 'behind') return { type: 'behind' };
  let rowsCount = 0;
  for (;;) {
    const sealed = await deps.db.transaction((tx) => sealOneRun(tx, deps, throughNo));
    if (sealed === 'torn') return { type: 'torn' };
    if (sealed === undefined) return { type: 'sealed', rowsCount };
    // Another caller may have sealed the next run meanwhile: what is remembered never goes back.
    if ((deps.anchor.read()?.runNo ?? 0) < sealed.runNo) deps.anchor.write(sealed);
    rowsCount += sealed.rowsCount;
  }
}

/**
 * The highest number up to which no journal can come any more. A number is drawn under a lock on the table, so whoever
 * drew a lower one and has not committed holds that lock now. They are waited for and nobody is kept from anything.
 */
async function finishedThrough(db: Db, operatorId: OperatorId): Promise<number | 'behind'> {
  const { rows } = await db.execute<{ through: number | null }>(
    sql`select max(txn_no) as through from ledger_txn where operator_id = ${operatorId}`,
  );
  const through = rows[0]?.through ?? 0;
  const writing = await db.execute<{ who: readonly string[] }>(sql`
    select coalesce(array_agg(distinct virtualtransaction), '{}') as who from pg_locks
     where locktype = 'relation' and relation = 'ledger_txn'::regclass and mode = 'RowExclusiveLock'
       and database = (select oid from pg_database where datname = current_database())`);
  const who = writing.rows[0]?.who ?? [];
  for (let tries = 0; tries < horizonTriesMax; tries += 1) {
    const { rows: left } = await db.execute<{ count: number }>(sql`
      select count(*)::int as count from pg_locks
       where locktype = 'virtualxid' and virtualtransaction = any(${sql.param(who)}::text[])`);
    if (left[0]?.count === 0) return through;
    await db.execute(sql`select pg_sleep(${horizonPauseSeconds})`);
  }
  return 'behind';
}

/** Undefined: nothing up to `throughNo` is left to seal. */
async function sealOneRun(
  tx: Tx,
  { operatorId, clock, signer, anchor }: SealDeps,
  throughNo: number,
): Promise<(SealHead & { readonly rowsCount: number }) | 'torn' | undefined> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`ledger-seal ${operatorId}`}, 0))`,
  );
  const remembered = anchor.read();
  const found = remembered && (await hashOfRunNo(tx, operatorId, remembered.runNo));
  if (found !== remembered?.hash) return 'torn';
  const last = await readHead(tx, operatorId);
  const range = { runNo: (last?.runNo ?? 0) + 1, afterNo: last?.throughNo ?? 0 };
  const endNo = await endOfRun(tx, operatorId, { afterNo: range.afterNo, throughNo });
  if (endNo === undefined) return undefined;
  const run = {
    ...range,
    operatorId,
    throughNo: endNo,
    prevHash: last?.hash ?? sealGenesisHash,
    sealedAtMs: clock.nowMs(),
  };
  const { booksCount, rowsCount, hash } = await insertSeals(tx, run);
  await tx.execute(sql`
    insert into ledger_seal_run (operator_id, run_no, after_no, through_no, books_count, rows_count,
                                 prev_hash, hash, sealed_at_ms, key_id, signature)
    values (${operatorId}, ${run.runNo}, ${run.afterNo}, ${run.throughNo}, ${booksCount},
            ${rowsCount}, ${run.prevHash}, ${hash}, ${run.sealedAtMs}, ${signer.keyId},
            ${signer.sign(signedText(hash))})`);
  return { runNo: run.runNo, hash, rowsCount };
}

/** What the signature of a run covers; the prefix keeps it from being one of anything else. */
export const signedText = (hash: string): string => `greentill/ledger-seal-run/1 ${hash}`;

/** The last run, with the end of its range. */
export async function readHead(
  tx: Tx | Db,
  operatorId: OperatorId,
): Promise<
  | (SealHead & {
      readonly throughNo: number;
      readonly keyId: string;
      readonly signature: string;
    })
  | undefined
> {
  const { rows } = await tx.execute<{
    run_no: number;
    hash: string;
    through_no: number;
    key_id: string;
    signature: string;
  }>(sql`
    select run_no, hash, through_no, key_id, signature from ledger_seal_run
     where operator_id = ${operatorId} order by run_no desc limit 1`);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { run_no: runNo, hash, through_no: throughNo, key_id: keyId, signature } = row;
  return { runNo, hash, throughNo, keyId, signature };
}

/** Undefined: there is no such run. */
export async function hashOfRunNo(
  tx: Tx | Db,
  operatorId: OperatorId,
  runNo: number,
): Promise<string | undefined> {
  const { rows } = await tx.execute<{ hash: string }>(sql`
    select hash from ledger_seal_run where operator_id = ${operatorId} and run_no = ${runNo}`);
  return rows[0]?.hash;
}

async function endOfRun(
  tx: Tx,
  operatorId: OperatorId,
  range: { readonly afterNo: number; readonly throughNo: number },
): Promise<number | undefined> {
  const { rows } = await tx.execute<{ end_no: number | null }>(sql`
    select max(txn_no) as end_no from (
      select txn_no from ledger_txn
       where operator_id = ${operatorId} and txn_no > ${range.afterNo}
         and txn_no <= ${range.throughNo}
       order by txn_no limit ${sealRowsMax}) r`);
  return rows[0]?.end_no ?? undefined;
}

interface Run {
  readonly operatorId: OperatorId;
  readonly runNo: number;
  readonly afterNo: number;
  readonly throughNo: number;
  readonly prevHash: string;
  readonly sealedAtMs: number;
}

/** Seals each book that has a journal in the range, as one set; what comes back is hashed and signed as the run. */
async function insertSeals(
  tx: Tx,
  run: Run,
): Promise<{ readonly booksCount: number; readonly rowsCount: number; readonly hash: string }> {
  const hashOfSeal = sealHash({
    operatorId: sql`${run.operatorId}::text`,
    book: sql`r.book`,
    runNo: sql`${run.runNo}::int`,
    rowsCount: sql`r.rows_count`,
    rowsDigest: sql`r.digest`,
    prevHash: sql`r.prev_hash`,
  });
  const hashOfRun = runHash({
    operatorId: sql`${run.operatorId}::text`,
    runNo: sql`${run.runNo}::int`,
    afterNo: sql`${run.afterNo}::bigint`,
    throughNo: sql`${run.throughNo}::bigint`,
    booksCount: sql`books_count`,
    rowsCount: sql`rows_count`,
    sealsDigest: sql`digest`,
    prevHash: sql`${run.prevHash}::text`,
    sealedAtMs: sql`${run.sealedAtMs}::bigint`,
  });
  const { rows } = await tx.execute<{ books_count: number; rows_count: number; hash: string }>(sql`
    with grouped as (
      select d.book, count(*)::int as rows_count, ${rowsDigest} as digest
        from ${digestedRows(sql`from ledger_txn t where t.operator_id = ${run.operatorId}
          and t.txn_no > ${run.afterNo} and t.txn_no <= ${run.throughNo}`)} d
       group by d.book
    ),
    linked as (
      select g.*, coalesce((
        select s.hash from ledger_seal s where s.operator_id = ${run.operatorId} and s.book = g.book
         order by s.run_no desc limit 1), ${sealGenesisHash}) as prev_hash
      from grouped g
    ),
    sealed as (
      insert into ledger_seal (operator_id, book, run_no, rows_count, prev_hash, hash)
      select ${run.operatorId}, r.book, ${run.runNo}, r.rows_count, r.prev_hash, ${hashOfSeal}
        from linked r
      returning book, rows_count, hash
    ),
    summed as (
      select count(*)::int as books_count, sum(rows_count)::int as rows_count,
             ${sealsDigest} as digest from sealed
    )
    select books_count, rows_count, ${hashOfRun} as hash from summed`);
  const [row] = rows;
  assert(row !== undefined && row.rows_count > 0, () => `run ${run.runNo} seals nothing`);
  return { booksCount: row.books_count, rowsCount: row.rows_count, hash: row.hash };
}
