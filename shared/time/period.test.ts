import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayText } from '#shared/time/calendar-day.ts';
import {
  addPeriods,
  isPeriod,
  periodKindOf,
  periodKinds,
  periodOf,
  periodsBetween,
  periodSpan,
  periodsReleasedInMonth,
} from '#shared/time/period.ts';

// 2000-01-01 to about 2100.
const day = fc.integer({ min: 10_957, max: 47_481 }).map(dayText);
const kind = fc.constantFrom(...periodKinds);

describe('periods of every kind', () => {
  it('cover the calendar without a gap: each day is in one period, and the next begins the day after', () => {
    fc.assert(
      fc.property(day, kind, (one, of) => {
        const period = periodOf(one, of);
        const span = periodSpan(period);
        expect(span.kind).toBe(of);
        expect(one >= span.firstDay && one <= span.lastDay).toBe(true);
        expect(addDays(span.firstDay, span.days - 1)).toBe(span.lastDay);
        expect(periodSpan(span.next)).toMatchObject({
          firstDay: addDays(span.lastDay, 1),
          previous: period,
          lastDay: span.windowLastDay,
        });
        expect(span.windowFirstDay).toBe(addDays(span.lastDay, 1));
        expect([isPeriod(period), periodKindOf(period)]).toEqual([true, of]);
      }),
      { numRuns: 1000 },
    );
  });

  it('count without a gap: so many periods on and back again', () => {
    fc.assert(
      fc.property(day, kind, fc.integer({ min: -300, max: 300 }), (one, of, count) => {
        const period = periodOf(one, of);
        const later = addPeriods(period, count);
        expect(periodsBetween({ from: period, to: later })).toBe(count);
        expect(addPeriods(later, -count)).toBe(period);
        // Names of one kind sort by time.
        if (count > 0) expect(later > period).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('know their windows over the ends of months and years', () => {
    expect(periodSpan('2026-02-T3')).toMatchObject({
      days: 8,
      windowFirstDay: '2026-03-01',
      windowLastDay: '2026-03-10',
    });
    expect(periodSpan('2026-W53')).toMatchObject({ firstDay: '2026-12-28', next: '2027-W01' });
    expect(periodSpan('2026-12-31')).toMatchObject({ days: 1, windowLastDay: '2027-01-01' });
  });

  it.each(['2026-13', '2025-W53', '2026-02-29', '2026-02-00', '2026-01-T4', '2026', '2026-W00'])(
    '%s names no period',
    (text) => expect(isPeriod(text)).toBe(false),
  );

  it('list every run of a calendar month to date, for the month cap', () => {
    expect(periodsReleasedInMonth('2026-03-17', 'month')).toEqual(['2026-02']);
    expect(periodsReleasedInMonth('2026-03-17', '10day')).toEqual(['2026-02-T3', '2026-03-T1']);
    // 1 March 2026 is a Sunday: the window of the week before last still has one day in it.
    expect(periodsReleasedInMonth('2026-03-04', 'week')).toEqual(['2026-W08', '2026-W09']);
    expect(periodsReleasedInMonth('2026-03-02', 'day')).toEqual(['2026-02-28', '2026-03-01']);
  });
});
