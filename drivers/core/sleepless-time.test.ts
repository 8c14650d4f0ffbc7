import { expect, test } from 'vitest';
import { systemClock } from '#drivers/core/system-ports.ts';
import { createSleeplessTime } from '#drivers/core/sleepless-time.ts';

function machine() {
  const at = { awakeMs: 5_000, bootMs: 905_000 };
  const read = createSleeplessTime({
    awakeMs: () => at.awakeMs,
    // In steps of a second, as some systems tell it.
    sinceBootMs: () => Math.floor(at.bootMs / 1_000) * 1_000,
  });
  const work = (durationMs: number) => {
    at.awakeMs += durationMs;
    at.bootMs += durationMs;
  };
  const sleep = (durationMs: number) => {
    at.bootMs += durationMs;
  };
  return { read, work, sleep };
}

test('three days of sleep are three days, however often it slept', () => {
  const { read, work, sleep } = machine();
  const startMs = read();
  for (let day = 0; day < 3; day += 1) {
    work(1_500);
    sleep(86_400_000);
  }
  work(1_000);
  expect(Math.abs(read() - startMs - 3 * 86_400_000 - 5_500)).toBeLessThan(1_000);
});

test('a machine that does not sleep is told no time that did not pass, and none goes back', () => {
  const { read, work } = machine();
  const startMs = read();
  let [lastMs, workedMs] = [startMs, 0];
  for (let step = 0; step < 5_000; step += 1) {
    work(37);
    workedMs += 37;
    const nowMs = read();
    expect(nowMs).toBeGreaterThanOrEqual(lastMs);
    lastMs = nowMs;
  }
  expect(lastMs - startMs).toBe(workedMs);
});

test('this machine’s own clock goes with the time', async () => {
  const [wallMs, startMs] = [systemClock.nowMs(), systemClock.monotonicMs()];
  await new Promise((resolve) => setTimeout(resolve, 60));
  const passedMs = systemClock.monotonicMs() - startMs;
  expect(passedMs).toBeGreaterThan(50);
  expect(Math.abs(passedMs - (systemClock.nowMs() - wallMs))).toBeLessThan(1_000);
});
