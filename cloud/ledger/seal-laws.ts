import { sql } from 'drizzle-orm';
import type { Law, Proof } from '#cloud/ledger/proofs.ts';
import { hashOfRunNo, readHead, signedText, type SealDeps } from '#cloud/ledger/seal-books.ts';
import {
  digestedRows,
  rowsDigest,
  runHash,
  sealGenesisHash,
  sealHash,
  sealsDigest,
} from '#cloud/ledger/seal-text.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

const hashOfSeal = sealHash({
  operatorId: sql`c.operator_id`,
  book: sql`c.book`,
  runNo: sql`c.run_no`,
  rowsCount: sql`r.rows_count`,
  rowsDigest: sql`r.digest`,
  prevHash: sql`c.before`,
});

const hashOfRun = runHash({
  operatorId: sql`c.operator_id`,
  runNo: sql`c.run_no`,
  afterNo: sql`c.after_no`,
  throughNo: sql`c.through_no`,
  booksCount: sql`s.books_count`,
  rowsCount: sql`s.rows_count`,
  sealsDigest: sql`s.digest`,
  prevHash: sql`c.before_hash`,
  sealedAtMs: sql`c.sealed_at_ms`,
});

/** The replay of the chain. Whether its end is ours is not for SQL to say: {@link proveSealHead}. */
export const sealLaws: readonly Law[] = [
  {
    name: 'journals-match-their-seals',
    says: 'The journals of every sealed range are those that were sealed: none changed, none gone, none put in.',
    violations: (operatorId) => sql`
      with found as (
        select d.run_no, d.book, count(*)::int as rows_count, ${rowsDigest} as digest
          from ${digestedRows(
            sql`from ledger_seal_run r
              join ledger_txn t on t.operator_id = r.operator_id
               and t.txn_no > r.after_no and t.txn_no <= r.through_no
             where r.operator_id = ${operatorId}`,
            sql`r.run_no`,
          )} d
         group by d.run_no, d.book
      ),
      chained as (
        select s.*, lag(s.hash, 1, ${sealGenesisHash})
               over (partition by s.book order by s.run_no) as before
          from ledger_seal s where s.operator_id = ${operatorId}
      )
      select coalesce(c.run_no, r.run_no) as run_no, coalesce(c.book, r.book) as book,
             c.rows_count as sealed_rows, r.rows_count as found_rows
        from chained c full join found r on r.run_no = c.run_no and r.book = c.book
       where c.run_no is null or r.run_no is null or c.prev_hash <> c.before
          or c.hash <> ${hashOfSeal}
      union all
      select 0, t.book, 0, count(*)::int from ledger_txn t
       where t.operator_id = ${operatorId} and t.txn_no < 1 group by t.book`,
  },
  {
    name: 'seals-chain',
    says: 'Every run of seals carries on the one before it, without a gap, and holds the seals that it held.',
    violations: (operatorId) => sql`
      with chained as (
        select r.*, lag(r.hash, 1, ${sealGenesisHash}) over w as before_hash,
               lag(r.through_no, 1, 0::bigint) over w as before_through_no,
               row_number() over w as expected_no
          from ledger_seal_run r where r.operator_id = ${operatorId}
        window w as (order by r.run_no)
      ),
      held as (
        select run_no, count(*)::int as books_count, sum(rows_count)::int as rows_count,
               ${sealsDigest} as digest
          from ledger_seal where operator_id = ${operatorId} group by run_no
      )
      select coalesce(c.run_no, s.run_no) as run_no, c.hash
        from chained c full join held s on s.run_no = c.run_no
       where c.run_no is null or s.run_no is null or c.run_no <> c.expected_no
          or c.after_no <> c.before_through_no or c.prev_hash <> c.before_hash
          or c.hash <> ${hashOfRun}`,
  },
];

/**
 * The end of the chain is the one that this cloud made: signed with its key, and not older than what is remembered
 * outside the database. With the two laws above it stands for every link before it.
 */
export async function proveSealHead(
  tx: Tx | Db,
  { operatorId, signer, anchor }: Pick<SealDeps, 'operatorId' | 'signer' | 'anchor'>,
): Promise<Proof> {
  const head = await readHead(tx, operatorId);
  const remembered = anchor.read();
  const violations: Readonly<Record<string, unknown>>[] = [];
  const isOurs =
    head === undefined ||
    (head.keyId === signer.keyId && signer.verify(signedText(head.hash), head.signature));
  if (!isOurs)
    violations.push({ run_no: head.runNo, why: 'not signed with the key of this cloud' });
  if (remembered !== undefined) {
    const hash = await hashOfRunNo(tx, operatorId, remembered.runNo);
    const why = hash === undefined ? 'this run is gone' : 'this run is another one';
    if (hash !== remembered.hash) violations.push({ run_no: remembered.runNo, why });
  }
  return {
    name: 'seals-are-ours',
    says: 'The last seal is signed by this cloud, and the run that it remembers outside the database is there.',
    holds: violations.length === 0,
    violations,
  };
}
