import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { enqueueOfflineSettlement } from '#cloud/payments/offline/store.ts';
import { newBearer, saleAt } from '#cloud/payments/testing/offline-sales.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { plantVoucher, voucherOf } from '#cloud/payments/testing/plant-voucher.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { putPointsConfig } from '#cloud/points/points-config-store.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { defaultPointsConfig, type PointsConfig } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';

/**
 * Rules and rates that change while a sale is paid and not booked: it is booked by what it was paid
 * under.
 */
let bench: PaymentBench;
beforeEach(async () => {
  bench = await createPaymentBench();
  // The last moment of a month: new rules begin with a month.
  bench.clock.advanceTo(dayStartMs('2026-10-01') - 1_000);
});
afterEach(() => bench.close());

/** Rules of October, made in September. */
const rulesChange = (change: Partial<PointsConfig>): Promise<void> =>
  bench.deps.db.transaction(
    async (tx) =>
      void getOrThrow(
        await putPointsConfig(tx, {
          operatorId: bench.till.operatorId,
          effectivePeriod: '2026-10',
          config: { ...defaultPointsConfig, ...change },
          proposedBy: 'chen',
          approvedBy: 'wang',
        }),
      ),
  );
/** Paid by a process that dies before it books; the next one books in the new month. */
async function payThenBook(request: ChargeRequest, whileGone: () => Promise<unknown>) {
  const dying = bench.restarted();
  dying.bookings.attend({ wake: () => {} });
  expect(getOrThrow(await startCharge(dying, bench.till, request)).status).toBe('paid');
  await whileGone();
  bench.clock.advance(2_000);
  await runScoped({ type: 'across', work: 'payments' }, () => bookWaitingOnce(bench.restarted()));
  return await lineOf(request);
}
async function lineOf({ orderId }: Pick<ChargeRequest, 'orderId'>) {
  const { rows } = await bench.deps.db.execute(sql`
    select a.book_state, a.book_error, l.concession_bp, l.concession_fen, l.voucher_fen,
           l.ledger_date::text as ledger_date
      from payment_attempt a left join settlement_line l using (operator_id, order_id)
     where a.order_id = ${orderId}`);
  return rows[0];
}
const broken = async (): Promise<readonly string[]> => {
  const { operatorId } = bench.till;
  const proofs = await proveBooks({ db: bench.deps.db, operatorId });
  return proofs.filter(({ holds }) => !holds).map(({ name }) => name);
};

it.each([
  ['the lowest', { concessionMinBp: basisPoints(1_500) }],
  ['the highest', { concessionMaxBp: basisPoints(800) }],
])(
  '%s concession is another one since: the charge is booked with its own, not parked',
  async (_, change) => {
    await rulesChange(change);
    const request = bench.request('01');
    expect(await payThenBook(request, () => Promise.resolve())).toEqual({
      book_state: 'booked',
      book_error: null,
      concession_bp: 1_000,
      concession_fen: 123,
      voucher_fen: 0,
      ledger_date: '2026-10-01',
    });
    expect(await broken()).toEqual([]);
    // A charge that begins under the new rules is held to them before anything is taken.
    expect(await startCharge(bench.deps, bench.till, bench.request('01'))).toMatchObject({
      ok: false,
    });
  },
);

it('vouchers may pay less of an order since: those that were agreed to are spent and paid', async () => {
  await rulesChange({ voucherMaxShareBp: basisPoints(1_000) });
  const [memberId, orderId] = [bench.newMemberId(), bench.newOrderId()];
  await plantVoucher(bench, { memberId, amountFen: 600 });
  const { operatorId } = bench.till;
  const order = { operatorId, memberId, orderId, amountFen: fen(1_234) };
  const held = { ...order, nowMs: bench.clock.nowMs(), today: '2026-09-30' };
  const { reservationId, voucherFen } = getOrThrow(
    await bench.deps.db.transaction((tx) => reserveVouchers(tx, held)),
  );
  const request = bench.request('01', { orderId, memberId, reservationId, voucherFen });
  expect(await payThenBook(request, () => Promise.resolve())).toMatchObject({
    book_state: 'booked',
    voucher_fen: 600,
  });
  expect(await voucherOf(bench, memberId)).toEqual({ left: 0, held: 0, spent: 600 });
  expect(await broken()).toEqual([]);
});

it('the merchant’s rate is another one since: the sale keeps the one it was paid at', async () => {
  const booked = await payThenBook(bench.request('01'), () =>
    bench.deps.db.execute(sql`
      update merchant set concession_bp = 500 where merchant_id = ${bench.till.merchantId}`),
  );
  expect(booked).toMatchObject({ book_state: 'booked', concession_bp: 1_000 });
  expect(await broken()).toEqual([]);
});

it('an offline sale is debited in a month with other rules: its concession is that of the day its goods left', async () => {
  const sale = saleAt(bench, bench.till, newBearer(bench));
  const nowMs = bench.clock.nowMs();
  await bench.deps.db.transaction((tx) => enqueueOfflineSettlement(tx, { ...sale, nowMs }));
  await rulesChange({ concessionMinBp: basisPoints(1_500) });
  bench.clock.advance(2_000);
  await bench.runUntilQuiet();
  expect(await lineOf(sale)).toMatchObject({ book_state: 'booked', concession_bp: 1_000 });
  expect(await broken()).toEqual([]);
});

/** A plan that two people published (policy/wind-down.ts), stopping with October. */
async function stopped(): Promise<void> {
  await bench.deps.db.execute(sql`
    insert into operator_person (operator_id, person_id, name, key_hash, made_at_ms)
    values (${bench.till.operatorId}, 'prs_1', 'a', 'a', 0), (${bench.till.operatorId}, 'prs_2', 'b', 'b', 0)`);
  await bench.deps.db.execute(sql`
    insert into wind_down (operator_id, plan_no, stop_on, plan_zh, plan_en, proposed_by,
      proposed_at_ms, state, ended_by, ended_at_ms, ended_note)
    values (${bench.till.operatorId}, 1, '2026-10-01', '十月起不再发放新的积分', 'No new points from October on',
      'prs_1', 0, 'published', 'prs_2', 0, 'yes')`);
}

it('the programme stops in between: what was paid before gives its points, what begins after it carries no concession, and no law breaks', async () => {
  await stopped();
  expect(await payThenBook(bench.request('01'), () => Promise.resolve())).toMatchObject({
    book_state: 'booked',
    concession_bp: 1_000,
    ledger_date: '2026-10-01',
  });
  const after = bench.request('01');
  getOrThrow(await startCharge(bench.deps, bench.till, after));
  expect(await lineOf(after)).toMatchObject({ book_state: 'booked', concession_bp: 0 });
  expect(await broken()).toEqual([]);
});
