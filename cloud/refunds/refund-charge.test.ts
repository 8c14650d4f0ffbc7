import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MemberId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import {
  createPaymentBench,
  provisionTill,
  type PaymentBench,
} from '#cloud/payments/testing/payment-bench.ts';
import { plantVoucher, voucherOf } from '#cloud/payments/testing/plant-voucher.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { askRefund, readRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';

/** Refunds of charges: the real books, a real database and the channel simulator over HTTP. */
let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

const dayMs = 86_400_000;
const pay = async (change: Partial<ChargeRequest> = {}): Promise<ChargeRequest> => {
  const request = bench.request('01', change);
  expect(getOrThrow(await startCharge(bench.deps, bench.till, request)).status).toBe('paid');
  return request;
};
const ask = (
  { orderId }: Pick<ChargeRequest, 'orderId'>,
  refundNo: number,
  amountFen: number,
  till = bench.till,
) =>
  askRefund(bench.deps, till, {
    orderId: orderId as OrderId,
    refundNo,
    amountFen,
    cashier: '小王',
    reason: '退货',
  });
const lineOf = async ({ orderId }: Pick<ChargeRequest, 'orderId'>) => {
  const { rows } = await bench.deps.db.execute(sql`
    select refunded_fen, refunded_net_fen, returned_concession_fen, returned_same_day_fen,
           returned_reserve_fen from settlement_line where order_id = ${orderId}`);
  return rows[0];
};
/** What the channel has given back of an order. */
const backAtChannel = ({ orderId }: Pick<ChargeRequest, 'orderId'>): number =>
  bench.simulator
    .books()
    .filter((line) => line.outTradeNo.startsWith(orderId.slice(4)))
    .reduce((sum, line) => sum + line.refundedFen, 0);
const provesItself = async () => {
  const { operatorId } = bench.till;
  const proofs = await proveBooks({ db: bench.deps.db, operatorId });
  expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
};
const settleRefunds = async (): Promise<void> => {
  for (let step = 0; step < 200; step += 1) {
    if ((await runRefundsOnce(bench.deps)) > 0) continue;
    const { rows } = await bench.deps.db.execute<{ next: number | null }>(sql`
      select min(greatest(next_at_ms, lease_until_ms)) as next from order_refund
       where next_at_ms is not null`);
    const nextAtMs = rows[0]?.next ?? undefined;
    if (nextAtMs === undefined) return;
    bench.clock.advanceTo(nextAtMs);
  }
  throw new Error('refunds are not quiet');
};

it('a whole refund inside the hold: the channel gives all of it back, concession and points too', async () => {
  const sale = await pay({ amountFen: 10_000 });
  expect(await ask(sale, 1, 10_000)).toMatchObject({
    value: { status: 'done', cashFen: 10_000, voucherFen: 0, concessionFen: 1_000, points: 1_000 },
  });
  expect(backAtChannel(sale)).toBe(10_000);
  expect(await lineOf(sale)).toEqual({
    refunded_fen: 10_000,
    refunded_net_fen: 10_000,
    returned_concession_fen: 1_000,
    returned_same_day_fen: 8_000,
    returned_reserve_fen: 2_000,
  });
  expect(await ask(sale, 2, 1)).toEqual({ ok: false, error: { code: 'refund-not-possible' } });
  await provesItself();
});

it('refunds in parts end where one refund of the whole ends, to the fen', async () => {
  const [inParts, atOnce] = [await pay({ amountFen: 9_997 }), await pay({ amountFen: 9_997 })];
  for (const [index, amountFen] of [1, 3_333, 7, 6_656].entries())
    expect(await ask(inParts, index + 1, amountFen)).toMatchObject({ value: { status: 'done' } });
  await ask(atOnce, 1, 9_997);
  expect(await lineOf(inParts)).toEqual(await lineOf(atOnce));
  await provesItself();
});

it('the same number twice gives back once; with another amount, or above what is left, it is refused', async () => {
  const sale = await pay({ amountFen: 5_000 });
  const [first, again] = await Promise.all([ask(sale, 1, 2_000), ask(sale, 1, 2_000)]);
  expect([first.ok, again.ok]).toEqual([true, true]);
  await settleRefunds();
  expect(await ask(sale, 1, 2_000)).toMatchObject({ value: { status: 'done', points: 200 } });
  expect(backAtChannel(sale)).toBe(2_000);
  expect(await ask(sale, 1, 1_999)).toEqual({ ok: false, error: { code: 'idempotency-mismatch' } });
  expect(await ask(sale, 2, 3_001)).toEqual({ ok: false, error: { code: 'refund-too-large' } });
});

it('two tills that refund the same order at once never give back more than it was', async () => {
  const other = {
    ...bench.till,
    terminalId: (await provisionTill(bench.cloud, '1900000110')).terminalId,
  };
  for (let round = 0; round < 6; round += 1) {
    const sale = await pay({ amountFen: 3_000 });
    await Promise.all([
      ask(sale, 1, 2_000),
      ask(sale, 1, 2_000, other),
      ask(sale, 2, 2_000, other),
    ]);
    await settleRefunds();
    expect(backAtChannel(sale)).toBe(2_000);
  }
  await provesItself();
});

it('an unknown result stays open, keeps others out, and becomes what the channel did', async () => {
  const sale = await pay({ amountFen: 4_000 });
  let faulty = true;
  bench.simulator.setFaults(() => (faulty ? 'lose-answer' : 'none'));
  expect(await ask(sale, 1, 1_500)).toMatchObject({
    value: { status: 'refunding', code: 'refund-unknown' },
  });
  expect(await ask(sale, 2, 1)).toEqual({ ok: false, error: { code: 'refund-in-flight' } });
  faulty = false;
  await settleRefunds();
  const key = { orderId: sale.orderId as OrderId, refundNo: 1 };
  expect(await readRefund(bench.deps, bench.till, key)).toMatchObject({
    value: { status: 'done', concessionFen: 150 },
  });
  expect(backAtChannel(sale)).toBe(1_500);
  await provesItself();
});

it('a request that never arrived is sent again under the same number', async () => {
  const sale = await pay({ amountFen: 4_000 });
  let faulty = true;
  bench.simulator.setFaults(() => (faulty ? 'lose-request' : 'none'));
  expect(await ask(sale, 1, 4_000)).toMatchObject({ value: { status: 'refunding' } });
  expect(backAtChannel(sale)).toBe(0);
  faulty = false;
  await settleRefunds();
  expect(backAtChannel(sale)).toBe(4_000);
  await provesItself();
});

it('after the hold the shop bears all of it: money and points go back, the concession does not', async () => {
  const memberId = bench.newMemberId();
  const sale = await pay({ amountFen: 10_000, memberId });
  bench.clock.advanceTo(bench.clock.nowMs() + 8 * dayMs);
  const { operatorId } = bench.till;
  const asOfMs = bench.clock.nowMs();
  await bench.deps.db.transaction((tx) => runFinality(tx, { operatorId, asOfMs }));
  const before = await payableOf();
  expect(await ask(sale, 1, 5_000)).toMatchObject({
    value: { status: 'done', concessionFen: 0, points: 500 },
  });
  expect((await payableOf()) - before).toBe(-5_000);
  const { rows } = await bench.deps.db.execute(sql`
    select issued, released from account_points where member_id = ${memberId}`);
  expect(rows).toEqual([{ issued: 500, released: 0 }]);
  await provesItself();
});
const payableOf = async (): Promise<number> => {
  const { rows } = await bench.deps.db.execute<{ fen: number }>(sql`
    select coalesce(sum(balance_fen), 0)::bigint as fen from ledger_balance
     where account = 'merchant_payable' and book = ${bench.till.merchantId}`);
  return rows[0]!.fen;
};

it('the end of the hold and refunds that race: whoever comes first decides, and the books agree', async () => {
  const { operatorId } = bench.till;
  const sales = [];
  for (let index = 0; index < 8; index += 1) sales.push(await pay({ amountFen: 7_001 + index }));
  bench.clock.advanceTo(bench.clock.nowMs() + 8 * dayMs);
  const asOfMs = bench.clock.nowMs();
  const finish = () => bench.deps.db.transaction((tx) => runFinality(tx, { operatorId, asOfMs }));
  await Promise.all([finish(), ...sales.map((sale) => ask(sale, 1, 3_333)), finish()]);
  await settleRefunds();
  await finish();
  expect(sales.map(backAtChannel)).toEqual(sales.map(() => 3_333));
  await provesItself();
});

it('vouchers go back to the wallet in their part, with a week to spend them when they had ended', async () => {
  const memberId: MemberId = bench.newMemberId();
  const orderId = bench.newOrderId();
  await plantVoucher(bench, { memberId, amountFen: 3_000 });
  const { operatorId } = bench.till;
  const nowMs = bench.clock.nowMs();
  const order = { operatorId, memberId, orderId, amountFen: fen(10_000), nowMs };
  const { reservationId, voucherFen } = getOrThrow(
    await bench.deps.db.transaction((tx) =>
      reserveVouchers(tx, { ...order, today: accountingDate(nowMs) }),
    ),
  );
  const sale = await pay({ orderId, memberId, reservationId, voucherFen, amountFen: 10_000 });
  expect(await voucherOf(bench, memberId)).toEqual({ left: 0, held: 0, spent: 3_000 });
  await bench.deps.db.execute(sql`
    update voucher set expires_on = '2026-01-01' where member_id = ${memberId}`);
  expect(await ask(sale, 1, 5_000)).toMatchObject({
    value: { status: 'done', cashFen: 3_500, voucherFen: 1_500 },
  });
  expect(await voucherOf(bench, memberId)).toEqual({ left: 1_500, held: 0, spent: 1_500 });
  const { rows } = await bench.deps.db.execute<{ days: number }>(sql`
    select expires_on - ${accountingDate(bench.clock.nowMs())}::date as days from voucher
     where member_id = ${memberId}`);
  expect(rows).toEqual([{ days: 7 }]);
  await ask(sale, 2, 5_000);
  expect(await voucherOf(bench, memberId)).toEqual({ left: 3_000, held: 0, spent: 0 });
  await provesItself();
});

it('an order of another shop, or one that nobody paid, is not refunded', async () => {
  const sale = await pay();
  const stranger = await provisionTill(bench.cloud, '1900000111');
  const unknown = { ok: false, error: { code: 'order-not-found' } };
  expect(await ask(sale, 1, 1, stranger)).toEqual(unknown);
  expect(await ask({ orderId: bench.newOrderId() }, 1, 1)).toEqual(unknown);
});
