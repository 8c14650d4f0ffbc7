import { assert } from '#shared/result/assert.ts';

/** Largest counter of one millisecond; beyond it the clock is moved on by one. */
const counterMax = 0xffff;

/** The first moment of a hybrid logical clock. */
export const hlcZero = '000000000000-0000';

/**
 * The hybrid logical clock after `last` at wall time `wallMs`: never goes back, however the wall clock jumps.
 * 12 hex digits of milliseconds, '-', 4 hex digits of counter.
 */
export function nextHlc(last: string, wallMs: number): string {
  assert(wallMs >= 0 && wallMs < 2 ** 48, () => `wall time ${wallMs} does not fit 48 bits`);
  const lastMs = parseInt(last.slice(0, 12), 16);
  const counter = parseInt(last.slice(13), 16);
  if (wallMs > lastMs) return format(wallMs, 0);
  return counter < counterMax ? format(lastMs, counter + 1) : format(lastMs + 1, 0);
}

const format = (ms: number, counter: number): string =>
  `${ms.toString(16).padStart(12, '0')}-${counter.toString(16).padStart(4, '0')}`;
