import { expect, test } from 'vitest';
import { createIntakePressure } from '#cloud/journal/projection/intake-pressure.ts';

function atTime() {
  let nowMs = 0;
  const pressure = createIntakePressure({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  return { pressure, pass: (durationMs: number) => (nowMs += durationMs) };
}

test('a single sale never holds the projection back', () => {
  const { pressure, pass } = atTime();
  for (let sale = 0; sale < 100; sale += 1) {
    pressure.note(3);
    expect(pressure.isHigh()).toBe(false);
    pass(50);
  }
});

test('a backlog holds it back until 250 ms of quiet', () => {
  const { pressure, pass } = atTime();
  pressure.note(500);
  expect(pressure.isHigh()).toBe(true);
  pass(251);
  expect(pressure.isHigh()).toBe(false);
});

test('a backlog without end gives way to one step every three seconds', () => {
  const { pressure, pass } = atTime();
  let turns = 0;
  for (let ms = 0; ms < 30_000; ms += 50) {
    pressure.note(500);
    if (!pressure.isHigh()) turns += 1;
    pass(50);
  }
  expect(turns).toBeGreaterThanOrEqual(9);
  expect(turns).toBeLessThanOrEqual(10);
});
