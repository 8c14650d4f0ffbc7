import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import {
  displayAtRest,
  stepDisplay,
  updateGapMs,
  type DisplayEffect,
  type DisplayEvent,
} from '#drivers/display/display-machine.ts';

const want = (amount: number): DisplayEvent => ({
  type: 'want',
  face: { type: 'amount', kind: 'total', amountFen: fen(amount) },
});

/** Plays events at their times and answers the effects of each. */
function play(events: readonly (readonly [number, DisplayEvent])[]): readonly DisplayEffect[][] {
  let state = displayAtRest;
  return events.map(([atMs, event]) => {
    const step = stepDisplay(state, event, atMs);
    state = step.state;
    return [...step.effects];
  });
}

const written = { type: 'written' } as const;

describe('what a customer display is told', () => {
  it('a value before the port is open is written as soon as it opens, after an initialise', () => {
    expect(
      play([
        [0, want(100)],
        [5, { type: 'up' }],
      ]).at(-1),
    ).toEqual([
      { type: 'write', fresh: true, face: { type: 'amount', kind: 'total', amountFen: 100 } },
    ]);
  });

  it('of many values inside one gap only the last is written, when the gap is over', () => {
    const effects = play([
      [0, { type: 'up' }],
      [1, written],
      [10, want(1)],
      [20, want(12)],
      [30, want(123)],
      [updateGapMs, { type: 'gap-over' }],
    ]);
    expect(effects.slice(2, 5)).toEqual([
      [{ type: 'wait', delayMs: 190 }],
      [{ type: 'wait', delayMs: 180 }],
      [{ type: 'wait', delayMs: 170 }],
    ]);
    expect(effects.at(-1)).toMatchObject([
      { type: 'write', fresh: false, face: { amountFen: 123 } },
    ]);
  });

  it('while a write is under way nothing else is written; what was wanted meanwhile follows', () => {
    const effects = play([
      [0, { type: 'up' }],
      [500, want(5)],
      [510, written],
    ]);
    expect(effects.slice(1)).toEqual([[], [expect.objectContaining({ type: 'write' })]]);
  });

  it('the same value again costs no byte', () => {
    const effects = play([
      [0, want(7)],
      [0, { type: 'up' }],
      [9, written],
      [900, want(7)],
    ]);
    expect(effects.at(-1)).toEqual([]);
  });

  it('after a test the present value comes back; a new value ends the test', () => {
    const begun: readonly (readonly [number, DisplayEvent])[] = [
      [0, want(7)],
      [0, { type: 'up' }],
      [9, written],
      [1_000, { type: 'test-begins' }],
      [1_009, written],
    ];
    expect(play(begun)[3]).toMatchObject([{ face: { type: 'test' } }]);
    expect(play([...begun, [3_000, { type: 'test-over' }]]).at(-1)).toMatchObject([
      { face: { amountFen: 7 } },
    ]);
    expect(play([...begun, [1_500, want(8)]]).at(-1)).toMatchObject([{ face: { amountFen: 8 } }]);
  });

  it('any events: at most five writes a second, one at a time, and none while the link is down', () => {
    const anyEvent = fc.oneof(
      fc.integer({ min: 0, max: 3 }).map(want),
      fc.constantFrom<DisplayEvent>(
        { type: 'up' },
        { type: 'down' },
        { type: 'written' },
        { type: 'gap-over' },
        { type: 'test-begins' },
        { type: 'test-over' },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(120), anyEvent), { maxLength: 80 }), (steps) => {
        let state = displayAtRest;
        let atMs = 0;
        const writes: number[] = [];
        for (const [laterMs, event] of steps) {
          atMs += laterMs;
          const before = state;
          const step = stepDisplay(state, event, atMs);
          state = step.state;
          if (!step.effects.some((effect) => effect.type === 'write')) continue;
          writes.push(atMs);
          expect(state.link).toBe('writing');
          expect(before.link === 'idle' || event.type === 'up' || event.type === 'written').toBe(
            true,
          );
        }
        for (const from of writes)
          expect(writes.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(
            5,
          );
      }),
    );
  });
});
