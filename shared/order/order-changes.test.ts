import { describe, expect, test } from 'vitest';
import { applyFact } from '#shared/order/order-machine.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { at, certificateId, facts, fold, memberId, orderId } from '#shared/testing/order-facts.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';

describe('what facts carry', () => {
  test('opening takes amount, day, cashier and entry', () => {
    expect(fold('order.opened')).toEqual({
      orderId,
      state: 'draft',
      amountFen: 1000,
      voucherFen: 0,
      concessionBp: 500,
      businessDate: '2026-11-22',
      openedAtMs: 1001,
      cashier: '小王',
      memberId: undefined,
      tender: undefined,
      attempt: 0,
      reason: undefined,
      lastSeq: 1,
    });
  });

  test('each tender names itself, and an offline acceptance names the member', () => {
    expect(fold('order.opened', 'charge.submitted')).toMatchObject({
      tender: { type: 'wallet', wallet: 'wechat', codeMask: '13****6789' },
      attempt: 1,
      lastSeq: 2,
    });
    expect(fold('order.opened', 'cash.recorded').tender).toEqual({
      type: 'cash',
      tenderedFen: 2000,
      changeFen: 1000,
    });
    expect(fold('order.opened', 'offline.accepted')).toMatchObject({
      tender: { type: 'member-code', certificateId },
      memberId,
    });
    expect(fold('order.opened', 'offline.accepted', 'offline.settled').voucherFen).toBe(300);
  });

  test('a promise carries who, what and the owner; being kept adds how and the day', () => {
    const tender = { type: 'promise', kind: 'iou', who: '王阿姨', approvedBy: '店主' };
    expect(fold('order.opened', 'offline.promised').tender).toEqual({
      ...tender,
      kept: null,
      broken: null,
    });
    expect(fold('order.opened', 'offline.promised', 'offline.promise-kept').tender).toEqual({
      ...tender,
      kept: { how: 'cash', businessDate: '2026-11-23', by: '小王' },
      broken: null,
    });
    expect(fold('order.opened', 'offline.promised', 'offline.promise-broken')).toMatchObject({
      reason: 'promise-broken',
      tender: { ...tender, kept: null, broken: { by: '小王', note: '不认账' } },
    });
  });

  test('a promise of another sum than what is due is refused', () => {
    const fact = facts(0)['offline.promised'];
    const less = { ...fact, body: { ...fact.body, amountFen: 999 } };
    expect(applyFact(fold('order.opened'), less, at(2))).toMatchObject({
      error: { why: 'amount' },
    });
  });

  test('a reason stays as long as it is true', () => {
    const failed = fold('order.opened', 'charge.submitted', 'charge.failed');
    expect(failed.reason).toBe('payment-code-expired');
    expect(fold('order.opened', 'charge.held', 'charge.expired').reason).toBe('held-code-expired');
    expect(
      fold('order.opened', 'charge.submitted', 'charge.failed', 'charge.submitted').reason,
    ).toBe(undefined);
    expect(fold('order.opened', 'charge.submitted', 'charge.failed', 'charge.paid').reason).toBe(
      'proofs-contradict',
    );
  });

  test('a code of a newer version is said to be one, not passed on as if it had words', () => {
    const fact = { ...facts(0)['order.voided'] };
    const newer = { ...fact, body: { ...fact.body, code: 'of-a-newer-version' } };
    expect(getOrThrow(applyFact(fold('order.opened'), newer, at(2))).reason).toBe(
      'code-not-catalogued',
    );
  });
});

describe('a fact that contradicts the order is refused', () => {
  const paid = facts(1)['charge.paid'];
  const cash = facts(0)['cash.recorded'];

  test('nothing comes before its opening', () => {
    expect(applyFact(undefined, paid, at(1))).toMatchObject({
      error: { from: 'none', why: 'state' },
    });
  });

  test('an answer about another attempt, or a charge that skips or repeats a number', () => {
    const order = fold('order.opened', 'charge.submitted', 'charge.failed', 'charge.submitted');
    expect(applyFact(order, paid, at(5))).toMatchObject({ error: { why: 'attempt' } });
    const failed = fold('order.opened', 'charge.submitted', 'charge.failed');
    for (const skip of [-1, 1]) {
      const submitted = facts(1 + skip)['charge.submitted'];
      expect(applyFact(failed, submitted, at(4))).toMatchObject({ error: { why: 'attempt' } });
    }
  });

  test.each([
    ['due is not what is left after vouchers', { dueFen: 999, tenderedFen: 999, changeFen: 0 }],
    ['change does not follow', { dueFen: 1000, tenderedFen: 2000, changeFen: 999 }],
    ['cash is short', { dueFen: 1000, tenderedFen: 500, changeFen: 0 }],
  ])('cash: %s', (_, sums) => {
    const fact = { ...cash, body: { orderId, ...sums } };
    expect(applyFact(fold('order.opened'), fact, at(2))).toMatchObject({
      error: { why: 'amount' },
    });
  });

  test('vouchers above the amount, a charge above the amount', () => {
    const open = facts(0)['order.opened'];
    const tooMuch = { ...open, body: { ...open.body, voucherFen: 1001 } };
    expect(applyFact(undefined, tooMuch, at(1))).toMatchObject({ error: { why: 'amount' } });
    const submitted = facts(0)['charge.submitted'];
    const more = { ...submitted, body: { ...submitted.body, amountFen: 1001 } };
    expect(applyFact(fold('order.opened'), more, at(2))).toMatchObject({
      error: { why: 'amount' },
    });
  });

  test('a print fact is no fact about an order', () => {
    const fact: EntryFact = { type: 'caps.applied', body: { capsVersion: 1 } };
    expect(applyFact(undefined, fact, at(1))).toMatchObject({
      error: { why: 'not-an-order-fact' },
    });
  });
});
