import type { Brand } from '#shared/ids/brand.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * A hybrid logical clock: orders what one device did, however its wall clock jumps, and stays near wall time.
 * Text: 12 hex digits of milliseconds, '-', 4 hex digits of counter; sorting the text is sorting the moments.
 * A sale is never refused for skew: a clock that jumped back makes the counter run, nothing else.
 * Source: Kulkarni et al., "Logical Physical Clocks", 2014.
 */
export type Hlc = Brand<string, 'Hlc'>;

/** The most events inside one millisecond; the next one moves the clock on by a millisecond. */
export const hlcCounterMax = 0xffff;

/** A remote clock further ahead of our wall clock than this is wrong: it is reported and not followed. */
export const hlcDriftMsMax = 300_000;

const wallMsMax = 2 ** 48 - 1;
const pattern = /^[0-9a-f]{12}-[0-9a-f]{4}$/;

/** The moment before every other. */
export const hlcZero = '000000000000-0000' as Hlc;

/** Recognises an HLC; anything else is undefined. */
export const parseHlc = (text: string): Hlc | undefined =>
  pattern.test(text) ? (text as Hlc) : undefined;

/** The milliseconds that a moment carries. */
export const hlcMs = (hlc: Hlc): number => Number.parseInt(hlc.slice(0, 12), 16);

/** The moment of a new local event: after `last`, at wall time `wallMs` unless that lies before. */
export function tickHlc(last: Hlc, wallMs: number): Hlc {
  assert(
    Number.isSafeInteger(wallMs) && wallMs >= 0 && wallMs <= wallMsMax,
    () => `wall time ${wallMs} does not fit 48 bits`,
  );
  return wallMs > hlcMs(last) ? format(wallMs, 0) : after(last);
}

/**
 * The moment of a local event that knows of a remote one: after both. `isDrifted` says that the remote clock was more
 * than {@link hlcDriftMsMax} ahead of `wallMs`; it is then left out, so that one wrong clock cannot drag the others.
 */
export function receiveHlc(received: {
  readonly last: Hlc;
  readonly remote: Hlc;
  readonly wallMs: number;
}): { readonly hlc: Hlc; readonly isDrifted: boolean } {
  const { last, remote, wallMs } = received;
  const isDrifted = hlcMs(remote) - wallMs > hlcDriftMsMax;
  const latest = !isDrifted && remote > last ? remote : last;
  return { hlc: tickHlc(latest, wallMs), isDrifted };
}

function after(hlc: Hlc): Hlc {
  const counter = Number.parseInt(hlc.slice(13), 16);
  return counter < hlcCounterMax ? format(hlcMs(hlc), counter + 1) : format(hlcMs(hlc) + 1, 0);
}

function format(ms: number, counter: number): Hlc {
  // Reached only by a clock that stood at the end of its range, in the year 10889.
  assert(ms <= wallMsMax, () => `the clock ran out of its 48 bits at ${ms}`);
  return `${hex(ms, 12)}-${hex(counter, 4)}` as Hlc;
}

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');
