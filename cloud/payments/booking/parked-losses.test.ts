import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { postJournals } from '#cloud/ledger/post.ts';
import { proveLaws } from '#cloud/ledger/proofs.ts';
import { readResults } from '#cloud/orders/results.ts';
import { listOfflineExceptions } from '#cloud/payments/offline/store.ts';
import type { OfflineSale } from '#cloud/payments/offline/sale.ts';
import { lossesMax, rebookLossesOnce } from '#cloud/payments/booking/parked-losses.ts';
import { paymentLaws } from '#cloud/payments/payment-laws.ts';
import { arrive, newPhone, saleAt } from '#cloud/payments/testing/offline-sales.ts';
import { listOpenItems } from '#cloud/reconciliation/open-items.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { fen } from '#shared/money/fen.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

/** A sale whose debit fails: the platform answers for it. */
function failing(): OfflineSale {
  const phone = newPhone(bench);
  bench.simulator.setRules({ withholdFailEndings: [phone.memberId.slice(-6)] });
  return saleAt(bench, bench.till, { ...phone, code: phone.show(1) });
}
const settle = async (sale: OfflineSale): Promise<void> => {
  await arrive(bench, sale);
  await bench.runUntilQuiet();
};
const exceptionOf = async (sale: OfflineSale) => {
  const all = await listOfflineExceptions(bench.deps.db, bench.till);
  return all.find(({ orderId }) => orderId === sale.orderId);
};
const paidFor = async ({ orderId }: OfflineSale): Promise<number> => {
  const { rows } = await bench.deps.db.execute<{ fen: number }>(sql`
    select coalesce(sum(e.amount_fen), 0)::bigint as fen from ledger_txn t
      join ledger_entry e on e.operator_id = t.operator_id and e.txn_no = t.txn_no
       and e.account = 'merchant_payable'
     where t.idem_key = ${`guarantee:${orderId}`}`);
  return rows[0]?.fen ?? 0;
};
const coveredLaw = async (): Promise<boolean | undefined> => {
  const laws = paymentLaws.filter(({ name }) => name === 'covered-losses-are-paid-once');
  const { operatorId } = bench.till;
  return (await proveLaws(bench.deps.db, { operatorId, laws }))[0]?.holds;
};

const openLoss = async ({ orderId }: OfflineSale) => {
  const { operatorId } = bench.till;
  const query = { operatorId, nowMs: bench.clock.nowMs(), channelsWithoutBill: [] };
  const items = await listOpenItems(bench.deps.db, query);
  return items.find(({ ref }) => ref === `${orderId}:loss`);
};

it('a loss that the books refuse is parked in their words; the till hears its result, and the next sale goes on', async () => {
  const sale = failing();
  const { operatorId, merchantId } = bench.till;
  // Somebody posted something else under its name: no retry of ours makes that right.
  await bench.deps.db.transaction((tx) =>
    postJournals(tx, [
      {
        operatorId,
        merchantId,
        idemKey: `guarantee:${sale.orderId}`,
        kind: 'channel-fee',
        eventAtMs: 1,
        legs: [
          { account: 'transit', amountFen: fen(-1) },
          { account: 'merchant_payable', amountFen: fen(1) },
          { account: 'transit_cash', amountFen: fen(1) },
          { account: 'channel_clearing', amountFen: fen(-1) },
        ],
      },
    ]),
  );
  await settle(sale);
  const { results } = await readResults(bench.deps.db, { ...bench.till, afterCursor: 0 });
  expect(results.find(({ orderId }) => orderId === sale.orderId)).toMatchObject({
    result: 'debit-failed',
    coveredFen: 2_000,
  });
  const parked = await exceptionOf(sale);
  expect(parked).toMatchObject({ state: 'debit-failed', coveredFen: 2_000 });
  expect(parked?.parkedReason).toContain('idempotency-mismatch');
  // Nothing was paid, and nothing is hidden: it is counted by name.
  expect(await coveredLaw()).toBe(true);
  expect(await openLoss(sale)).toMatchObject({ kind: 'loss-parked', amountFen: 2_000 });
  expect(await rebookLossesOnce(bench.deps)).toBe(0);
  expect((await exceptionOf(sale))?.parkedReason).toContain('idempotency-mismatch');
  const next = failing();
  await settle(next);
  expect(await exceptionOf(next)).toMatchObject({ parkedReason: undefined });
  expect(await paidFor(next)).toBe(2_000);
});

it('a parked loss that the books take now is paid once, however often it is tried', async () => {
  const sale = failing();
  await settle(sale);
  const park = () =>
    bench.deps.db.execute(
      sql`update offline_settlement set parked_reason = 'planted' where order_id = ${sale.orderId}`,
    );
  expect(await openLoss(sale)).toBeUndefined();
  await park();
  // Paid and open at once: one of them is not true.
  expect(await coveredLaw()).toBe(false);
  expect(await rebookLossesOnce(bench.deps)).toBe(1);
  expect(await coveredLaw()).toBe(true);
  await park();
  await Promise.all([rebookLossesOnce(bench.deps), rebookLossesOnce(bench.deps)]);
  expect(await exceptionOf(sale)).toMatchObject({ parkedReason: undefined });
  expect(await paidFor(sale)).toBe(2_000);
});

it('however many the books refuse for good, a newer one has its turn, and a row that nobody can read stops nobody', async () => {
  const sale = failing();
  await settle(sale);
  const { db } = bench.deps;
  // Older ones by the hundred: their rows cannot be read.
  await db.execute(sql`
    insert into offline_settlement (operator_id, order_id, merchant_id, terminal_id, member_id,
      certificate_id, member_code, amount_fen, concession_bp, business_date, cashier, accepted_at_ms,
      state, covered_fen, bearer_party, parked_reason)
    select operator_id, 'ord_01J0000000000000000000' || to_char(n, 'FM0000'), merchant_id,
      terminal_id, member_id, certificate_id, member_code, amount_fen, 2000000000, business_date, cashier,
      n, state, covered_fen, bearer_party, 'planted'
      from offline_settlement, generate_series(1, ${lossesMax + 20}) n
     where order_id = ${sale.orderId}`);
  await db.execute(sql`
    update offline_settlement set parked_reason = 'planted' where order_id = ${sale.orderId}`);
  bench.clock.advance(60_000);
  expect(await rebookLossesOnce(bench.deps)).toBe(0);
  bench.clock.advance(60_000);
  expect(await rebookLossesOnce(bench.deps)).toBe(1);
  expect(await exceptionOf(sale)).toMatchObject({ parkedReason: undefined });
  const listed = await listOfflineExceptions(db, bench.till);
  expect(listed.find(({ orderId }) => orderId.endsWith('0120'))).toMatchObject({
    parkedReason: 'invariant broken: not a rate in basis points: 2000000000',
  });
});
