import type { Fen } from '#shared/money/fen.ts';
import type { DisplayLamp } from '#drivers/display/led8n-bytes.ts';

/** What a customer is shown: an amount with what it is, nothing, or every segment for a test. */
export type DisplayFace =
  | { readonly type: 'amount'; readonly kind: DisplayLamp; readonly amountFen: Fen }
  | { readonly type: 'blank' }
  | { readonly type: 'test' };

/**
 * The pure half of customer-display.ts: when which face is written. The last value wins, at most one update per
 * `updateGapMs`, one write at a time, and a new connection shows the present value again: the display may have lost
 * its power with the cable. Nothing is ever confirmed: the device cannot answer.
 */
export interface DisplayState {
  readonly wanted: DisplayFace;
  /** Shown instead of `wanted` until the test is over or a new value comes. */
  readonly testing: boolean;
  /** What was written on this connection; null when nothing was. */
  readonly written: DisplayFace | null;
  readonly link: 'down' | 'idle' | 'writing';
  /** No update before this, monotonic ms. */
  readonly nextAtMs: number;
}

export type DisplayEvent =
  | { readonly type: 'want'; readonly face: Exclude<DisplayFace, { readonly type: 'test' }> }
  | { readonly type: 'test-begins' }
  | { readonly type: 'test-over' }
  | { readonly type: 'up' }
  | { readonly type: 'down' }
  /** The operating system took the bytes. */
  | { readonly type: 'written' }
  | { readonly type: 'gap-over' };

export type DisplayEffect =
  /** `fresh`: initialise first, the connection is new. */
  | { readonly type: 'write'; readonly face: DisplayFace; readonly fresh: boolean }
  /** Report `gap-over` after `delayMs`; replaces a wait that still runs. */
  | { readonly type: 'wait'; readonly delayMs: number };

export interface DisplayStep {
  readonly state: DisplayState;
  readonly effects: readonly DisplayEffect[];
}

/** Five updates per second: more is flicker to the eye and, at 2400 baud, a queue. */
export const updateGapMs = 200;

export const displayAtRest: DisplayState = {
  wanted: { type: 'blank' },
  testing: false,
  written: null,
  link: 'down',
  nextAtMs: 0,
};

/** @param atMs monotonic time of the event */
export function stepDisplay(state: DisplayState, event: DisplayEvent, atMs: number): DisplayStep {
  return proceed(after(state, event), atMs);
}

function after(state: DisplayState, event: DisplayEvent): DisplayState {
  switch (event.type) {
    case 'want':
      return { ...state, wanted: event.face, testing: false };
    case 'test-begins':
      return { ...state, testing: true };
    case 'test-over':
      return { ...state, testing: false };
    case 'up':
      return { ...state, link: 'idle', written: null };
    case 'down':
      return { ...state, link: 'down', written: null };
    case 'written':
      return state.link === 'writing' ? { ...state, link: 'idle' } : state;
    case 'gap-over':
      return state;
  }
}

function proceed(state: DisplayState, atMs: number): DisplayStep {
  const face: DisplayFace = state.testing ? { type: 'test' } : state.wanted;
  if (state.link !== 'idle' || isSame(face, state.written)) return { state, effects: [] };
  if (atMs < state.nextAtMs)
    return { state, effects: [{ type: 'wait', delayMs: state.nextAtMs - atMs }] };
  return {
    state: { ...state, link: 'writing', written: face, nextAtMs: atMs + updateGapMs },
    effects: [{ type: 'write', face, fresh: state.written === null }],
  };
}

function isSame(face: DisplayFace, other: DisplayFace | null): boolean {
  if (face.type !== 'amount' || other?.type !== 'amount') return face.type === other?.type;
  return face.kind === other.kind && face.amountFen === other.amountFen;
}
