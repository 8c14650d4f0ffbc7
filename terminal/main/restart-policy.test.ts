import { describe, expect, it } from 'vitest';
import {
  decideRestart,
  restartsPerWindowMax,
  restartWindowMs,
  type RestartHistory,
} from '#terminal/main/restart-policy.ts';

function crashTimes(timesMs: readonly number[]) {
  let history: RestartHistory = { crashesMs: [] };
  return timesMs.map((atMs) => {
    const decision = decideRestart(history, atMs);
    history = decision.history;
    return decision.type === 'restart' ? decision.delayMs : 'give-up';
  });
}

describe('restart policy', () => {
  it('restarts at once, doubles the delay within a minute, and gives up after five crashes', () => {
    expect(crashTimes([0, 1, 2, 3, 4, 5])).toEqual([100, 200, 400, 800, 1600, 'give-up']);
  });

  it('forgets crashes that are older than the window', () => {
    const spread = Array.from(
      { length: restartsPerWindowMax * 3 },
      (_, index) => index * restartWindowMs,
    );
    expect(crashTimes(spread).every((delay) => delay === 100)).toBe(true);
  });
});
