import type { Clock } from '#shared/time/clock.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { Timers } from '#drivers/core/timers.ts';
import {
  drawerStart,
  stepDrawer,
  type DrawerCalibration,
  type DrawerEvent,
  type DrawerInput,
  type DrawerLevel,
} from '#drivers/drawer/drawer-machine.ts';

/** Whether the drawer is open, and how it came to be. Hand it to `createReceiptPrinter`, which feeds it. */
export interface DrawerSense {
  /** The printer told the level of its pin. */
  pin(high: boolean): void;
  /** A pulse of ours was sent. */
  kicked(): void;
  /** The printer is gone: nothing is known of the pin. */
  lineDown(): void;
  /** null: not calibrated, or no level heard yet. */
  isOpen(): boolean | null;
  /** The last level heard, for calibrating; null: none. */
  level(): DrawerLevel | null;
  /** The shop calibrated, or took the calibration back. */
  setCalibration(calibration: DrawerCalibration | null): void;
}

export function createDrawerSense(deps: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
  readonly calibration: DrawerCalibration | null;
  readonly onEvent: (event: DrawerEvent) => void;
}): DrawerSense {
  const alarm = createAlarm(deps.timers);
  let calibration = deps.calibration;
  let state = drawerStart;
  let level: DrawerLevel | null = null;

  const take = (input: DrawerInput): void => {
    const step = stepDrawer(state, input, { nowMs: deps.clock.monotonicMs(), calibration });
    state = step.state;
    if (step.timer === 'stop') alarm.clear();
    else if (step.timer !== 'keep') alarm.set(step.timer, () => take({ type: 'timeout' }));
    for (const event of step.events) deps.onEvent(event);
  };

  return {
    pin: (high) => {
      level = high ? 'high' : 'low';
      take({ type: 'level', level });
    },
    kicked: () => take({ type: 'kicked' }),
    lineDown: () => {
      level = null;
      take({ type: 'line-down' });
    },
    isOpen: () => (state.type === 'unknown' ? null : state.type === 'open'),
    level: () => level,
    setCalibration: (next) => {
      calibration = next;
      take({ type: 'line-down' });
      if (level !== null) take({ type: 'level', level });
    },
  };
}
