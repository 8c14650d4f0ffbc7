import { sql } from 'drizzle-orm';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { readResults } from '#cloud/orders/results.ts';
import { paidOrderOf } from '#cloud/payments/booking/book-attempt.ts';
import { bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import { startBooker } from '#cloud/payments/booking/booker.ts';
import { findAttempt } from '#cloud/payments/attempt-store.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import type { OfflineSettlementDeps } from '#cloud/payments/offline/settlement.ts';
import { paymentLaws } from '#cloud/payments/payment-laws.ts';
import { listOpenItems } from '#cloud/reconciliation/open-items.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';

let bench: PaymentBench;
/**
 * A process that dies between a payment and its booking: its booker is told and does nothing more.
 */
let dying: OfflineSettlementDeps;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());
beforeEach(() => {
  dying = bench.restarted();
  dying.bookings.attend({ wake: () => {} });
});

const keyOf = (request: ChargeRequest) => ({
  operatorId: bench.till.operatorId,
  orderId: request.orderId as OrderId,
  attempt: 1,
});

async function payAndDie(count: number): Promise<readonly ChargeRequest[]> {
  const requests = Array.from({ length: count }, () => bench.request('01'));
  const answers = await Promise.all(requests.map((one) => startCharge(dying, bench.till, one)));
  expect(answers.every((answer) => answer.ok && answer.value.status === 'paid')).toBe(true);
  return requests;
}

interface Standing extends Record<string, unknown> {
  book_state: string;
  book_error: string | null;
  lines: number;
  journals: number;
  points: number;
}

async function standingOf(request: ChargeRequest): Promise<Standing> {
  const { rows } = await bench.deps.db.execute<Standing>(sql`
    select a.book_state, a.book_error,
           (select count(*) from settlement_line l where l.order_id = a.order_id) as lines,
           (select count(*) from ledger_txn t where t.idem_key = 'sale:' || a.order_id) as journals,
           (select count(*) from points_order p where p.order_id = a.order_id) as points
      from payment_attempt a where a.order_id = ${request.orderId}`);
  return rows[0]!;
}

const unbooked = { book_state: 'none', book_error: null, lines: 0, journals: 0, points: 0 };
const booked = { book_state: 'booked', book_error: null, lines: 1, journals: 1, points: 1 };

const bookOnce = (): Promise<number> =>
  runScoped({ type: 'across', work: 'payments' }, () => bookWaitingOnce(bench.restarted()));

const brokenLaws = async (): Promise<readonly string[]> =>
  (
    await proveLaws(bench.deps.db, {
      operatorId: bench.till.operatorId,
      laws: [...ledgerLaws, ...settlementLaws, ...paymentLaws],
    })
  )
    .filter((proof) => !proof.holds)
    .map((proof) => proof.name);

it('killed between a payment and its booking: the till has its result, the next process books it, once', async () => {
  const [request] = await payAndDie(1);
  expect(await standingOf(request!)).toEqual(unbooked);
  const { results } = await readResults(bench.deps.db, { ...bench.till, afterCursor: 0 });
  expect(results.filter((one) => one.orderId === request!.orderId)).toMatchObject([
    { result: 'paid', attempt: 1 },
  ]);
  const booker = startBooker(bench.restarted());
  for (let polls = 0; (await standingOf(request!)).book_state === 'none'; polls += 1) {
    expect(polls).toBeLessThan(500);
    await sleep(20);
  }
  await booker.stop();
  expect(await standingOf(request!)).toEqual(booked);
  expect(await bookOnce()).toBe(0);
  expect(await brokenLaws()).toEqual([]);
});

it('a charge is answered without waiting for the books while a booker attends, and is booked soon after', async () => {
  const deps = bench.restarted();
  const booker = startBooker(deps);
  const requests = Array.from({ length: 8 }, () => bench.request('01'));
  const answers = await Promise.all(requests.map((one) => startCharge(deps, bench.till, one)));
  expect(answers.every((answer) => answer.ok && answer.value.status === 'paid')).toBe(true);
  for (const request of requests)
    for (let polls = 0; (await standingOf(request)).book_state === 'none'; polls += 1) {
      expect(polls).toBeLessThan(500);
      await sleep(20);
    }
  await booker.stop();
  expect(await Promise.all(requests.map(standingOf))).toEqual(requests.map(() => booked));
  expect(await brokenLaws()).toEqual([]);
});

it('several bookers at once: every sale is booked once', async () => {
  const requests = await payAndDie(24);
  const taken = await Promise.all([bookOnce(), bookOnce(), bookOnce()]);
  expect(taken.reduce((sum, one) => sum + one, 0)).toBe(24);
  expect(await Promise.all(requests.map(standingOf))).toEqual(requests.map(() => booked));
  expect(await brokenLaws()).toEqual([]);
});

it('one that the books refuse is parked with its reason, and the others of its batch are booked', async () => {
  const requests = await payAndDie(5);
  const refused = requests[2]!;
  const attempt = (await findAttempt(bench.deps.db, keyOf(refused)))!;
  const cash = { ...paidOrderOf(attempt, bench.clock.nowMs()), source: 'cash', channel: 'cash' };
  await bench.deps.db.transaction(async (tx) =>
    getOrThrow(await bookPaidOrders(tx, [cash as typeof cash & { readonly source: 'cash' }])),
  );
  expect(await bookOnce()).toBe(5);
  const all = await Promise.all(requests.map(standingOf));
  expect(all.map((one) => one.book_state)).toEqual([
    'booked',
    'booked',
    'parked',
    'booked',
    'booked',
  ]);
  expect(all[2]!.book_error).toContain('order-contradicted');
  // The customer paid twice: people read that it is so, and what to do.
  const { operatorId } = bench.till;
  const query = { operatorId, nowMs: bench.clock.nowMs(), channelsWithoutBill: [] };
  const items = await listOpenItems(bench.deps.db, query);
  const open = items.find(({ ref }) => ref === `${refused.orderId}:1`);
  expect(open).toMatchObject({ kind: 'paid-twice', amountFen: attempt.netFen });
  expect(open?.words).toContain('退还顾客');
});

it('one that the database itself refuses does not keep the others out', async () => {
  const requests = await payAndDie(3);
  const { db } = bench.deps;
  await db.execute(sql`
    create function planted() returns trigger language plpgsql as
      $$ begin raise exception 'planted' using errcode = 'XX001'; end $$`);
  await db.execute(
    sql.raw(`
    create trigger planted before insert on points_order for each row
      when (new.order_id = '${requests[1]!.orderId}') execute function planted()`),
  );
  try {
    expect(await bookOnce()).toBe(3);
  } finally {
    await db.execute(sql`drop trigger planted on points_order`);
    await db.execute(sql`drop function planted`);
  }
  const all = await Promise.all(requests.map(standingOf));
  expect(all).toMatchObject([booked, { book_state: 'parked', lines: 0, journals: 0 }, booked]);
  expect(all[1]!.book_error).toContain('XX001');
});
