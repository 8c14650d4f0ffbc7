import { expect, test } from 'vitest';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';

test('a manual clock moves only by hand, and setting the wall leaves durations alone', () => {
  const clock = createManualClock(1000);
  clock.advance(500);
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1500, 500]);
  clock.advanceTo(1600);
  clock.advanceTo(1200);
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1600, 600]);
  clock.setWall(10);
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([10, 600]);
  expect(() => clock.advance(-1)).toThrow(/does not go back/);
});

test('a seeded random repeats itself, pinned for every machine', () => {
  const random = createSeededRandom(42);
  expect([...random.bytes(4)]).toEqual([153, 114, 218, 171]);
  expect([...createSeededRandom(1).bytes(4)]).not.toEqual([...createSeededRandom(2).bytes(4)]);
  const draws = Array.from({ length: 1000 }, () => random.unit());
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
});
