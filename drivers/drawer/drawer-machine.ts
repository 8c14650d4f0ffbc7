/**
 * What a drawer's switch says, as a pure machine. Pin 3 of the drawer port tells a level; which level means open
 * depends on how the drawer was wired, so each shop calibrates it once. Times are monotonic milliseconds.
 */
export interface DrawerCalibration {
  /** The level of the pin while the drawer is open. */
  readonly openMeans: DrawerLevel;
  /** An open drawer is cash within reach: after so many milliseconds it is told; 0: never. */
  readonly leftOpenMs: number;
}

export type DrawerLevel = 'high' | 'low';

export type DrawerState =
  /** No level was heard on this connection, or the drawer was never calibrated. */
  | { readonly type: 'unknown'; readonly kickedAtMs: number | null }
  | { readonly type: 'closed'; readonly kickedAtMs: number | null }
  | {
      readonly type: 'open';
      readonly sinceMs: number;
      /** `leftOpenMs` is over and was told. */
      readonly told: boolean;
    };

export type DrawerInput =
  | { readonly type: 'level'; readonly level: DrawerLevel }
  /** A pulse of ours was sent. */
  | { readonly type: 'kicked' }
  | { readonly type: 'timeout' }
  /** Nothing is heard of the pin any more. */
  | { readonly type: 'line-down' };

export type DrawerEvent =
  | { readonly type: 'drawer-opened' }
  /** Opened by key, by hand or by force: no pulse of ours came before. */
  | { readonly type: 'drawer-opened-without-kick' }
  | { readonly type: 'drawer-closed'; readonly openMs: number }
  | { readonly type: 'drawer-left-open'; readonly openMs: number };

export interface DrawerStep {
  readonly state: DrawerState;
  readonly events: readonly DrawerEvent[];
  /** The one timer: milliseconds from now, or stop it, or let it run. */
  readonly timer: number | 'stop' | 'keep';
}

export const drawerStart: DrawerState = { type: 'unknown', kickedAtMs: null };

/**
 * An opening this long after a pulse is still its work: the bolt moves in 0.1 s, the level is read
 * every 2 s by a printer that does not tell it by itself, and a receipt may be in front of the
 * reading.
 */
export const kickOpensMsMax = 4_000;

export function stepDrawer(
  state: DrawerState,
  input: DrawerInput,
  world: { readonly nowMs: number; readonly calibration: DrawerCalibration | null },
): DrawerStep {
  const stay: DrawerStep = { state, events: [], timer: 'keep' };
  const { nowMs, calibration } = world;
  switch (input.type) {
    case 'kicked':
      return state.type === 'open' ? stay : { ...stay, state: { ...state, kickedAtMs: nowMs } };
    case 'line-down':
      return { state: drawerStart, events: [], timer: 'stop' };
    case 'timeout':
      return leftOpen(state, nowMs);
    case 'level': {
      if (calibration === null) return stay;
      const isOpen = input.level === calibration.openMeans;
      if (isOpen) return state.type === 'open' ? stay : opened(state, nowMs, calibration);
      return state.type === 'closed' ? stay : closed(state, nowMs);
    }
  }
}

function opened(
  state: Exclude<DrawerState, { readonly type: 'open' }>,
  nowMs: number,
  { leftOpenMs }: DrawerCalibration,
): DrawerStep {
  const { kickedAtMs } = state;
  const kicked = kickedAtMs !== null && nowMs - kickedAtMs <= kickOpensMsMax;
  // Of a drawer first seen open nobody knows how it came to be so: that accuses no one.
  const opening =
    kicked || state.type === 'unknown' ? 'drawer-opened' : 'drawer-opened-without-kick';
  return {
    state: { type: 'open', sinceMs: nowMs, told: false },
    events: [{ type: opening }],
    timer: leftOpenMs === 0 ? 'stop' : leftOpenMs,
  };
}

function closed(state: DrawerState, nowMs: number): DrawerStep {
  const now: DrawerState = { type: 'closed', kickedAtMs: null };
  if (state.type !== 'open') {
    const kickedAtMs = state.kickedAtMs;
    return { state: { ...now, kickedAtMs }, events: [], timer: 'stop' };
  }
  const openMs = nowMs - state.sinceMs;
  return { state: now, events: [{ type: 'drawer-closed', openMs }], timer: 'stop' };
}

function leftOpen(state: DrawerState, nowMs: number): DrawerStep {
  if (state.type !== 'open' || state.told) return { state, events: [], timer: 'keep' };
  const openMs = nowMs - state.sinceMs;
  return {
    state: { ...state, told: true },
    events: [{ type: 'drawer-left-open', openMs }],
    timer: 'stop',
  };
}
