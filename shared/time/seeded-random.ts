import { assert } from '#shared/result/assert.ts';
import type { Random } from '#shared/time/random.ts';

/**
 * The same seed gives the same bytes, on every machine. For tests and the simulator; never for secrets.
 * Generator: mulberry32 (32 bits of state, public domain).
 */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    unit: () => next() / 2 ** 32,
    bytes: (count) => {
      assert(Number.isInteger(count) && count >= 1 && count <= 1024, () => `${count} random bytes`);
      return Uint8Array.from({ length: count }, () => next() >>> 24);
    },
  };
}
