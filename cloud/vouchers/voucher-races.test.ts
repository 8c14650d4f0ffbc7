import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { proveLaws } from '#cloud/ledger/proofs.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { fundWith, memberOf, operatorOf, orderOf } from '#cloud/points/testing/points-fixtures.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/payments/retried-transaction.ts';
import { expireVouchers } from '#cloud/vouchers/expire-vouchers.ts';
import { releaseLapsed, reservationHoldMs, reserveVouchers } from '#cloud/vouchers/reservations.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => retriedTransaction(database.db, work);
const nowMs = 1_775_000_000_000;
const operatorId = operatorOf(1);
const memberId = memberOf(1);

async function plant(round: number): Promise<void> {
  await inTx(async (tx) => {
    await fundWith(tx, operatorId, { key: `fund ${round}`, amountFen: 223 });
    const legs = [
      { account: 'fund_free', amountFen: fen(-223) },
      { account: 'voucher_outstanding', amountFen: fen(223) },
    ] as const;
    const journal = { operatorId, merchantId: null, kind: 'release', eventAtMs: 0, legs };
    getOrThrow(await postJournals(tx, [{ ...journal, idemKey: `release ${round}` }]));
    await tx.execute(sql`
      insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen, expires_on)
      values (${operatorId}, ${`v${round}`}, ${memberId}, '2026-02', '2026-03-01', 223, 223, '2026-04-10')`);
  });
}

const reserve = (order: number, atMs: number) =>
  inTx((tx) =>
    reserveVouchers(tx, {
      operatorId,
      orderId: orderOf(order),
      memberId,
      amountFen: fen(400),
      today: '2026-04-10',
      nowMs: atMs,
    }),
  );

it('orders, lapses and the end of the last day meet at one voucher: no fen is lost or doubled', async () => {
  for (let round = 1; round <= 25; round += 1) {
    await plant(round);
    const later = nowMs + reservationHoldMs * round;
    const expire = () => inTx((tx) => expireVouchers(tx, { operatorId, today: '2026-04-11' }));
    await reserve(round * 10, later - reservationHoldMs);
    await Promise.all([
      reserve(round * 10 + 1, later),
      expire(),
      reserve(round * 10, later),
      inTx((tx) => releaseLapsed(tx, { operatorId, nowMs: later })),
      expire(),
      reserve(round * 10 + 2, later),
    ]);
  }
  const proofs = await proveLaws(database.db, { operatorId, laws: voucherLaws });
  expect(proofs.filter((proof) => !proof.holds)).toEqual([]);
});
