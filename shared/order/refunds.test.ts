import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { applyFact } from '#shared/order/order-machine.ts';
import type { Order, OrderStateName } from '#shared/order/order.ts';
import {
  nextRefund,
  openRefundOf,
  refundableFenOf,
  refundedFenOf,
  refundMark,
  refundNoMax,
  refundsOf,
} from '#shared/order/refunds.ts';
import { concessionAfter, refundSteps } from '#shared/points/refund/refund.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { at, facts, fold, orderId } from '#shared/testing/order-facts.ts';
import type { EntryBody, EntryFact } from '#shared/wire/v1/entries.ts';

const paid = (amountFen = 1_000, voucherFen = 0): Order => ({
  ...fold('order.opened', 'charge.submitted', 'charge.paid'),
  amountFen: fen(amountFen),
  voucherFen: fen(voucherFen),
});
const take = (order: Order, fact: EntryFact): Order => getOrThrow(applyFact(order, fact, at(9)));
const ask = (order: Order, change: Partial<EntryBody<'refund.asked'>> = {}): EntryFact => ({
  type: 'refund.asked',
  body: { ...facts(0)['refund.asked'].body, refundNo: refundsOf(order).length + 1, ...change },
});
/** Asks for a part and lets it succeed by the parts that the rule says. */
function refund(order: Order, amountFen: number): Order {
  const asked = take(order, ask(order, { amountFen }));
  const { refundNo, cashFen, voucherFen } = openRefundOf(asked)!;
  return take(asked, {
    type: 'refund.done',
    body: { orderId, refundNo, cashFen, voucherFen },
  });
}
const doneOf500 = (cashFen: number): EntryFact => ({
  type: 'refund.done',
  body: { orderId, refundNo: 1, cashFen, voucherFen: 500 - cashFen },
});
/** What went back of an order: money, voucher. */
const sumsOf = (order: Order) =>
  refundsOf(order).reduce(
    (sum, { cashFen, voucherFen }) => [sum[0]! + cashFen, sum[1]! + voucherFen],
    [0, 0],
  );
const refusedBy = (order: Order, fact: EntryFact) => applyFact(order, fact, at(9));

describe('a refund', () => {
  test('stands beside the sale, which stays what it was; the mark says how far it went', () => {
    const before = paid();
    expect(refundMark(before)).toBeUndefined();
    const partly = refund(before, 400);
    expect(partly).toMatchObject({ state: 'paid', amountFen: 1_000, voucherFen: 0 });
    expect([refundedFenOf(partly), refundableFenOf(partly), refundMark(partly)]).toEqual([
      400,
      600,
      'partly',
    ]);
    const wholly = refund(partly, 600);
    expect([refundableFenOf(wholly), refundMark(wholly)]).toEqual([0, 'wholly']);
    expect(nextRefund(wholly, fen(1))).toEqual({ ok: false, error: { type: 'not-refundable' } });
  });

  test('one at a time: neither a second one nor another number while the first is open', () => {
    const asked = take(paid(), ask(paid()));
    for (const open of [asked, take(asked, facts(0)['refund.unknown'])]) {
      expect(refusedBy(open, ask(open, { amountFen: 1 }))).toMatchObject({
        error: { why: 'refund' },
      });
      expect(nextRefund(open, fen(1))).toMatchObject({ error: { type: 'refund-in-flight' } });
      expect(refundableFenOf(open)).toBe(0);
    }
    const other = { type: 'refund.failed', body: { orderId, refundNo: 2, code: 'refund-failed' } };
    expect(refusedBy(asked, other as EntryFact)).toMatchObject({ error: { why: 'refund' } });
  });

  test('twice the same answer is refused: it went back once', () => {
    const done = refund(paid(), 400);
    expect(refusedBy(done, facts(0)['refund.done'])).toMatchObject({ error: { why: 'refund' } });
    expect(refusedBy(done, ask(done, { refundNo: 1 }))).toMatchObject({ error: { why: 'refund' } });
  });

  test('one that failed took nothing: all of it may be asked for again, under the next number', () => {
    const failed = take(take(paid(), ask(paid())), facts(0)['refund.failed']);
    expect(refundedFenOf(failed)).toBe(0);
    expect(nextRefund(failed, fen(1_000))).toMatchObject({ value: { refundNo: 2 } });
  });

  test.each([0, 1_001])('of %i fen of 1,000 is refused', (amountFen) => {
    expect(nextRefund(paid(), fen(amountFen))).toMatchObject({
      error: { type: 'refund-too-large' },
    });
    expect(refusedBy(paid(), ask(paid(), { amountFen }))).toMatchObject({
      error: { why: 'refund' },
    });
  });

  test('by another way than the money came is refused', () => {
    for (const how of ['cash', 'box-slip'] as const)
      expect(refusedBy(paid(), ask(paid(), { how }))).toMatchObject({ error: { why: 'refund' } });
    const cash = fold('order.opened', 'cash.recorded');
    expect(refusedBy(cash, ask(cash))).toMatchObject({ error: { why: 'refund' } });
    expect(take(cash, ask(cash, { how: 'cash' })).refunds).toHaveLength(1);
  });

  test.each([
    ['cash', 'cash'],
    ['transfer', 'own-account'],
    ['static-code-seen', 'own-account'],
  ] as const)('of a promise kept by %s goes back by %s', (keptHow, how) => {
    const promised = fold('order.opened', 'offline.promised');
    const body = { orderId, how: keptHow, businessDate: '2026-11-23', cashier: '小王' };
    const kept = take(promised, { type: 'offline.promise-kept', body });
    expect(nextRefund(kept, fen(1_000))).toMatchObject({ value: { how } });
    for (const wrong of ['channel', 'box-slip'] as const)
      expect(refusedBy(kept, ask(kept, { how: wrong }))).toMatchObject({
        error: { why: 'refund' },
      });
    expect(take(kept, ask(kept, { how })).refunds).toHaveLength(1);
    // Written by tills before this rule: the money is gone, whatever the rule says now.
    expect(take(kept, ask(kept, { how: 'cash' })).refunds).toHaveLength(1);
  });

  test('of cash never goes back from an account', () => {
    const cash = fold('order.opened', 'cash.recorded');
    expect(refusedBy(cash, ask(cash, { how: 'own-account' }))).toMatchObject({
      error: { why: 'refund' },
    });
  });

  test('of an order without money is refused', () => {
    const states: OrderStateName[] = ['draft', 'submitting', 'unknown', 'failed', 'promised'];
    for (const state of states)
      expect(refusedBy({ ...paid(), state }, ask(paid()))).toMatchObject({ ok: false });
  });

  test(`number ${refundNoMax} is the last`, () => {
    let order = paid();
    for (let no = 1; no <= refundNoMax; no += 1) order = refund(order, 1);
    expect(nextRefund(order, fen(1))).toMatchObject({ error: { type: 'refunds-exhausted' } });
  });

  test('with other parts than the rule says is refused', () => {
    const asked = take(paid(1_000, 300), ask(paid(), { amountFen: 500 }));
    expect(refusedBy(asked, doneOf500(500))).toMatchObject({ error: { why: 'refund' } });
    expect(take(asked, doneOf500(350)).refunds).toMatchObject([{ cashFen: 350, voucherFen: 150 }]);
  });
});

test('any parts that make up the whole give back what one refund gives back, to the fen', () => {
  const orders = fc
    .record({
      amountFen: fc.integer({ min: 1, max: 5_000_000 }),
      voucherBp: fc.integer({ min: 0, max: 5_000 }),
      concessionBp: fc.integer({ min: 300, max: 2_000 }),
      cuts: fc.array(fc.double({ min: 0.001, max: 0.9, noNaN: true }), { maxLength: 12 }),
    })
    .map(({ amountFen, voucherBp, concessionBp, cuts }) => {
      const parts: number[] = [];
      let left = amountFen;
      for (const cut of cuts) {
        const part = Math.floor(left * cut);
        if (part > 0) parts.push(part);
        left -= Math.max(0, part);
      }
      return {
        order: { ...paid(amountFen, Math.floor((amountFen * voucherBp) / 10_000)), concessionBp },
        parts: [...parts, left],
      };
    });
  fc.assert(
    fc.property(orders, ({ order: bare, parts }) => {
      const order = bare as Order;
      const inParts = parts.reduce(refund, order);
      const atOnce = refund(order, order.amountFen);
      expect(sumsOf(inParts)).toEqual(sumsOf(atOnce));
      expect(sumsOf(atOnce)).toEqual([order.amountFen - order.voucherFen, order.voucherFen]);
      const { steps, concessionLeftFen } = refundSteps(order, parts.map(fen));
      expect(concessionLeftFen).toBe(0);
      expect(steps.reduce((sum, step) => sum + step.concessionReturnedFen, 0)).toBe(
        concessionAfter(order, fen(0)),
      );
      expect(steps.every((step) => step.cashRefundFen >= 0 && step.voucherRestoredFen >= 0)).toBe(
        true,
      );
    }),
    { numRuns: 500 },
  );
});
