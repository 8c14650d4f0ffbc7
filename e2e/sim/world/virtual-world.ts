import type { Timers } from '#drivers/core/timers.ts';
import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createTrace, type Trace } from './trace.ts';

/**
 * One virtual clock and one seed for everything that runs in this process. Time stands still while anything can go on
 * without it: the world waits for promises and for answers of the real database before it moves to the next timer. So
 * what happens is a function of the seed, although the database takes real time.
 */
export interface World {
  readonly trace: Trace;
  /** Milliseconds since the world began; whole. */
  readonly nowMs: () => number;
  readonly timers: Timers;
  /** Wall time of one machine: the world's, plus what its clock is wrong by. */
  readonly clockOf: (skewMs: () => number) => Clock;
  /** A stream of its own for each name: what one party draws does not shift what another draws. */
  readonly randomOf: (name: string) => Random;
  /** Real work began (an answer of the database is awaited); call the result when it ended. */
  readonly realWork: () => () => void;
  /** A request runs through code that gives the event loop back between steps; call the result when it ended. */
  readonly slowTurns: () => () => void;
  readonly advance: (durationMs: number) => Promise<void>;
  /** Moves time until the promise settles, at most `limitMs`. */
  readonly settle: <T>(promise: Promise<T>, limitMs?: number) => Promise<T>;
  /** Moves time until `holds`, looking again after each timer; false when it did not within `limitMs`. */
  readonly until: (holds: () => boolean, limitMs: number) => Promise<boolean>;
  /** Something else than time went on: the world is not calm yet. */
  readonly touch: () => void;
}

/** 2026-11-22 10:00 in Shanghai. */
export const worldStartMs = 1_795_312_800_000;
/** Empty turns of the event loop after which nothing goes on without time. */
const calmTurns = 2;
/** The same while a request is inside the HTTP framework. */
const calmTurnsSlow = 6;
const settleMsMax = 600_000;

interface Due {
  readonly atMs: number;
  readonly number: number;
  readonly run: () => void;
}

export function createWorld(seed: number): World {
  let nowMs = 0;
  let nextNumber = 0;
  let activity = 0;
  let slow = 0;
  const due = new Map<number, Due>();
  const working = new Set<Promise<void>>();
  const trace = createTrace(() => nowMs);

  const touch = (): void => {
    activity += 1;
  };
  const calm = async (): Promise<void> => {
    let emptyTurns = 0;
    while (emptyTurns < (slow > 0 ? calmTurnsSlow : calmTurns)) {
      const before = activity;
      await nextTurn();
      if (working.size > 0) {
        await Promise.race(working);
        emptyTurns = 0;
      } else emptyTurns = activity === before ? emptyTurns + 1 : 0;
    }
  };
  const runNext = (untilMs: number): boolean => {
    let first: Due | undefined;
    for (const one of due.values()) if (first === undefined || one.atMs < first.atMs) first = one;
    if (first === undefined || first.atMs > untilMs) return false;
    due.delete(first.number);
    nowMs = Math.max(nowMs, first.atMs);
    first.run();
    return true;
  };
  const until = async (holds: () => boolean, limitMs: number): Promise<boolean> => {
    const untilMs = nowMs + limitMs;
    await calm();
    while (!holds()) {
      if (!runNext(untilMs)) {
        nowMs = untilMs;
        return false;
      }
      await calm();
    }
    return true;
  };

  return {
    trace,
    nowMs: () => nowMs,
    touch,
    timers: {
      after: (delayMs, run) => {
        touch();
        nextNumber += 1;
        const number = nextNumber;
        // Whole milliseconds, as the machine's own timers count.
        due.set(number, { number, run, atMs: nowMs + Math.max(0, Math.ceil(delayMs)) });
        return () => void due.delete(number);
      },
    },
    clockOf: (skewMs) => ({
      nowMs: () => worldStartMs + nowMs + skewMs(),
      monotonicMs: () => nowMs,
    }),
    randomOf: (name) => createSeededRandom(mix(seed, name)),
    realWork: () => {
      const { promise, resolve } = openPromise<void>();
      working.add(promise);
      return () => {
        touch();
        working.delete(promise);
        resolve();
      };
    },
    slowTurns: () => {
      touch();
      slow += 1;
      return () => {
        touch();
        slow -= 1;
      };
    },
    advance: async (durationMs) => {
      await until(() => false, durationMs);
    },
    until,
    settle: async (promise, limitMs = settleMsMax) => {
      const settled: true[] = [];
      const note = (): void => void settled.push(true);
      void promise.then(note, note);
      const isSettled = await until(() => settled.length > 0, limitMs);
      assert(isSettled, () => `nothing settled within ${limitMs} virtual ms`);
      return promise;
    },
  };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A promise and the function that settles it. */
export function openPromise<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
} {
  const settle: ((value: T) => void)[] = [];
  const promise = new Promise<T>((resolve) => void settle.push(resolve));
  return { promise, resolve: (value) => settle[0]?.(value) };
}

/** A seed of one digit, put in as it is, would be undone by its own digit in the text: 1 to 9 were one world. */
const oneDigitMax = 9;

/** FNV-1a over the name, started from the seed. */
function mix(seed: number, name: string): number {
  let hash = (0x811c_9dc5 ^ (seed <= oneDigitMax ? seed << 8 : seed)) >>> 0;
  for (const char of `${seed}/${name}`)
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x0100_0193) >>> 0;
  return hash;
}
