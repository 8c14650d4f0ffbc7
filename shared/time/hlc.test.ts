import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hlcDriftMsMax, hlcMs, hlcZero, parseHlc, receiveHlc, tickHlc } from '#shared/time/hlc.ts';
import type { Hlc } from '#shared/time/hlc.ts';

const hlc = (text: string) => parseHlc(text)!;

describe('tickHlc', () => {
  test('follows the wall clock, and counts while it stands or jumps back', () => {
    expect(tickHlc(hlcZero, 0x0199_a0b1_c2d3)).toBe('0199a0b1c2d3-0000');
    expect(tickHlc(hlc('0199a0b1c2d3-0000'), 0x0199_a0b1_c2d3)).toBe('0199a0b1c2d3-0001');
    expect(tickHlc(hlc('0199a0b1c2d3-00ff'), 1)).toBe('0199a0b1c2d3-0100');
    expect(tickHlc(hlc('0199a0b1c2d3-0007'), 0x0199_a0b1_c2d4)).toBe('0199a0b1c2d4-0000');
  });

  test('a full counter moves on to the next millisecond instead of refusing', () => {
    expect(tickHlc(hlc('0199a0b1c2d3-ffff'), 0x0199_a0b1_c2d3)).toBe('0199a0b1c2d4-0000');
  });

  test('each moment is after the one before, as text, whatever the wall clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { maxLength: 50 }), (walls) => {
        let last: Hlc = hlcZero;
        for (const wallMs of walls) {
          const next = tickHlc(last, wallMs);
          expect(next > last).toBe(true);
          expect(hlcMs(next)).toBeGreaterThanOrEqual(wallMs);
          expect(parseHlc(next)).toBe(next);
          last = next;
        }
      }),
    );
  });

  test.each([-1, 2 ** 48, 0.5, Number.NaN])('a wall time of %d is a broken invariant', (wallMs) => {
    expect(() => tickHlc(hlcZero, wallMs)).toThrow(/48 bits/);
  });
});

describe('receiveHlc', () => {
  const wallMs = 1_795_000_000_000;
  const last = tickHlc(hlcZero, wallMs);
  const remoteAt = (aheadMs: number) => tickHlc(hlcZero, wallMs + aheadMs);

  test('comes after both, up to the drift that is believed', () => {
    const remote = remoteAt(hlcDriftMsMax);
    const received = receiveHlc({ last, remote, wallMs });
    expect(received.isDrifted).toBe(false);
    expect(received.hlc > remote && received.hlc > last).toBe(true);
    expect(receiveHlc({ last, remote: hlcZero, wallMs }).hlc).toBe(tickHlc(last, wallMs));
  });

  test('one millisecond more is reported and not followed', () => {
    const received = receiveHlc({ last, remote: remoteAt(hlcDriftMsMax + 1), wallMs });
    expect(received).toEqual({ isDrifted: true, hlc: tickHlc(last, wallMs) });
  });
});

test.each(['', '0199A0B1C2D3-0000', '0199a0b1c2d3-000', '0199a0b1c2d30000', ' 0199a0b1c2d3-0000'])(
  '%j is no moment',
  (text) => {
    expect(parseHlc(text)).toBeUndefined();
  },
);
