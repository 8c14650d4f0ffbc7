import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  businessDate,
  businessDateSince,
  businessDayStartMs,
  shanghaiHour,
  shanghaiMinute,
} from '#shared/time/business-day.ts';

const dateAt = (instant: string, cutOverHour: number) =>
  businessDate({ atMs: Date.parse(instant), cutOverHour });

describe('businessDate', () => {
  test.each([
    ['2026-02-28T15:59:59.999Z', 0, '2026-02-28'],
    ['2026-02-28T16:00:00Z', 0, '2026-03-01'],
    ['2026-12-31T16:00:00Z', 0, '2027-01-01'],
    ['2028-02-28T16:00:00Z', 0, '2028-02-29'],
    // Four in the morning: the last millisecond of the night before, and the first of the day.
    ['2026-11-21T19:59:59.999Z', 4, '2026-11-21'],
    ['2026-11-21T20:00:00Z', 4, '2026-11-22'],
    ['2026-12-31T19:00:00Z', 4, '2026-12-31'],
    ['2026-11-22T03:59:59.999Z', 12, '2026-11-21'],
    ['2026-11-22T04:00:00Z', 12, '2026-11-22'],
  ])('%s with cut-over %i is %s', (instant, cutOverHour, date) => {
    expect(dateAt(instant, cutOverHour)).toBe(date);
  });

  test('a day begins at its start and lasts 24 hours, at every cut-over: Shanghai has no summer time', () => {
    const moment = fc.integer({ min: 0, max: 4_102_444_800_000 });
    fc.assert(
      fc.property(moment, fc.integer({ min: 0, max: 12 }), (atMs, cutOverHour) => {
        const date = businessDate({ atMs, cutOverHour });
        const startMs = businessDayStartMs({ businessDate: date, cutOverHour });
        expect(atMs).toBeGreaterThanOrEqual(startMs);
        expect(atMs).toBeLessThan(startMs + 86_400_000);
        expect(businessDate({ atMs: startMs, cutOverHour })).toBe(date);
        expect(businessDate({ atMs: startMs - 1, cutOverHour }) < date).toBe(true);
      }),
    );
  });

  test.each([-1, 13, 1.5, Number.NaN])('a cut-over of %d is a broken invariant', (cutOverHour) => {
    expect(() => businessDate({ atMs: 0, cutOverHour })).toThrow(/begins at/);
  });
});

test.each([
  ['2026-11-21', '2026-11-22'],
  ['2026-11-22', '2026-11-22'],
  ['2026-11-30', '2026-11-30'],
])('what follows on the 22nd from something of %s is of %s', (since, day) => {
  const atMs = Date.parse('2026-11-22T04:30:00Z');
  expect(businessDateSince(since, { atMs, cutOverHour: 4 })).toBe(day);
});

test('the hour is the one on the wall in Shanghai', () => {
  expect(shanghaiHour(Date.parse('2026-11-22T15:59:59Z'))).toBe(23);
  expect(shanghaiHour(Date.parse('2026-11-22T16:00:00Z'))).toBe(0);
  expect(shanghaiHour(Date.parse('2026-11-22T04:30:00Z'))).toBe(12);
  const words = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', timeZone: 'Asia/Shanghai' });
  fc.assert(
    fc.property(fc.integer({ min: 700_000_000_000, max: 4_102_444_800_000 }), (atMs) => {
      expect(shanghaiHour(atMs)).toBe(Number(words.format(atMs)));
    }),
  );
});

test('the minute turns with the Shanghai day, and carries the hour', () => {
  expect(shanghaiMinute(Date.parse('2026-11-22T15:59:59Z'))).toBe(1_439);
  expect(shanghaiMinute(Date.parse('2026-11-22T16:00:00Z'))).toBe(0);
  expect(shanghaiMinute(Date.parse('2026-11-22T04:30:00Z'))).toBe(750);
});
