import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountingDate, addDays, dayNumber, dayText } from '#shared/time/calendar-day.ts';
import { periodOf, periodSpan } from '#shared/time/period.ts';

describe('days and periods', () => {
  it('counts days as the platform calendar does, over 400 years', () => {
    fc.assert(
      fc.property(fc.integer({ min: -60_000, max: 100_000 }), (number) => {
        const text = new Date(number * 86_400_000).toISOString().slice(0, 10);
        expect(dayText(number)).toBe(text);
        expect(dayNumber(text)).toBe(number);
      }),
    );
    expect(accountingDate(Date.parse('2026-02-28T16:00:00Z'))).toBe('2026-03-01');
  });

  it('gives a month its days and the following month as release window', () => {
    expect(periodSpan('2024-02')).toMatchObject({ days: 29, windowLastDay: '2024-03-31' });
    expect(periodSpan('2026-12')).toMatchObject({ next: '2027-01', windowFirstDay: '2027-01-01' });
    expect(() => periodSpan('2026-13')).toThrow('not a period');
    expect(() => addDays('2026-02-30', 1)).toThrow('not a calendar day');
  });

  it.each([
    ['2026-01-01', '2026-W01'],
    ['2027-01-01', '2026-W53'],
    ['2024-12-30', '2025-W01'],
    ['2026-11-22', '2026-W47'],
  ])('puts %s into ISO week %s', (day, week) => {
    expect(periodOf(day, 'week')).toBe(week);
  });
});
