import { expect, test } from 'vitest';
import { createAppointments, retryAfterSecondsMax } from '#cloud/platform/http/appointments.ts';

const jitterSecondsMax = 2;
let nowMs = 0;
const clock = { monotonicMs: () => nowMs };
const busy = { waitingCount: 100, stepMs: 10 };
const make = (unit = 0) => createAppointments({ clock, random: { unit: () => unit } });

test('each who is sent away gets a later time: what a thousand are told is spread over the work of a thousand', () => {
  const appointments = make();
  const told = Array.from({ length: 1_000 }, (_, index) =>
    appointments.give(`till ${index}`, busy),
  );
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(told[0]).toBe(1);
  // 1,100 steps of 10 ms, a fifth fewer because some come late.
  expect(told.at(-1)).toBe(9);
  const mostInOneSecond = Math.max(
    ...[...new Set(told)].map((second) => told.filter((one) => one === second).length),
  );
  expect(mostInOneSecond).toBeLessThanOrEqual(1_000 / (busy.stepMs * 0.8) + 60);
});

test('the answer grows with the work that is ahead', () => {
  expect(make().give('a', { waitingCount: 200, stepMs: 50 })).toBe(8);
  expect(make().give('a', { waitingCount: 200, stepMs: 5 })).toBe(1);
});

test('who comes too early keeps his time and moves nobody else back', () => {
  const appointments = make();
  const load = { waitingCount: 500, stepMs: 20 };
  expect(appointments.give('early', load)).toBe(8);
  nowMs += 3_000;
  for (let again = 0; again < 10_000; again += 1) expect(appointments.give('early', load)).toBe(5);
  expect(appointments.give('next', load)).toBeLessThanOrEqual(8);
  appointments.kept('early');
});

test('nobody is sent further away than the bound, and those at the bound do not come back together', () => {
  let unit = 0;
  const appointments = createAppointments({
    clock,
    random: { unit: () => (unit += 0.137) % 1 },
  });
  const told = Array.from({ length: 5_000 }, (_, index) =>
    appointments.give(`till ${index}`, { waitingCount: 256, stepMs: 200 }),
  );
  expect(Math.max(...told)).toBeLessThanOrEqual(retryAfterSecondsMax + jitterSecondsMax);
  expect(Math.min(...told)).toBeGreaterThan(10);
  expect(new Set(told.slice(1_000)).size).toBeGreaterThan(12);
});

test('when the rush is over the next is not sent to the end of it', () => {
  const appointments = make();
  for (let index = 0; index < 1_000; index += 1) appointments.give(`till ${index}`, busy);
  nowMs += 60_000;
  expect(appointments.give('later', { waitingCount: 10, stepMs: 10 })).toBe(1);
});
