import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { bookWaitingOnce } from '#cloud/payments/booking/booking-desk.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { parkedBookingsMax, rebookOnce } from '#cloud/payments/booking/parked-bookings.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { saveReviewRules } from '#cloud/review/review-store.ts';
import { reviewRulesDefault } from '#cloud/review/review-rules.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());
afterEach(() => heal());

/** The database throws when the points of these sales are written. */
async function breakFor(requests: readonly ChargeRequest[], code = 'XX001'): Promise<void> {
  const ids = requests.map(({ orderId }) => `'${orderId}'`).join(', ');
  await bench.deps.db.execute(
    sql.raw(`
    create function planted() returns trigger language plpgsql as
      $$ begin raise exception 'planted' using errcode = '${code}'; end $$;
    create trigger planted before insert on points_order for each row
      when (new.order_id in (${ids})) execute function planted()`),
  );
}
const heal = () =>
  bench.deps.db.execute(
    sql.raw(
      'drop trigger if exists planted on points_order; drop function if exists planted cascade',
    ),
  );

/** Paid by a process that dies before it books. */
async function payAndDie(): Promise<ChargeRequest> {
  const dying = bench.restarted();
  dying.bookings.attend({ wake: () => {} });
  const request = bench.request('01');
  getOrThrow(await startCharge(dying, bench.till, request));
  return request;
}
const bookOnce = (): Promise<number> =>
  runScoped({ type: 'across', work: 'payments' }, () => bookWaitingOnce(bench.restarted()));
const stateOf = async ({ orderId }: ChargeRequest): Promise<string | undefined> => {
  const { rows } = await bench.deps.db.execute<{ state: string }>(
    sql`select book_state as state from payment_attempt where order_id = ${orderId}`,
  );
  return rows[0]?.state;
};

it('one at which the database throws keeps no younger one from being booked again', async () => {
  const stuck = await payAndDie();
  const younger = await payAndDie();
  await bench.deps.db.execute(sql`
    update payment_attempt set book_state = 'parked', book_error = 'planted'
     where order_id in (${stuck.orderId}, ${younger.orderId})`);
  await breakFor([stuck]);
  expect(await rebookOnce(bench.deps)).toBe(1);
  expect([await stateOf(stuck), await stateOf(younger)]).toEqual(['parked', 'booked']);
  await heal();
  expect(await rebookOnce(bench.deps)).toBe(1);
  expect(await rebookOnce(bench.deps)).toBe(0);
});

it('however many the books refuse for good, a younger one has its turn', async () => {
  const request = await payAndDie();
  await bench.deps.db.execute(sql`
    update payment_attempt set book_state = 'parked' where order_id = ${request.orderId}`);
  // Older ones by the hundred, whose voucher reservations nobody knows.
  await bench.deps.db.execute(
    sql.raw(`
    create temp table planted_attempt as
      select * from payment_attempt where order_id = '${request.orderId}';
    insert into payment_attempt
      select (jsonb_populate_record(p, jsonb_build_object(
               'order_id', 'ord_01J0000000000000000000' || to_char(n, 'FM0000'),
               'out_trade_no', 'planted' || n, 'submitted_at_ms', n, 'lease_until_ms', 0,
               'reservation_id', 'rsv_unknown', 'voucher_fen', 1))).*
        from planted_attempt p, generate_series(1, ${parkedBookingsMax + 20}) n;
    drop table planted_attempt`),
  );
  bench.clock.advance(60_000);
  expect(await rebookOnce(bench.deps)).toBe(0);
  bench.clock.advance(60_000);
  expect(await rebookOnce(bench.deps)).toBe(1);
  expect(await stateOf(request)).toBe('booked');
  await bench.deps.db.execute(sql`delete from payment_attempt where submitted_at_ms <= 1000`);
});

it('a sale that was parked because the database threw is looked at by the rules of review when it is booked', async () => {
  const { operatorId } = bench.till;
  const nowMs = bench.clock.nowMs();
  const rules = {
    ...reviewRulesDefault,
    sameAmount: { ...reviewRulesDefault.sameAmount, count: 1 },
  };
  await saveReviewRules(bench.deps.db, { operatorId, rules, by: 'x', nowMs });
  const request = await payAndDie();
  await breakFor([request]);
  await bookOnce();
  expect(await stateOf(request)).toBe('parked');
  const holds = () =>
    bench.deps.db.execute(sql`select 1 from review_hold where order_id = ${request.orderId}`);
  expect((await holds()).rows).toHaveLength(0);
  await heal();
  expect(await rebookOnce(bench.deps)).toBe(1);
  expect((await holds()).rows).toHaveLength(1);
});

it('a database that is busy parks nothing: the charge keeps waiting for its booking', async () => {
  const request = await payAndDie();
  await breakFor([request], '53200');
  await expect(bookOnce()).rejects.toThrow();
  expect(await stateOf(request)).toBe('none');
  await heal();
  expect(await bookOnce()).toBe(1);
  expect(await stateOf(request)).toBe('booked');
});
