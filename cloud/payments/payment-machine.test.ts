import { array, assert, constantFrom, integer, option, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregatorCodes as codes } from '#cloud/payments/channels/aggregator/codes.ts';
import type {
  ChargeOutcome,
  QueryOutcome,
  ReverseOutcome,
} from '#cloud/channel/channel-exchange.ts';
import {
  askCancel,
  beginAttempt,
  deadlineMsOf,
  isFinal,
  learn,
  type AttemptProgress,
  type Learned,
} from '#cloud/payments/payment-machine.ts';
import { attemptTiming, fasterTiming, paymentTiming } from '#cloud/payments/payment-timing.ts';

const dayMs = 86_400_000;
const refunds = { refundWindowMs: 365 * dayMs, refundsPerOrderMax: 50 };
const weekLong = { ...refunds, reverseNotBeforeMs: 15_000, reverseWindowMs: 7 * dayMs };
const dayLong = {
  ...refunds,
  reverseNotBeforeMs: 0,
  reverseWindowMs: dayMs,
  unknownNumberFinalAfterMs: 75_000,
};
/** WeChat Pay's limits; where Alipay's matter, a test says so. */
const timing = attemptTiming(paymentTiming, weekLong);
const atAlipay = attemptTiming(paymentTiming, dayLong);

const t0 = 1_000_000;
const begun = beginAttempt({ pace: 'wechat', submittedAtMs: t0 }, timing);
const paid = { type: 'paid', channelRef: '42', paidAtMs: t0 } as const;
const unknown = { type: 'unknown', code: 'SYSTEM_ERROR' } as const;
const paying = { type: 'paying', code: 'USERPAYING' } as const;
const unpaid = { type: 'unpaid', code: 'NOTPAY' } as const;

const charged = (outcome: ChargeOutcome, afterMs = 200, from = begun): AttemptProgress =>
  learn(from, { from: 'charge', outcome }, { nowMs: t0 + afterMs, timing, codes });
const queried = (from: AttemptProgress, outcome: QueryOutcome, afterMs: number): AttemptProgress =>
  learn(from, { from: 'query', outcome }, { nowMs: t0 + afterMs, timing, codes });
const reversed = (from: AttemptProgress, outcome: ReverseOutcome, afterMs: number) =>
  learn(from, { from: 'reverse', outcome }, { nowMs: t0 + afterMs, timing, codes });

describe('the first answer', () => {
  it('paid is final at once', () => {
    expect(charged(paid)).toMatchObject({ status: 'paid', channelRef: '42', next: undefined });
  });

  it('a whitelisted failure is final and names the words for the till', () => {
    const failed = charged({ type: 'failed', code: 'AUTH_CODE_EXPIRED' });
    expect(failed).toMatchObject({ status: 'failed', code: 'payment-code-expired' });
  });

  it('silence is unknown and is queried 5 s later', () => {
    const silent = charged({ type: 'unknown', code: 'no-answer' }, 10_000);
    expect(silent).toMatchObject({ status: 'unknown', code: 'channel-unknown' });
    expect(silent.next).toEqual({ type: 'query', atMs: t0 + 15_000 });
  });

  it('a code nobody has seen is unknown, never a failure', () => {
    expect(charged({ type: 'unknown', code: 'BRAND_NEW' }).status).toBe('unknown');
  });

  it('a payment that broke off is reversed, but not before 15 s', () => {
    const broken = charged({ type: 'broken-off', code: 'TRADE_ERROR' });
    expect(broken).toMatchObject({ status: 'reversing' });
    expect(broken.next).toEqual({ type: 'reverse', atMs: t0 + 15_500 });
  });

  it('a process that died during the charge leaves a query due after the read timeout', () => {
    expect(begun.next).toEqual({ type: 'query', atMs: t0 + 10_000 });
  });
});

describe('asking', () => {
  it('a payer at his password is asked about every 5 s until the deadline, then reversed without a gap', () => {
    let progress = charged(paying);
    const asked: number[] = [];
    while (progress.status === 'waiting-payer') {
      const next = progress.next!;
      asked.push(next.atMs - t0);
      progress = learn(
        progress,
        { from: 'query', outcome: paying },
        { nowMs: next.atMs, timing, codes },
      );
    }
    expect(asked).toEqual([5_200, 10_200, 15_200, 20_200, 25_200, 30_200, 35_200, 40_200, 45_000]);
    expect(progress.next).toEqual({ type: 'reverse', atMs: t0 + 45_000 });
  });

  it('an alipay payer has 60 s', () => {
    expect(deadlineMsOf({ pace: 'alipay', submittedAtMs: t0 }, timing)).toBe(t0 + 60_000);
  });

  it('unpaid proves nothing in the first 15 s, and closes the order after them', () => {
    const first = queried(charged(unknown), unpaid, 5_200);
    expect(first).toMatchObject({ status: 'unknown', next: { type: 'query', atMs: t0 + 10_200 } });
    const later = queried(first, unpaid, 15_200);
    expect(later).toMatchObject({
      status: 'reversing',
      next: { type: 'reverse', atMs: t0 + 15_500 },
    });
  });

  it('paid found by a query before anybody gave up is a sale', () => {
    expect(queried(charged(unknown), paid, 44_999).status).toBe('paid');
  });

  it('an unreachable channel is asked until the deadline, then reversed', () => {
    const late = queried(charged(unknown), { type: 'unknown', code: 'no-answer' }, 45_000);
    expect(late.status).toBe('reversing');
  });
});

describe('cancelling', () => {
  it('a definite result stays what it is', () => {
    const done = charged(paid);
    expect(askCancel(done, t0 + 300, timing)).toBe(done);
  });

  it('a waiting charge is reversed as soon as the channel allows it', () => {
    const cancelled = askCancel(charged(paying), t0 + 3_000, timing);
    expect(cancelled).toMatchObject({ status: 'reversing', cancelWanted: true });
    expect(cancelled.next).toEqual({ type: 'reverse', atMs: t0 + 15_500 });
  });

  it('closed after a cancel is reversed; the words say who gave up', () => {
    const cancelled = askCancel(charged(paying), t0 + 20_000, timing);
    expect(reversed(cancelled, { type: 'closed' }, 20_100)).toMatchObject({
      status: 'reversed',
      code: 'cancelled-by-cashier',
    });
    const timedOut = queried(charged(paying), paying, 45_000);
    expect(reversed(timedOut, { type: 'closed' }, 45_100).code).toBe('payer-gave-up');
  });

  it('money that arrives after the cancel goes back and is never a sale', () => {
    const cancelled = askCancel(begun, t0 + 1_000, timing);
    const late = charged(paid, 2_000, cancelled);
    expect(late).toMatchObject({ status: 'reversing', foundPaid: true });
    expect(late.next).toEqual({ type: 'reverse', atMs: t0 + 15_500 });
    expect(reversed(late, { type: 'refunded' }, 15_000).status).toBe('refunded-late');
  });

  it('money found after the attempt had ended without it goes back', () => {
    const failed = charged({ type: 'failed', code: 'NOT_ENOUGH' });
    const found = queried(failed, paid, 20_000);
    expect(found).toMatchObject({ status: 'reversing', foundPaid: true });
  });

  it('a reversal that gets no answer is repeated 6 times each 5 s, then by the janitor, without end', () => {
    let progress = askCancel(charged(paying), t0 + 20_000, timing);
    const pauses: number[] = [];
    for (let round = 0; round < 14; round += 1) {
      const nowMs = progress.next!.atMs;
      progress = learn(progress, { from: 'reverse', outcome: unknown }, { nowMs, timing, codes });
      pauses.push((progress.next!.atMs - nowMs) / 1_000);
    }
    expect(pauses).toEqual([5, 5, 5, 5, 5, 5, 60, 300, 900, 3_600, 21_600, 86_400, 86_400, 86_400]);
  });

  it('an order too old to reverse is looked at, and refunded when it was paid', () => {
    const cancelled = askCancel(charged(paying), t0 + 20_000, timing);
    const weekMs = timing.reverseWindowMs + 1;
    const late = reversed(cancelled, unknown, weekMs);
    expect(late.next?.type).toBe('query');
    expect(queried(late, paid, weekMs + 10_000).next?.type).toBe('refund');
    expect(queried(late, unpaid, weekMs + 10_000).status).toBe('reversed');
  });
});

const outcomes = constantFrom<Learned>(
  { from: 'charge', outcome: paid },
  { from: 'charge', outcome: unknown },
  { from: 'charge', outcome: paying },
  { from: 'charge', outcome: { type: 'failed', code: 'NOT_ENOUGH' } },
  { from: 'charge', outcome: { type: 'broken-off', code: 'TRADE_ERROR' } },
  { from: 'query', outcome: paid },
  { from: 'query', outcome: unpaid },
  { from: 'query', outcome: paying },
  { from: 'query', outcome: unknown },
  { from: 'query', outcome: { type: 'closed' } },
  { from: 'query', outcome: { type: 'refunded' } },
  { from: 'reverse', outcome: { type: 'closed' } },
  { from: 'reverse', outcome: { type: 'refunded' } },
  { from: 'reverse', outcome: { type: 'too-early' } },
  { from: 'reverse', outcome: { type: 'no-such-order', code: 'action-missing' } },
  { from: 'reverse', outcome: { type: 'window-over' } },
  { from: 'reverse', outcome: unknown },
  { from: 'refund', outcome: { type: 'refunded' } },
);

describe('laws under any order of answers', () => {
  it('paid never changes, a wish to cancel is never forgotten, an open attempt always has a next step', () => {
    assert(
      property(
        constantFrom('wechat', 'alipay', 'unionpay', 'withholding'),
        array(tuple(option(outcomes), integer({ min: 0, max: 90_000 })), {
          maxLength: 30,
        }),
        constantFrom(timing, atAlipay),
        (pace, events, rules) => {
          let progress = beginAttempt({ pace, submittedAtMs: t0 }, rules);
          let nowMs = t0;
          for (const [learned, pauseMs] of events) {
            nowMs += pauseMs;
            const before = progress;
            progress =
              learned === null
                ? askCancel(before, nowMs, rules)
                : learn(before, learned, { nowMs, timing: rules, codes });
            if (before.status === 'paid') expect(progress).toEqual(before);
            if (before.cancelWanted) {
              expect(progress.cancelWanted).toBe(true);
              expect(progress.status === 'paid').toBe(false);
            }
            expect(progress.next === undefined).toBe(isFinal(progress.status));
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a channel that reverses at once, for a day, and never seals a number', () => {
  const begunThere = beginAttempt({ pace: 'alipay', submittedAtMs: t0 }, atAlipay);
  const at = (nowMs: number) => ({ nowMs: t0 + nowMs, timing: atAlipay, codes });
  const there = (outcome: ChargeOutcome, afterMs = 200) =>
    learn(begunThere, { from: 'charge', outcome }, at(afterMs));
  const noSuchOrder = { type: 'no-such-order', code: 'action-missing' } as const;
  const notKnown = { type: 'unpaid', code: 'ACQ.TRADE_NOT_EXIST' } as const;

  it('a waiting charge is reversed in the moment of the cancel', () => {
    const cancelled = askCancel(there(paying), t0 + 3_000, atAlipay);
    expect(cancelled.next).toEqual({ type: 'reverse', atMs: t0 + 3_000 });
  });

  it('but no reversal overtakes a charge that has no answer yet', () => {
    const cancelled = askCancel(begunThere, t0 + 1_000, atAlipay);
    expect(cancelled.next).toEqual({ type: 'reverse', atMs: t0 + 10_000 });
    const late = learn(cancelled, { from: 'charge', outcome: paid }, at(2_000));
    expect(late.next).toEqual({ type: 'reverse', atMs: t0 + 2_000 });
  });

  it('unpaid right after the charge proves as little as anywhere', () => {
    const asked = learn(there(unknown), { from: 'query', outcome: notKnown }, at(5_200));
    expect(asked).toMatchObject({ status: 'unknown', next: { type: 'query' } });
  });

  it('found paid after a day it is refunded, where a channel of seven days would reverse', () => {
    const cancelled = askCancel(there(paying), t0 + 20_000, atAlipay);
    const found = learn(cancelled, { from: 'query', outcome: paid }, at(dayMs + 1));
    expect(found.next?.type).toBe('refund');
    const elsewhere = askCancel(charged(paying), t0 + 20_000, timing);
    expect(queried(elsewhere, paid, dayMs + 1).next?.type).toBe('reverse');
  });

  it('a cancellation that found nothing closes nothing: a query is next, at once', () => {
    const cancelled = askCancel(there(unknown, 10_000), t0 + 20_000, atAlipay);
    const nothing = learn(cancelled, { from: 'reverse', outcome: noSuchOrder }, at(20_100));
    expect(nothing).toMatchObject({ status: 'reversing' });
    expect(nothing.next).toEqual({ type: 'query', atMs: t0 + 20_100 });
    const open = learn(nothing, { from: 'query', outcome: notKnown }, at(20_200));
    expect(open).toMatchObject({ status: 'reversing' });
    expect(open.next).toEqual({ type: 'query', atMs: t0 + 75_000 });
    const found = learn(open, { from: 'query', outcome: paid }, at(75_000));
    expect(found).toMatchObject({ status: 'reversing', next: { type: 'reverse' } });
    const waiting = learn(open, { from: 'query', outcome: paying }, at(75_000));
    expect(waiting).toMatchObject({ status: 'reversing', next: { type: 'reverse' } });
    const closed = learn(open, { from: 'query', outcome: notKnown }, at(75_000));
    expect(closed).toMatchObject({ status: 'reversed', code: 'cancelled-by-cashier' });
  });

  it('silence instead of that query leaves it open', () => {
    const cancelled = askCancel(there(unknown, 10_000), t0 + 80_000, atAlipay);
    const nothing = learn(cancelled, { from: 'reverse', outcome: noSuchOrder }, at(80_100));
    const silent = learn(nothing, { from: 'query', outcome: unknown }, at(90_000));
    expect(silent).toMatchObject({ status: 'reversing', next: { type: 'reverse' } });
  });
});

it('a faster clock keeps every proportion, also of what the channel prescribes', () => {
  const fast = fasterTiming(paymentTiming, 10);
  expect(fast.forcedReverseAfterMs.alipay).toBe(6_000);
  expect(attemptTiming(fast, weekLong).reverseAllowedAfterMs).toBe(1_550);
  expect(attemptTiming(fast, dayLong)).toMatchObject({
    reverseAllowedAfterMs: 0,
    unknownNumberFinalAfterMs: 7_500,
  });
  expect(fast.chargeReadTimeoutMs).toBe(10_000);
});
