import { describe, expect, it } from 'vitest';
import { nextCalendarStep, type CalendarFacts } from '#cloud/release/schedule/period-calendar.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import { periodKinds, periodOf, periodSpan, type PeriodKind } from '#shared/time/period.ts';

const firstDay = '2026-01-28';

/** Walks the calendar: what is done on which day, when it is asked at the given days. */
function walk(kind: PeriodKind, askedOn: readonly string[]): readonly string[] {
  let facts: CalendarFacts = {
    lastClosedPeriod: undefined,
    firstPeriod: periodOf(firstDay, kind),
    postedDays: [],
    lastOverDay: firstDay,
  };
  const done: string[] = [];
  for (const lastOverDay of askedOn) {
    facts = { ...facts, lastOverDay };
    for (;;) {
      const step = nextCalendarStep(facts);
      if (step.type === 'none') break;
      if (step.type === 'close') {
        done.push(`close ${step.period}`);
        facts = { ...facts, lastClosedPeriod: step.period, postedDays: [] };
      } else {
        done.push(`release ${step.period} ${step.day}`);
        facts = { ...facts, postedDays: [...facts.postedDays, step.day] };
      }
    }
  }
  return done;
}

const days = Array.from({ length: 100 }, (_, index) => addDays(firstDay, index));

describe('the calendar of closes and release days', () => {
  it.each(periodKinds)(
    '%s: asked daily or once after 100 days, it does the same things in the same order',
    (kind) => {
      const daily = walk(kind, days);
      expect(walk(kind, [days.at(-1)!])).toEqual(daily);
      const closes = daily.filter((step) => step.startsWith('close'));
      const first = periodSpan(periodOf(firstDay, kind));
      // Every day after the first close is released exactly once, in order.
      const released = daily.filter((step) => step.startsWith('release')).map((s) => s.slice(-10));
      const expected = days.filter((day) => day > first.lastDay);
      expect(released).toEqual(expected);
      expect(new Set(closes).size).toBe(closes.length);
      for (const day of expected) {
        const { period, lastDay, previous } = periodSpan(periodOf(day, kind));
        const at = daily.indexOf(`release ${previous} ${day}`);
        expect(at).toBeGreaterThan(daily.indexOf(`close ${previous}`));
        if (lastDay === day) expect(daily[at + 1]).toBe(`close ${period}`);
      }
    },
  );

  it('does nothing without a first point, nor before a day is over', () => {
    const facts = { lastClosedPeriod: undefined, postedDays: [], lastOverDay: '2026-02-27' };
    expect(nextCalendarStep({ ...facts, firstPeriod: undefined })).toEqual({ type: 'none' });
    expect(nextCalendarStep({ ...facts, firstPeriod: '2026-02' })).toEqual({ type: 'none' });
    const over = { ...facts, firstPeriod: '2026-02', lastOverDay: '2026-02-28' };
    expect(nextCalendarStep(over)).toEqual({ type: 'close', period: '2026-02' });
    const closed = { ...over, lastClosedPeriod: '2026-02' };
    expect(nextCalendarStep(closed)).toEqual({ type: 'none' });
  });

  it('fills a day that somebody left out, and does not go on with a window that a newer close has ended', () => {
    const facts = { firstPeriod: undefined, lastOverDay: '2026-03-03' };
    const gap = { ...facts, lastClosedPeriod: '2026-02', postedDays: ['2026-03-01', '2026-03-03'] };
    expect(nextCalendarStep(gap)).toMatchObject({ type: 'release', day: '2026-03-02' });
    const newer = { ...gap, lastClosedPeriod: '2026-03', postedDays: [] };
    expect(nextCalendarStep(newer)).toEqual({ type: 'none' });
  });
});
