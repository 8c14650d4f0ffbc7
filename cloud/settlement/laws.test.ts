import { sql, type SQL } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { postJournals } from '#cloud/ledger/post.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import {
  dayMs,
  noonMs,
  operatorNo,
  paidOrder,
  provisionMerchants,
  signThreeRoles,
} from '#cloud/settlement/testing/paid-orders.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

const operatorId = operatorNo(1);
const laws = [...ledgerLaws, ...settlementLaws];
const database = useTestDatabase();

/** Two final orders, one of them small; a third under hold with a voucher; cash owed and half collected. */
beforeAll(async () => {
  await provisionMerchants(database.db, { operatorId, count: 1 });
  await signThreeRoles(database.db, operatorId);
  await database.db.transaction(async (tx) => {
    const early = [
      paidOrder({ operatorId, index: 1, amountFen: 100_000 }),
      paidOrder({ operatorId, index: 2, amountFen: 10_000, concessionBp: 1_000 }),
      paidOrder({ operatorId, index: 3, amountFen: 10_000, source: 'cash' }),
    ];
    getOrThrow(await bookPaidOrders(tx, early));
    await runFinality(tx, { operatorId, asOfMs: noonMs + 7 * dayMs });
    const release = {
      operatorId,
      merchantId: null,
      idemKey: 'release:1',
      kind: 'release',
      eventAtMs: noonMs,
      legs: [
        { account: 'fund_free', amountFen: fen(-500) },
        { account: 'voucher_outstanding', amountFen: fen(500) },
      ],
    } as const;
    getOrThrow(await postJournals(tx, [release]));
    const acceptedAtMs = noonMs + 8 * dayMs;
    const choices = { index: 4, amountFen: 5_000, voucherFen: 300, acceptedAtMs };
    getOrThrow(await bookPaidOrders(tx, [paidOrder({ operatorId, ...choices })]));
  });
});

/** Changes the books as no code can (triggers off), looks at the laws, and undoes it. */
async function brokenBy(statements: readonly SQL[]): Promise<string[]> {
  let broken: string[] = [];
  await database.db
    .transaction(async (tx: Tx) => {
      await tx.execute(sql`ALTER TABLE ledger_txn DISABLE TRIGGER USER`);
      await tx.execute(sql`ALTER TABLE ledger_entry DISABLE TRIGGER USER`);
      await tx.execute(sql`SET LOCAL session_replication_role = replica`);
      for (const statement of statements) await tx.execute(statement);
      const proofs = await proveLaws(tx, { operatorId, laws });
      broken = proofs.filter((proof) => !proof.holds).map((proof) => proof.name);
      tx.rollback();
    })
    .catch((error: unknown) => {
      if (!String(error).includes('Rollback')) throw error;
    });
  return broken;
}

const moveBalance = (account: string, byFen: number): SQL => sql`
  UPDATE ledger_balance SET balance_fen = balance_fen + ${byFen}
  WHERE (operator_id, book, account, slot) = (
    SELECT operator_id, book, account, slot FROM ledger_balance
    WHERE operator_id = ${operatorId} AND account = ${account} LIMIT 1)`;

const oneEntry = (account: string): SQL => sql`(operator_id, txn_no, leg) = (
  SELECT operator_id, txn_no, leg FROM ledger_entry
  WHERE operator_id = ${operatorId} AND account = ${account} LIMIT 1)`;

/** For each law what would break it; other laws may break along with it. */
const planted: Readonly<Record<string, readonly SQL[]>> = {
  'journals-sum-to-zero': [
    sql`UPDATE ledger_entry SET amount_fen = amount_fen + 1 WHERE ${oneEntry('margin')}`,
  ],
  'journals-are-whole': [
    sql`DELETE FROM ledger_txn WHERE operator_id = ${operatorId} AND kind = 'finality' AND book = ''`,
  ],
  'content-is-unchanged': [
    sql`UPDATE ledger_entry SET account = 'contingency' WHERE ${oneEntry('margin')}`,
  ],
  'balances-equal-entries': [moveBalance('agent_payable', 1)],
  'guarded-balances-stand': [moveBalance('contingency', -1_000_000)],
  'pending-is-held': [
    sql`INSERT INTO ledger_instruction VALUES (${operatorId}, '', 'planted', 'payout', 'fund_free',
      'ring_fenced_cash', 1, 0)`,
  ],
  'cash-covers-vouchers': [moveBalance('voucher_outstanding', 1)],
  'transit-is-empty': [moveBalance('transit', 1)],
  'one-journal-per-order': [
    sql`DELETE FROM ledger_txn WHERE operator_id = ${operatorId} AND kind = 'cash-sale'`,
  ],
  'one-subsidy-per-voucher-order': [
    sql`UPDATE settlement_line SET voucher_fen = 299, subsidy_fen = 299, amount_fen = 4999
        WHERE operator_id = ${operatorId} AND voucher_fen = 300`,
  ],
  'hold-equals-ledger': [
    sql`UPDATE settlement_line SET collected_fen = collected_fen - 1
        WHERE operator_id = ${operatorId} AND source = 'cash'`,
  ],
  'what-is-reviewed-is-not-final': [
    sql`INSERT INTO review_hold (operator_id, merchant_id, order_id, reasons, held_at_ms, state)
        SELECT operator_id, merchant_id, order_id, '[]', 0, 'held' FROM settlement_line
         WHERE operator_id = ${operatorId} AND state = 'final'`,
  ],
  'runs-equal-lines': [
    sql`UPDATE finality_run SET fund_fen = fund_fen + 1 WHERE operator_id = ${operatorId}`,
  ],
  'commissions-equal-ledger': [
    sql`UPDATE agent_commission SET amount_fen = amount_fen + 1
        WHERE operator_id = ${operatorId} AND role = 'region'`,
  ],
};

describe('the laws of the books', () => {
  it('hold after sales, a finality run, a release and a voucher order', async () => {
    const proofs = await proveLaws(database.db, { operatorId, laws });
    expect(proofs.filter((proof) => !proof.holds)).toEqual([]);
    expect(proofs.map((proof) => proof.name).toSorted()).toEqual(Object.keys(planted).toSorted());
  });

  it.each(Object.entries(planted))('%s fails when it is violated', async (name, statements) => {
    expect(await brokenBy(statements)).toContain(name);
  });
});
