import { sql, type SQL } from 'drizzle-orm';
import { chart } from '#cloud/ledger/posting.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** A law of the books: the query finds what breaks it, and the law holds when it finds nothing. */
export interface Law {
  readonly name: string;
  /** One English sentence. */
  readonly says: string;
  /** Reads all lots, orders or vouchers there ever were: asked once a night, and not again before each release. */
  readonly nightly?: true;
  readonly violations: (operatorId: OperatorId) => SQL;
}

export interface Proof {
  readonly name: string;
  readonly says: string;
  readonly holds: boolean;
  /** What breaks it, at most {@link violationsShownMax} rows. */
  readonly violations: readonly Readonly<Record<string, unknown>>[];
}

export const violationsShownMax = 20;

/** Checks each law for one operator. Reads only; give it a transaction when one moment must be seen. */
export async function proveLaws(
  db: Db | Tx,
  options: { readonly operatorId: OperatorId; readonly laws: readonly Law[] },
): Promise<readonly Proof[]> {
  const proofs: Proof[] = [];
  for (const law of options.laws) {
    const { rows } = await db.execute(
      sql`SELECT * FROM (${law.violations(options.operatorId)}) v LIMIT ${violationsShownMax}`,
    );
    proofs.push({ name: law.name, says: law.says, holds: rows.length === 0, violations: rows });
  }
  return proofs;
}

const accountsWhere = (nature: 'claim' | 'holding'): string[] =>
  Object.entries(chart)
    .filter(([, rule]) => rule.guarded && rule.nature === nature)
    .map(([name]) => name);

/** Balance of one account over all books and slots of the operator, as a subquery. */
const totalOf = (operatorId: OperatorId, account: keyof typeof chart): SQL => sql`
  (SELECT coalesce(sum(balance_fen), 0) FROM ledger_balance
   WHERE operator_id = ${operatorId} AND account = ${account})`;

/** The laws that the ledger knows by itself. Source: docs/points.md I1, docs/adr/0005. */
export const ledgerLaws: readonly Law[] = [
  {
    name: 'journals-sum-to-zero',
    says: 'The legs of every journal sum to zero.',
    violations: (operatorId) => sql`
      SELECT txn_no, sum(amount_fen) AS sum_fen FROM ledger_entry
      WHERE operator_id = ${operatorId} GROUP BY txn_no HAVING sum(amount_fen) <> 0`,
  },
  {
    name: 'journals-are-whole',
    says: 'Every journal has legs in its own book, and every leg has its journal.',
    violations: (operatorId) => sql`
      SELECT coalesce(t.txn_no, e.txn_no) AS txn_no, t.idem_key FROM
        (SELECT * FROM ledger_txn WHERE operator_id = ${operatorId}) t
        FULL JOIN (SELECT DISTINCT txn_no, book FROM ledger_entry WHERE operator_id = ${operatorId}) e
        ON t.txn_no = e.txn_no AND t.book = e.book
      WHERE t.txn_no IS NULL OR e.txn_no IS NULL`,
  },
  {
    name: 'content-is-unchanged',
    says: 'The hash of every journal is that of its kind and legs.',
    violations: (operatorId) => sql`
      SELECT t.txn_no, t.idem_key FROM ledger_txn t
      JOIN ledger_entry e ON e.operator_id = t.operator_id AND e.txn_no = t.txn_no
      WHERE t.operator_id = ${operatorId}
      GROUP BY t.operator_id, t.book, t.idem_key, t.txn_no, t.kind, t.content_hash
      HAVING t.content_hash <> encode(sha256(convert_to(
        'greentill/ledger/1' || chr(10) || t.kind || chr(10) ||
        string_agg(e.account || ' ' || e.amount_fen, chr(10) ORDER BY e.leg), 'UTF8')), 'hex')`,
  },
  {
    name: 'balances-equal-entries',
    says: 'Every balance is the sum of its entries.',
    violations: (operatorId) => sql`
      SELECT book, account, b.fen AS balance_fen, e.fen AS entries_fen FROM
        (SELECT book, account, sum(balance_fen) AS fen FROM ledger_balance
         WHERE operator_id = ${operatorId} GROUP BY book, account) b
        FULL JOIN (SELECT book, account, sum(amount_fen) AS fen FROM ledger_entry
         WHERE operator_id = ${operatorId} GROUP BY book, account) e USING (book, account)
      WHERE coalesce(b.fen, 0) <> coalesce(e.fen, 0)`,
  },
  {
    name: 'guarded-balances-stand',
    says: 'No guarded account is below nothing.',
    violations: (operatorId) => sql`
      SELECT book, account, balance_fen FROM ledger_balance
      WHERE operator_id = ${operatorId}
        AND ((account = ANY(${sql.param(accountsWhere('claim'))}::text[]) AND balance_fen < 0)
          OR (account = ANY(${sql.param(accountsWhere('holding'))}::text[]) AND balance_fen > 0))`,
  },
  {
    name: 'pending-is-held',
    says: 'What is pending in a book is what its instructions without an end hold.',
    violations: (operatorId) => sql`
      SELECT book, coalesce(b.fen, 0) AS balance_fen, coalesce(i.fen, 0) AS held_fen FROM
        (SELECT book, sum(balance_fen) AS fen FROM ledger_balance
         WHERE operator_id = ${operatorId} AND account = 'instruction_pending' GROUP BY book) b
        FULL JOIN (SELECT i.book, sum(i.amount_fen) AS fen FROM ledger_instruction i
         LEFT JOIN ledger_instruction_end e USING (operator_id, book, instruction_key)
         WHERE i.operator_id = ${operatorId} AND e.outcome IS NULL GROUP BY i.book) i USING (book)
      WHERE coalesce(b.fen, 0) <> coalesce(i.fen, 0)`,
  },
  {
    name: 'cash-covers-vouchers',
    says: 'K = F + VO + PI: the ring-fenced cash is the free fund, the vouchers outstanding and the payouts in flight.',
    violations: (operatorId) => sql`
      SELECT * FROM (SELECT
        -${totalOf(operatorId, 'ring_fenced_cash')} AS ring_fenced_fen,
        ${totalOf(operatorId, 'fund_free')} AS fund_fen,
        ${totalOf(operatorId, 'voucher_outstanding')} AS voucher_fen,
        ${totalOf(operatorId, 'payout_in_flight')} AS payout_fen) k
      WHERE ring_fenced_fen <> fund_fen + voucher_fen + payout_fen`,
  },
  {
    name: 'transit-is-empty',
    says: 'What leaves one book has arrived in another: transit sums to zero over all books.',
    violations: (operatorId) => sql`
      SELECT account, sum(balance_fen) AS sum_fen FROM ledger_balance
      WHERE operator_id = ${operatorId} AND account IN ('transit', 'transit_cash')
      GROUP BY account HAVING sum(balance_fen) <> 0`,
  },
];
