import { expect, test } from 'vitest';
import { createManualClock, manualClockStartMs } from '#shared/testing/manual-clock.ts';
import { businessDate } from '#shared/time/business-day.ts';
import { correctionSteadyMsMax, createBusinessClock } from '#terminal/agent/business-clock.ts';
import { dayStartMs } from '#terminal/agent/tally/read-today.ts';

const dayMs = 86_400_000;
/** A till whose clock is wrong by so much, and a cloud that tells the truth when it is asked to. */
function openClocks(wrongMs: number) {
  const clock = createManualClock(manualClockStartMs + wrongMs);
  let heard: { readonly serverMs: number; readonly atMs: number } | undefined;
  const trueMs = (): number => manualClockStartMs + clock.monotonicMs();
  const trustedNowMs = (): number | undefined =>
    heard && heard.serverMs + clock.monotonicMs() - heard.atMs;
  const run = () => createBusinessClock({ clock, cloud: { trustedNowMs } });
  return {
    clock,
    run,
    trueMs,
    business: run(),
    answer: (lateMs = 0) => {
      heard = { serverMs: trueMs() - lateMs, atMs: clock.monotonicMs() };
    },
    forget: () => {
      heard = undefined;
    },
  };
}
const noConfig = (): undefined => undefined;
const dayOf = (atMs: number): string => businessDate({ atMs, cutOverHour: 0 });

test.each([
  ['a day ahead', dayMs, '2026-11-23'],
  ['a day behind', -dayMs, '2026-11-21'],
])('%s, it goes by the computer until the cloud answers, then by the cloud', (_, wrongMs, day) => {
  const { business, answer, clock, trueMs } = openClocks(wrongMs);
  expect(dayOf(business.nowMs())).toBe(day);
  answer();
  expect(dayOf(business.nowMs())).toBe('2026-11-22');
  clock.advance(3_600_000);
  expect(business.nowMs()).toBe(trueMs());
});

test('a clock set in an outage moves nothing: the steady clock goes on from the last answer', () => {
  const { business, answer, clock, trueMs } = openClocks(dayMs);
  answer();
  for (const setToMs of [trueMs(), trueMs() + 40 * dayMs, trueMs() - 40 * dayMs]) {
    clock.setWall(setToMs);
    clock.advance(60_000);
    expect(business.nowMs()).toBe(trueMs());
  }
});

test('a run that has not heard the cloud goes by the computer, whatever a former one knew', () => {
  const { business, answer, forget, run, clock, trueMs } = openClocks(dayMs);
  answer();
  expect(business.nowMs()).toBe(trueMs());
  // Somebody puts the clock right while the till is off: a correction that was kept would make it wrong.
  forget();
  clock.setWall(trueMs());
  expect(run().nowMs()).toBe(trueMs());
});

test.each([0, dayMs])('off by %i ms, late answers never turn time back at midnight', (wrongMs) => {
  const { business, answer, clock } = openClocks(wrongMs);
  answer();
  clock.advance(14 * 3_600_000 - 20_000);
  let before = business.nowMs();
  const days = new Set<string>();
  for (let second = 0; second < 40; second += 1) {
    clock.advance(1_000);
    answer((second * 7_919) % 11_000);
    expect(business.nowMs()).toBe(before + 1_000);
    before = business.nowMs();
    days.add(dayOf(before));
  }
  expect([...days]).toEqual(['2026-11-22', '2026-11-23']);
});

test('a clock that is a little off is left alone, and followed when it is put right', () => {
  const { business, answer, clock, trueMs } = openClocks(correctionSteadyMsMax);
  answer();
  expect(business.nowMs()).toBe(clock.nowMs());
  clock.advance(1);
  clock.setWall(clock.nowMs() + 1);
  expect(business.nowMs()).toBe(trueMs());
});

test.each([dayMs, -dayMs, 0])(
  'off by %i ms, the day began so long ago by the clock of its entries',
  (wrongMs) => {
    const { business: businessClock, answer, clock } = openClocks(wrongMs);
    answer();
    expect(clock.nowMs() - dayStartMs({ clock, businessClock, config: noConfig })).toBe(
      10 * 3_600_000,
    );
  },
);
