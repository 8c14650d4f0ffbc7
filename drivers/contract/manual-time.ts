import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Timers } from '#drivers/core/timers.ts';

/** Time that moves only when told to, so that half an hour without paper takes a millisecond. */
export interface ManualTime {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Runs everything due within `durationMs`, in order, letting promises settle in between. */
  advance(durationMs: number): Promise<void>;
  /** Moves time until the promise settles, at most `limitMs`. */
  settle<T>(promise: Promise<T>, limitMs?: number): Promise<T>;
}

const settleMsMax = 7_200_000;
const turnsMax = 200_000;

/** Lets every promise that can settle do so. */
const calm = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export function createManualTime(startMs = 1_790_000_000_000): ManualTime {
  let nowMs = 0;
  let nextNumber = 0;
  const due = new Map<number, { readonly atMs: number; readonly run: () => void }>();

  const first = ():
    readonly [number, { readonly atMs: number; readonly run: () => void }] | null => {
    let earliest: readonly [number, { readonly atMs: number; readonly run: () => void }] | null =
      null;
    for (const each of due)
      if (earliest === null || each[1].atMs < earliest[1].atMs) earliest = each;
    return earliest;
  };
  const runNext = (untilMs: number): boolean => {
    const next = first();
    if (next === null || next[1].atMs > untilMs) return false;
    due.delete(next[0]);
    nowMs = Math.max(nowMs, next[1].atMs);
    next[1].run();
    return true;
  };

  return {
    clock: { nowMs: () => startMs + nowMs, monotonicMs: () => nowMs },
    timers: {
      after: (delayMs, run) => {
        nextNumber += 1;
        const mine = nextNumber;
        due.set(mine, { atMs: nowMs + delayMs, run });
        return () => void due.delete(mine);
      },
    },
    advance: async (durationMs) => {
      const untilMs = nowMs + durationMs;
      await calm();
      while (runNext(untilMs)) await calm();
      nowMs = untilMs;
    },
    settle: async (promise, limitMs = settleMsMax) => {
      const settled: true[] = [];
      const untilMs = nowMs + limitMs;
      const note = (): void => void settled.push(true);
      void promise.then(note, note);
      await calm();
      for (let turns = 0; settled.length === 0; turns += 1) {
        assert(turns < turnsMax && runNext(untilMs), () => `nothing settled within ${limitMs} ms`);
        await calm();
      }
      return promise;
    },
  };
}
