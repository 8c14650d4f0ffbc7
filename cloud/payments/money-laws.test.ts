import { sql, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { proveLaws } from '#cloud/ledger/proofs.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { paymentLaws } from '#cloud/payments/payment-laws.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { plantVoucher } from '#cloud/payments/testing/plant-voucher.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';

const laws = [...paymentLaws, ...voucherLaws];
let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
  for (const suffix of ['01', '03', '06', '04']) await sell(suffix);
  await bench.runUntilQuiet();
  await sell('02');
});
afterAll(() => bench.close());

/** A charge with a voucher, of every kind of ending. */
async function sell(suffix: string): Promise<void> {
  const [memberId, orderId] = [bench.newMemberId(), bench.newOrderId()];
  await plantVoucher(bench, { memberId, amountFen: 300 });
  const { operatorId } = bench.till;
  const nowMs = bench.clock.nowMs();
  const order = { operatorId, memberId, orderId, amountFen: fen(1_234), nowMs };
  const { reservationId, voucherFen } = getOrThrow(
    await bench.deps.db.transaction((tx) => reserveVouchers(tx, { ...order, today: '2026-09-21' })),
  );
  const request = bench.request(suffix, { orderId, memberId, reservationId, voucherFen });
  getOrThrow(await startCharge(bench.deps, bench.till, request));
}

const brokenIn = async (db: Db | Tx): Promise<readonly string[]> =>
  (await proveLaws(db, { operatorId: bench.till.operatorId, laws }))
    .filter((proof) => !proof.holds)
    .map((proof) => proof.name);

it('hold for charges that were paid, failed, reversed and still wait', async () => {
  expect(await brokenIn(bench.deps.db)).toEqual([]);
});

const offlineRow = sql`
  insert into offline_settlement (operator_id, order_id, merchant_id, terminal_id, member_id,
    certificate_id, member_code, amount_fen, concession_bp, business_date, cashier, accepted_at_ms,
    state, debit_fen)
  select operator_id, 'ord_planted', merchant_id, terminal_id, 'm', 'c', '9', 100, 1000,
    business_date, 'x', 0, 'settled', 100 from payment_attempt limit 1`;

it.each<[law: string, planted: SQL]>([
  [
    'paid-charges-are-booked',
    sql`update settlement_line set amount_fen = amount_fen + 1, net_fen = net_fen + 1,
          reserve_fen = reserve_fen + 1`,
  ],
  ['paid-charges-are-booked', sql`update payment_attempt set book_state = 'none'`],
  [
    'what-went-back-is-not-booked',
    sql`update payment_attempt set status = 'refunded-late' where status = 'paid'`,
  ],
  ['settled-offline-sales-were-debited', offlineRow],
  [
    'covered-losses-are-paid-once',
    sql`insert into offline_settlement (operator_id, order_id, merchant_id, terminal_id, member_id,
      certificate_id, member_code, amount_fen, concession_bp, business_date, cashier, accepted_at_ms,
      state, bearer_party, covered_fen)
    select operator_id, 'ord_planted', merchant_id, terminal_id, 'm', 'c', '9', 100, 1000,
      business_date, 'x', 0, 'debit-failed', 'platform', 100 from payment_attempt limit 1`,
  ],
  [
    'wallets-equal-ledger',
    sql`update voucher set left_fen = left_fen + 1, face_fen = face_fen + 1`,
  ],
  [
    'held-vouchers-have-an-order',
    sql`update voucher_reservation set state = 'lapsed' where state = 'held'`,
  ],
  [
    'spent-vouchers-have-an-order',
    sql`update voucher set spent_fen = spent_fen - 1, left_fen = left_fen + 1 where spent_fen > 0`,
  ],
])('%s is noticed when it is broken', async (law, planted) => {
  class Undo extends Error {}
  let broken: readonly string[] = [];
  const plant = bench.deps.db.transaction(async (tx) => {
    await tx.execute(planted);
    broken = await brokenIn(tx);
    throw new Undo();
  });
  await expect(plant).rejects.toThrow(Undo);
  expect(broken).toContain(law);
});
