import { describe, expect, test } from 'vitest';
import { newId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import {
  changedTimeMs,
  idAgeMsMax,
  openedTimeMs,
  refundTimeMs,
  timeOnDay,
} from '#terminal/agent/business-time.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Noon in Shanghai. */
const noonMs = Date.parse('2026-11-23T04:00:00Z');
const random = { bytes: (count: number) => new Uint8Array(count), unit: () => 0 };

/** An order opened at noon, on a computer that was so far ahead. */
const openedAt = (aheadMs: number, numberedMs = noonMs) => ({
  order: {
    orderId: newId('ord', {
      clock: { nowMs: () => numberedMs, monotonicMs: () => 0 },
      random,
    }),
    openedAtMs: noonMs + aheadMs,
  } as Order,
});
const times = (correctionMs: number) => ({ correctionMs, cutOverHour: 4 });

describe('the time of a sale', () => {
  test.each([dayMs, -dayMs, 40 * dayMs])('of a computer %d ms ahead is the true one', (aheadMs) => {
    const sale = openedAt(aheadMs);
    expect(openedTimeMs(sale.order)).toBe(noonMs);
    const changedAtMs = noonMs + aheadMs + minuteMs;
    expect(changedTimeMs({ ...sale, changedAtMs })).toBe(noonMs + minuteMs);
  });

  test('is left alone where number and clock agree, also when the number was given some minutes before', () => {
    const early = openedAt(0, noonMs - idAgeMsMax);
    expect(openedTimeMs(early.order)).toBe(noonMs);
    expect(changedTimeMs({ ...early, changedAtMs: noonMs + minuteMs })).toBe(noonMs + minuteMs);
  });

  test('is never before the sale was opened: the clock was put right meanwhile', () => {
    const sale = openedAt(dayMs);
    expect(changedTimeMs({ ...sale, changedAtMs: noonMs + minuteMs })).toBe(noonMs + minuteMs);
    expect(changedTimeMs({ ...sale, changedAtMs: noonMs - minuteMs })).toBe(noonMs);
  });

  test.each([dayMs, 4_000 * dayMs])(
    'is not in the future when a clock that was %d ms behind was put right before the money came',
    (behindMs) => {
      const sale = openedAt(-behindMs);
      expect(openedTimeMs(sale.order)).toBe(noonMs);
      expect(changedTimeMs({ ...sale, changedAtMs: noonMs + minuteMs })).toBe(noonMs + minuteMs);
    },
  );

  test.each([dayMs, -dayMs])(
    'is on the day that a kept promise names, whether or not the clock that was %d ms ahead was put right',
    (aheadMs) => {
      const sale = openedAt(aheadMs);
      const kept = { how: 'cash', businessDate: '2026-11-30', by: '小王' } as const;
      const tender = { type: 'promise', kind: 'iou', who: '', approvedBy: '', kept, broken: null };
      const order = { ...sale.order, tender } as Order;
      const keptMs = noonMs + 7 * dayMs;
      for (const changedAtMs of [keptMs, keptMs + aheadMs])
        expect(changedTimeMs({ order, changedAtMs }, 4)).toBe(keptMs);
    },
  );
});

describe('the time of what carries its day', () => {
  test('is corrected as the clock is off now, or was for the sale, whichever falls on that day', () => {
    const { order } = openedAt(dayMs);
    const refund = { askedAtMs: noonMs + dayMs, businessDate: '2026-11-23' };
    expect(refundTimeMs(order, refund, times(-dayMs))).toBe(noonMs);
    expect(refundTimeMs(order, refund, times(0))).toBe(noonMs);
    const later = { askedAtMs: noonMs, businessDate: '2026-11-23' };
    expect(refundTimeMs(order, later, times(0))).toBe(noonMs);
  });

  test('stands as it was written where nothing that is known leads to its day', () => {
    expect(timeOnDay(noonMs + 3 * dayMs, '2026-11-23', times(-dayMs))).toBe(noonMs + 3 * dayMs);
  });
});
