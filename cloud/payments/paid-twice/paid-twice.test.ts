import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readResults } from '#cloud/orders/results.ts';
import { findAttempt } from '#cloud/payments/attempt-store.ts';
import { rebookOnce } from '#cloud/payments/booking/parked-bookings.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import {
  openPaidTwiceDesk,
  why,
  type Json,
  type PaidTwiceDesk,
} from '#cloud/payments/paid-twice/testing/paid-twice-desk.ts';
import { resolutionAfterMs } from '#cloud/payments/payment-machine.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import { plantVoucher, voucherOf } from '#cloud/payments/testing/plant-voucher.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** A charge that was paid although its order has other money, and what two people make of it. */
let desk: PaidTwiceDesk;
let bench: PaidTwiceDesk['bench'];
let keys: PaidTwiceDesk['keys'];
beforeAll(async () => {
  desk = await openPaidTwiceDesk();
  ({ bench, keys } = desk);
});
beforeEach(() => bench.simulator.setFaults(() => 'none'));
afterAll(() => desk.close());

const call: PaidTwiceDesk['call'] = (...said) => desk.call(...said);
const propose: PaidTwiceDesk['propose'] = (...said) => desk.propose(...said);
const agree: PaidTwiceDesk['agree'] = (...said) => desk.agree(...said);
const decide: PaidTwiceDesk['decide'] = (...said) => desk.decide(...said);
const paidTwice: PaidTwiceDesk['paidTwice'] = (...said) => desk.paidTwice(...said);
const standing: PaidTwiceDesk['standing'] = (orderId) => desk.standing(orderId);
const leftAtChannel = (orderId: string) => desk.leftAtChannel(orderId);
const balance = (account: string) => desk.balance(account);
const broken = () => desk.broken();
const itemsOf = (orderId: string) => desk.itemsOf(orderId);
const calmed = async () => {
  await bench.runUntilQuiet({ withinMs: 400 * 86_400_000 });
  expect(await balance('payer_due')).toBe(0);
  expect(await broken()).toEqual([]);
};

describe('giving back', () => {
  it.each([
    ['inside the reversal window', 0],
    ['behind it', 8 * 86_400_000],
  ])(
    '%s: the list says what to do and who did it, and the money leaves once',
    async (_, waitMs) => {
      const orderId = await paidTwice();
      bench.clock.advance(waitMs);
      const [item] = await itemsOf(orderId);
      expect(item).toMatchObject({
        kind: 'paid-twice',
        resolvedBy: `/admin/v1/charges/${orderId}/1/paid-twice`,
      });
      expect(item!['words']).toContain('退还顾客');
      const proposed = await propose(orderId, 'give-back');
      expect(proposed.status).toBe(202);
      expect(await standing(orderId)).toMatchObject({ status: 'paid', book_state: 'parked' });
      const { actNo, proposedBy } = proposed.body;
      expect(await itemsOf(orderId)).toMatchObject([
        { kind: 'paid-twice', state: `act ${String(actNo)}: give-back`, owner: proposedBy },
      ]);
      const agreed = await agree(actNo);
      expect(agreed.body).toMatchObject({ state: 'done', outcome: { verdict: 'give-back' } });
      expect(await standing(orderId)).toMatchObject({ status: 'reversing', book_state: 'none' });
      expect(await balance('payer_due')).toBe(1_234);
      expect(await broken()).toEqual([]);
      const { endedBy } = agreed.body;
      expect(await itemsOf(orderId)).toMatchObject([
        { kind: 'paid-twice-returning', owner: endedBy },
      ]);
      await calmed();
      const gone = { status: 'refunded-late', book_state: 'none', ended_as: 'refunded-late' };
      expect(await standing(orderId)).toMatchObject({ ...gone, lines: 1, back_calls: 1 });
      expect(leftAtChannel(orderId)).toBe(0);
      expect(await itemsOf(orderId)).toEqual([]);
      const { body } = await call('GET', `merchants/${bench.till.merchantId}/payment-exceptions`);
      const told = { orderId, verdict: 'give-back', endedAs: 'refunded-late', why, proposedBy };
      expect((body['paidTwice'] as readonly Json[])[0]).toMatchObject({
        ...told,
        agreedBy: endedBy,
      });
      const { results } = await readResults(bench.deps.db, { ...bench.till, afterCursor: 0 });
      const last = results.filter((one) => one.orderId === orderId).at(-1);
      expect(last?.result).toBe('refunded-late');
    },
  );

  it('its vouchers are the member’s again at once: no sale spent them', async () => {
    const [memberId, orderId] = [bench.newMemberId(), bench.newOrderId()];
    await plantVoucher(bench, { memberId, amountFen: 300 });
    const { operatorId } = bench.till;
    const nowMs = bench.clock.nowMs();
    const order = { operatorId, memberId, orderId, amountFen: fen(1_234), nowMs };
    const reserved = await bench.deps.db.transaction((tx) =>
      reserveVouchers(tx, { ...order, today: accountingDate(nowMs) }),
    );
    const { reservationId, voucherFen } = getOrThrow(reserved);
    await paidTwice({ orderId, memberId, reservationId, voucherFen });
    expect(await voucherOf(bench, memberId)).toEqual({ left: 0, held: 0, spent: 300 });
    expect(await propose(orderId, 'keep')).toMatchObject({
      body: { code: 'paid-twice-not-keepable' },
    });
    await decide(orderId, 'give-back');
    expect(await voucherOf(bench, memberId)).toEqual({ left: 300, held: 0, spent: 0 });
    expect(await broken()).toEqual([]);
    await calmed();
    expect(await voucherOf(bench, memberId)).toEqual({ left: 300, held: 0, spent: 0 });
  });
});

describe('killed between each step, it goes back once', () => {
  it('in the transaction of the decision: nothing of it stays, and the same act is agreed to again', async () => {
    const orderId = await paidTwice();
    const { body } = await propose(orderId, 'give-back');
    await bench.deps.db.execute(
      sql.raw(`create function planted_end() returns trigger language plpgsql as
          $$ begin raise exception 'planted' using errcode = 'XX001'; end $$;
        create trigger planted_end before update on two_person_act for each row
          execute function planted_end()`),
    );
    try {
      expect((await agree(body['actNo'])).status).toBe(500);
    } finally {
      await bench.deps.db.execute(sql.raw('drop function planted_end cascade'));
    }
    expect(await standing(orderId)).toMatchObject({ status: 'paid', book_state: 'parked' });
    expect(await balance('payer_due')).toBe(0);
    expect((await agree(body['actNo'])).status).toBe(200);
    await calmed();
    expect(leftAtChannel(orderId)).toBe(0);
  });

  it.each(['lose-request', 'lose-answer', 'forge-answer'] as const)(
    'before the refund leaves, and with its answer unknown (%s): the next process follows it to the end',
    async (fault) => {
      const orderId = await paidTwice();
      bench.clock.advance(8 * 86_400_000);
      await decide(orderId, 'give-back');
      // The process that heard the decision is gone; the database knows all of it.
      bench.simulator.setFaults(() => fault);
      for (let turn = 0; turn < 3; turn += 1) {
        await runPaymentsOnce(bench.restarted());
        bench.clock.advance(3_600_000);
      }
      expect(await standing(orderId)).toMatchObject({ status: 'reversing', ended_as: null });
      expect(await balance('payer_due')).toBe(1_234);
      expect(await broken()).toEqual([]);
      bench.simulator.setFaults(() => 'none');
      await calmed();
      expect(await standing(orderId)).toMatchObject({ status: 'refunded-late' });
      expect(leftAtChannel(orderId)).toBe(0);
    },
  );

  it('after the channel gave it back and before that was stored: asked again, the answer is the same', async () => {
    const orderId = await paidTwice();
    bench.clock.advance(8 * 86_400_000);
    await decide(orderId, 'give-back');
    const channel = bench.deps.channels.get('wechat')!;
    const key = { operatorId: bench.till.operatorId, orderId: orderId as OrderId, attempt: 1 };
    const attempt = (await findAttempt(bench.deps.db, key))!;
    const refund = { outRefundNo: `${attempt.outTradeNo}R1`, refundFen: attempt.netFen };
    await channel.refund({ ...attempt, ...refund });
    expect(leftAtChannel(orderId)).toBe(0);
    await calmed();
    expect(await standing(orderId)).toMatchObject({ status: 'refunded-late' });
    const line = bench.simulator.books().find((one) => one.outTradeNo === attempt.outTradeNo);
    expect(line!.refundedFen).toBe(1_234);
  });
});

describe('two people', () => {
  it('two pairs at once: one act of a charge stands, and one of two agreements does it', async () => {
    const orderId = await paidTwice();
    const both = await Promise.all([
      propose(orderId, 'give-back', keys[0]),
      propose(orderId, 'keep', keys[2]),
    ]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    const actNo = both.find(({ status }) => status === 202)!.body['actNo'];
    const agreed = await Promise.all([agree(actNo, keys[1]), agree(actNo, keys[3])]);
    expect(agreed.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    const late = await propose(orderId, 'give-back', keys[2]);
    expect(late).toMatchObject({ status: 409, body: { code: 'paid-twice-not-found' } });
    await calmed();
  });

  it('one alone does nothing, and nothing is done to what is not parked as paid twice', async () => {
    const orderId = await paidTwice();
    const { body } = await propose(orderId, 'give-back');
    const alone = await agree(body['actNo'], keys[0]);
    expect(alone).toMatchObject({ status: 409, body: { code: 'policy-same-person' } });
    const nobody = await call('POST', `charges/${orderId}/1/paid-twice`, {
      body: { verdict: 'give-back', why },
    });
    expect(nobody).toMatchObject({ status: 403, body: { code: 'person-key-invalid' } });
    const fine = bench.request('01');
    getOrThrow(await startCharge(bench.deps, bench.till, fine));
    const failed = bench.request('12');
    getOrThrow(await startCharge(bench.deps, bench.till, failed));
    // Parked for another reason: no other money is in the books.
    const other = bench.request('01');
    const dying = bench.restarted();
    dying.bookings.attend({ wake: () => {} });
    getOrThrow(await startCharge(dying, bench.till, other));
    await bench.deps.db.execute(sql`
      update payment_attempt set book_state = 'parked' where order_id = ${other.orderId}`);
    for (const id of [fine.orderId, failed.orderId, other.orderId, bench.newOrderId()])
      for (const verdict of ['give-back', 'keep', 'keep-refunded'] as const)
        expect(await propose(id, verdict)).toMatchObject({
          status: 409,
          body: { code: 'paid-twice-not-found' },
        });
    await rebookOnce(bench.deps);
    await agree(body['actNo']);
    await calmed();
  });
});

describe('a channel that refuses', () => {
  it('stays in the list with who decided; a day later two people may say that the customer was paid by hand', async () => {
    const orderId = await paidTwice();
    // WeChat Pay refunds nothing that is older than a year.
    bench.clock.advance(370 * 86_400_000);
    await decide(orderId, 'give-back');
    await runPaymentsOnce(bench.deps);
    expect(await standing(orderId)).toMatchObject({ status: 'reversing' });
    const verdict = {
      verdict: 'paid',
      evidence: '渠道答复超过退款期限，已转账退给顾客，流水 20271001',
      channelRef: '4200001234',
      paidAtMs: bench.clock.nowMs(),
    };
    const resolve = (step: '' | '/confirm', key: string, body: object) =>
      call('POST', `charges/${orderId}/1/resolution${step}`, { key, body });
    const early = await resolve('', keys[0], verdict);
    expect(early).toMatchObject({ status: 409, body: { code: 'resolution-impossible' } });
    bench.clock.advance(resolutionAfterMs);
    await runPaymentsOnce(bench.deps);
    expect(leftAtChannel(orderId)).toBe(1_234);
    expect(await itemsOf(orderId)).toMatchObject([{ kind: 'paid-twice-returning' }]);
    const merchantFen = await balance('merchant_payable');
    expect((await resolve('', keys[0], verdict)).status).toBe(201);
    expect(await resolve('/confirm', keys[1], { note: '已复核' })).toMatchObject({
      body: { status: 'paid' },
    });
    expect(await standing(orderId)).toMatchObject({
      book_state: 'kept',
      ended_as: 'paid',
      lines: 1,
    });
    expect(await balance('merchant_payable')).toBe(merchantFen + 1_234);
    expect(await itemsOf(orderId)).toEqual([]);
    await calmed();
  });
});

describe('keeping what the channel took', () => {
  it('where the cash was never taken: one sale, concession owed as of cash, and the channel’s money is the merchant’s', async () => {
    const orderId = await paidTwice();
    const merchantFen = await balance('merchant_payable');
    const agreed = await decide(orderId, 'keep');
    expect(agreed.body).toMatchObject({ state: 'done', outcome: { verdict: 'keep' } });
    expect(await standing(orderId)).toMatchObject({
      status: 'paid',
      book_state: 'kept',
      lines: 1,
      back_calls: 0,
      ended_as: 'paid',
    });
    expect(await balance('merchant_payable')).toBe(merchantFen + 1_234);
    expect(await itemsOf(orderId)).toEqual([]);
    await calmed();
    expect(leftAtChannel(orderId)).toBe(1_234);
    expect(await rebookOnce(bench.deps)).toBe(0);
  });

  it('not where a box POS took the other money, or its sums differ', async () => {
    for (const other of [{ source: 'box' }, { lessFen: 200 }] as const) {
      const orderId = await paidTwice({}, other);
      expect(await propose(orderId, 'keep')).toMatchObject({
        status: 409,
        body: { code: 'paid-twice-not-keepable' },
      });
      await decide(orderId, 'give-back');
    }
    await calmed();
  });
});

it('planted violation: a journal without a decision, and a decision without its journal, break the law', async () => {
  const orderId = await paidTwice();
  await decide(orderId, 'keep');
  await bench.deps.db.execute(sql`
    update payment_attempt set book_state = 'booked' where order_id = ${orderId}`);
  expect(await broken()).toContain('paid-twice-is-settled-once');
  await bench.deps.db.execute(sql`
    update payment_attempt set book_state = 'kept' where order_id = ${orderId}`);
  expect(await broken()).toEqual([]);
});
