import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { runFuzz, type FuzzFailure } from './fuzz-run.ts';
import { streamTarget, type FuzzTarget } from './fuzz-target.ts';
import { fuzzTargets } from './targets.ts';

/** A short run; `npm run fuzz` feeds each parser ten million. */
const inputCount = 5_000;

describe('every parser of foreign bytes, fed noise and bent frames', () => {
  it.each(fuzzTargets.map((target) => [target.name, target] as const))(
    '%s throws nothing, holds little, and is in step again within one frame',
    (_, target) => {
      const report = runFuzz(target, inputCount, createSeededRandom(20_261_122));
      expect(report.failure).toBeNull();
      expect(report.foundCount).toBeGreaterThan(100);
    },
  );

  it('the same seed feeds the same inputs', () => {
    const [target] = fuzzTargets;
    const run = () => runFuzz(target!, 1_000, createSeededRandom(3));
    expect(run()).toEqual(run());
  });
});

/** Reads "<text>" and is broken in one way. */
function brokenReader(law: FuzzFailure['law']): FuzzTarget {
  const open = 0x3c;
  const close = 0x3e;
  return streamTarget<readonly number[]>({
    name: law,
    seeds: [Uint8Array.from(Buffer.from('<good>'))],
    goodFrame: Uint8Array.from(Buffer.from('<good>')),
    frameBytesMax: 16,
    start: [],
    heldIn: (state) => state.length,
    heldMax: 16,
    step: (state, input) => {
      let held = state;
      let found = 0;
      for (const byte of input) {
        if (law === 'throws' && byte === 0xfe) throw new Error('planted');
        const stuck = law === 'does not recover' && held[0] === 0xff;
        if (stuck) continue;
        if (byte === close && held[0] === open) {
          held = [];
          found += law === 'recognises nothing' ? 0 : 1;
        } else if (byte === open || (byte === 0xff && law === 'does not recover')) held = [byte];
        else if (held.length < 16 || law === 'holds too much') held = [...held, byte];
      }
      return { state: held, found };
    },
  });
}

describe('the fuzzer itself', () => {
  it.each(['throws', 'holds too much', 'does not recover'] as const)(
    'finds a parser that %s',
    (law) => {
      const { failure } = runFuzz(brokenReader(law), inputCount, createSeededRandom(5));
      expect(failure?.law).toBe(law);
      expect(failure?.inputs.length).toBeGreaterThan(0);
    },
  );

  it('finds a parser that recognises nothing at all', () => {
    const broken = brokenReader('recognises nothing');
    const blind: FuzzTarget = {
      ...broken,
      open: () => ({ ...broken.open(), recovers: () => true }),
    };
    expect(runFuzz(blind, 1_000, createSeededRandom(5)).failure?.law).toBe('recognises nothing');
  });
});
