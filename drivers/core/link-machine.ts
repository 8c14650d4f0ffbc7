import type { OpenError } from '#drivers/core/transport.ts';

/** The pure half of link-supervisor.ts: when to open, and how long to wait after a failure. */
export type LinkMachineState =
  | { readonly type: 'stopped' }
  | { readonly type: 'opening'; readonly failureCount: number }
  | { readonly type: 'up'; readonly failureCount: number }
  | { readonly type: 'waiting'; readonly failureCount: number };

export type LinkEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'opened' }
  | { readonly type: 'open-failed'; readonly error: OpenError }
  /** The connection stayed up for `linkStableMs`. */
  | { readonly type: 'stable' }
  | { readonly type: 'closed' }
  | { readonly type: 'pause-over' };

export type LinkEffect =
  | { readonly type: 'open' }
  | { readonly type: 'close' }
  /** Wait `ceilingMs`, shortened by jitter, then report `pause-over`. */
  | { readonly type: 'pause'; readonly ceilingMs: number };

export interface LinkStep {
  readonly state: LinkMachineState;
  readonly effects: readonly LinkEffect[];
}

export const retryPauseMsMin = 500;
export const retryPauseMsMax = 30_000;
/** A connection that lived this long makes the next failure the first again. */
export const linkStableMs = 5_000;
const failureCountMax = 16;

export const linkStopped: LinkMachineState = { type: 'stopped' };

/** Events that do not fit the state (a late timer, a close told twice) change nothing. */
export function stepLink(state: LinkMachineState, event: LinkEvent): LinkStep {
  const same: LinkStep = { state, effects: [] };
  if (event.type === 'stop') {
    return state.type === 'stopped' ? same : { state: linkStopped, effects: [{ type: 'close' }] };
  }
  switch (state.type) {
    case 'stopped':
      return event.type === 'start' ? opening(0) : same;
    case 'opening':
      if (event.type === 'opened') {
        return { state: { type: 'up', failureCount: state.failureCount }, effects: [] };
      }
      return event.type === 'open-failed' ? pausing(state.failureCount) : same;
    case 'up':
      if (event.type === 'stable') return { state: { type: 'up', failureCount: 0 }, effects: [] };
      return event.type === 'closed' ? pausing(state.failureCount) : same;
    case 'waiting':
      return event.type === 'pause-over' ? opening(state.failureCount) : same;
  }
}

/** Between half and the whole of the ceiling, so that many tills do not return in step. */
export function jitteredPauseMs(ceilingMs: number, unit: number): number {
  return ceilingMs * (0.5 + unit / 2);
}

const opening = (failureCount: number): LinkStep => ({
  state: { type: 'opening', failureCount },
  effects: [{ type: 'open' }],
});

const pausing = (failureCount: number): LinkStep => ({
  state: { type: 'waiting', failureCount: Math.min(failureCount + 1, failureCountMax) },
  effects: [
    {
      type: 'pause',
      ceilingMs: Math.min(retryPauseMsMin * 2 ** failureCount, retryPauseMsMax),
    },
  ],
});
