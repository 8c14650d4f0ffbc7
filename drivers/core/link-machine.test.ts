import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  jitteredPauseMs,
  linkStopped,
  stepLink,
  type LinkEvent,
  type LinkMachineState,
} from '#drivers/core/link-machine.ts';

const failed: LinkEvent = { type: 'open-failed', error: { type: 'device-missing' } };

function pausesOf(events: readonly LinkEvent[]): readonly number[] {
  let state: LinkMachineState = linkStopped;
  const pauses: number[] = [];
  for (const event of events) {
    const step = stepLink(state, event);
    state = step.state;
    for (const effect of step.effects) if (effect.type === 'pause') pauses.push(effect.ceilingMs);
  }
  return pauses;
}

describe('keeping a link', () => {
  it('waits 0.5 s after the first failure and at most 30 s after many', () => {
    const retry: readonly LinkEvent[] = [failed, { type: 'pause-over' }];
    const events: LinkEvent[] = [
      { type: 'start' },
      ...Array.from({ length: 9 }, () => retry).flat(),
    ];
    expect(pausesOf(events)).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('a device that comes and goes is not hammered; one that stayed is tried at once again', () => {
    const up: readonly LinkEvent[] = [
      { type: 'opened' },
      { type: 'closed' },
      { type: 'pause-over' },
    ];
    expect(pausesOf([{ type: 'start' }, ...up, ...up, ...up])).toEqual([500, 1_000, 2_000]);
    expect(
      pausesOf([
        { type: 'start' },
        ...up,
        ...up,
        { type: 'opened' },
        { type: 'stable' },
        { type: 'closed' },
      ]),
    ).toEqual([500, 1_000, 500]);
  });

  it('jitter shortens a pause by at most half', () => {
    expect([jitteredPauseMs(500, 0), jitteredPauseMs(500, 0.999_999)]).toEqual([
      250,
      expect.closeTo(500, 2),
    ]);
  });

  it('any events in any order: it opens only when it is not open, and after stop nothing happens', () => {
    const anyEvent = fc.constantFrom<LinkEvent>(
      { type: 'start' },
      { type: 'stop' },
      { type: 'opened' },
      failed,
      { type: 'stable' },
      { type: 'closed' },
      { type: 'pause-over' },
    );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let state: LinkMachineState = linkStopped;
        for (const event of events) {
          const before = state;
          const step = stepLink(state, event);
          state = step.state;
          const opens = step.effects.some((effect) => effect.type === 'open');
          if (opens) expect(['stopped', 'waiting']).toContain(before.type);
          if (before.type === 'stopped' && event.type !== 'start') expect(step.effects).toEqual([]);
        }
      }),
    );
  });
});
