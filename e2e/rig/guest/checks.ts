import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckResult } from '../protocol.ts';

/** Answers what was measured; throws why it does not hold. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<string>;
}

const checkMsMax = 75_000;
const pollMs = 20;
const tickMs = 100;
const noteCharsMax = 600;

export async function runCheck({ name, run }: Check): Promise<CheckResult> {
  const startedMs = performance.now();
  const limit = new AbortController();
  const report = (ok: boolean, note: string): CheckResult => ({
    name,
    ok,
    durationMs: performance.now() - startedMs,
    note: note.slice(0, noteCharsMax),
  });
  try {
    const late = patience(checkMsMax, limit.signal).then(() => {
      throw new Error(`not within ${checkMsMax / 1_000} s`);
    });
    late.catch(() => undefined);
    return report(true, await Promise.race([run(), late]));
  } catch (failure) {
    const words = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
    return report(false, words.split('\n').slice(0, 3).join(' | '));
  } finally {
    limit.abort();
  }
}

/**
 * Waits in short sleeps and counts them, not the clock: on a busy host the emulated machine stands
 * still for seconds, its clock goes on all the same, and a wait must not run out while nobody could
 * have done anything.
 */
async function patience(waitMs: number, signal: AbortSignal): Promise<void> {
  for (let waitedMs = 0; waitedMs < waitMs; waitedMs += tickMs)
    await sleep(tickMs, undefined, { signal });
}

/** Throws with what was seen instead. */
export function expect(holds: boolean, what: string, seen?: unknown): asserts holds {
  if (!holds) throw new Error(seen === undefined ? what : `${what}; seen: ${JSON.stringify(seen)}`);
}

/** Waits until `look` answers something else than undefined or false; `withinMs` is counted in looks, as above. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (waitedMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(pollMs);
  }
}

/** Share of one core that this process used over the time, in percent. */
export async function cpuPercent(overMs: number): Promise<number> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await sleep(overMs);
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 10 / (performance.now() - startedMs));
}

export const ms = (from: number): number => Math.round(performance.now() - from);
