import { describe, expect, test } from 'vitest';
import type { BoxOutcome } from '#drivers/ecr/box-pos.ts';
import { fen } from '#shared/money/fen.ts';
import { fold, orderId } from '#shared/testing/order-facts.ts';
import { attemptOfNo, decideOnBox, intentOf } from '#terminal/agent/checkout/box/box-decisions.ts';

const sent = fold('order.opened', 'pos.sent');
const unknown = fold('order.opened', 'pos.sent', 'pos.unknown');
const heard = (outcome: BoxOutcome) => ({ outcome, nowMs: 5_000 });
const approved = (amountFen: number): BoxOutcome => ({
  type: 'approved',
  evidence: {
    boxRef: '000123',
    method: 'card',
    amountFen: fen(amountFen),
    paidAtMs: null,
    payerMask: '',
  },
});

describe('what a word of the box means', () => {
  test('yes to what is due is paid, with the box’s number and the time it was heard', () => {
    for (const order of [sent, unknown])
      expect(decideOnBox(order, 'query', heard(approved(1_000)))).toEqual({
        facts: [
          {
            type: 'pos.paid',
            body: {
              orderId,
              attempt: 1,
              amountFen: 1_000,
              boxRef: '000123',
              method: 'card',
              paidAtMs: 5_000,
            },
          },
        ],
        next: 'done',
      });
  });

  test.each([
    ['never set: 1970, eight hours east of it', -28_800_000],
    ['of the year 2000', 946_684_800_000],
    ['a day ahead', sent.openedAtMs + 86_400_000],
    ['not a time at all', Number.NaN],
  ])('a clock of the box that was %s dates no payment', (_, paidAtMs) => {
    const nowMs = sent.openedAtMs + 5_000;
    const yes = approved(1_000) as Extract<BoxOutcome, { type: 'approved' }>;
    const evidence = { ...yes.evidence, paidAtMs, boxRef: '7'.repeat(70) };
    const { facts } = decideOnBox(sent, 'sale', { outcome: { ...yes, evidence }, nowMs });
    expect(facts).toMatchObject([{ body: { paidAtMs: nowMs, boxRef: '7'.repeat(64) } }]);
    const honest = { ...yes.evidence, paidAtMs: nowMs - 1_000 };
    const said = decideOnBox(sent, 'sale', { outcome: { ...yes, evidence: honest }, nowMs });
    expect(said.facts).toMatchObject([{ body: { paidAtMs: nowMs - 1_000 } }]);
  });

  test.each([999, 1_001, 100_000])('yes to %i instead of 1,000 is not believed', (amountFen) => {
    expect(decideOnBox(sent, 'sale', heard(approved(amountFen)))).toEqual({
      facts: [{ type: 'pos.unknown', body: { orderId, attempt: 1, code: 'box-amount-mismatch' } }],
      next: 'ask',
    });
  });

  test('a sale that never left is not charged; a query that never left says nothing', () => {
    const notSent: BoxOutcome = { type: 'not-sent', code: 'device-missing' };
    expect(decideOnBox(sent, 'sale', heard(notSent))).toMatchObject({
      facts: [{ type: 'pos.failed', body: { code: 'device-missing' } }],
      next: 'done',
    });
    for (const order of [sent, unknown])
      expect(decideOnBox(order, 'query', heard(notSent))).toEqual({ facts: [], next: 'ask' });
    expect(decideOnBox(unknown, 'sale', heard(notSent))).toEqual({ facts: [], next: 'ask' });
  });

  test('not known is written once, and again only when people are to look', () => {
    const silent: BoxOutcome = { type: 'unknown', code: 'box-silent' };
    const other: BoxOutcome = { type: 'unknown', code: 'box-other-sale' };
    expect(decideOnBox(sent, 'sale', heard(silent)).facts).toHaveLength(1);
    expect(decideOnBox(unknown, 'query', heard(silent))).toEqual({ facts: [], next: 'ask' });
    expect(decideOnBox(unknown, 'query', heard(other)).facts).toMatchObject([
      { type: 'pos.unknown', body: { code: 'box-other-sale' } },
    ]);
    const told = { ...unknown, reason: 'box-other-sale' as const };
    expect(decideOnBox(told, 'query', heard(other)).facts).toEqual([]);
  });
});

test('the box finds a sale by our number of the attempt, and we find the order by it', () => {
  const { merchantOrderNo, amountFen } = intentOf(sent);
  expect(merchantOrderNo).toBe(`${orderId.slice(4)}01`);
  expect(amountFen).toBe(1_000);
  expect(attemptOfNo(merchantOrderNo)).toEqual({ orderId, attempt: 1 });
});

test.each([
  '',
  'A',
  `${orderId.slice(4)}00`,
  `${orderId.slice(4)}1`,
  `${orderId}01`,
  '9'.repeat(28),
])('%j is no number of ours', (text) => {
  expect(attemptOfNo(text)).toBeUndefined();
});
