import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { DeviceErrorCode } from '#shared/errors/device.ts';
import {
  jitteredPauseMs,
  linkStableMs,
  linkStopped,
  stepLink,
  type LinkEffect,
  type LinkEvent,
  type LinkMachineState,
} from '#drivers/core/link-machine.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { Connection, Transport } from '#drivers/core/transport.ts';
import { createWireLog } from '#drivers/core/wire-log.ts';

export interface LinkSupervisorDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A new connection; everything learnt on the one before is void. */
  readonly onUp: (link: Link) => void;
  readonly onDown: (generation: number) => void;
  readonly onData: (chunk: Uint8Array, generation: number) => void;
  readonly onState?: (state: LinkState) => void;
}

/** A connection whose bytes are noted in the wire log. */
export type Link = Pick<Connection, 'generation' | 'write' | 'drain'>;

export interface LinkSupervisor {
  start(): void;
  stop(): Promise<void>;
  /** Gives up the present connection, e.g. because the device is silent; the next one is opened after a pause. */
  restart(): void;
  state(): LinkState;
  /** The last bytes in both directions, payment codes masked. */
  recentBytes(): readonly string[];
}

/** Keeps a device connected for as long as it is started: a new connection each time, with a growing pause. */
export function createLinkSupervisor(deps: LinkSupervisorDeps): LinkSupervisor {
  const log = createWireLog({ nowMs: () => deps.clock.nowMs() });
  let machine: LinkMachineState = linkStopped;
  let connection: Connection | null = null;
  let cancelTimer = nothingScheduled;
  let shown: LinkState = { type: 'offline', code: 'device-missing', sinceMs: deps.clock.nowMs() };
  let closing: Promise<void> = Promise.resolve();
  /** Counts openings: the answer to an opening that was given up is closed, not used. */
  let openingNumber = 0;

  const show = (next: LinkState): void => {
    if (next.type === 'offline' && shown.type === 'offline' && next.code === shown.code) return;
    shown = next;
    deps.onState?.(next);
  };
  const goOffline = (code: DeviceErrorCode): void =>
    show({ type: 'offline', code, sinceMs: deps.clock.nowMs() });

  const handle = (event: LinkEvent): void => {
    const step = stepLink(machine, event);
    machine = step.state;
    for (const effect of step.effects) run(effect);
  };

  const run = (effect: LinkEffect): void => {
    cancelTimer();
    switch (effect.type) {
      case 'open':
        void open();
        return;
      case 'close':
        closing = connection?.close() ?? closing;
        return;
      case 'pause':
        cancelTimer = deps.timers.after(jitteredPauseMs(effect.ceilingMs, deps.random.unit()), () =>
          handle({ type: 'pause-over' }),
        );
        return;
      default:
        exhaustive(effect);
    }
  };

  const open = async (): Promise<void> => {
    openingNumber += 1;
    const mine = openingNumber;
    await closing;
    const opened = await deps.transport.open();
    const wanted = mine === openingNumber && machine.type === 'opening';
    if (!wanted) {
      if (opened.ok) await opened.value.close();
      return;
    }
    if (!opened.ok) {
      goOffline(opened.error.type);
      return handle({ type: 'open-failed', error: opened.error });
    }
    adopt(opened.value);
  };

  const adopt = (fresh: Connection): void => {
    connection = fresh;
    const { generation } = fresh;
    handle({ type: 'opened' });
    cancelTimer = deps.timers.after(linkStableMs, () => handle({ type: 'stable' }));
    show({ type: 'online', generation, sinceMs: deps.clock.nowMs() });
    deps.onUp({
      generation,
      drain: () => fresh.drain(),
      write: (bytes) => {
        log.note({ generation, direction: 'out', bytes });
        return fresh.write(bytes);
      },
    });
    fresh.onData((chunk) => {
      log.note({ generation, direction: 'in', bytes: chunk });
      deps.onData(chunk, generation);
    });
    fresh.onClose(() => {
      if (connection !== fresh) return;
      connection = null;
      closing = fresh.close();
      goOffline('device-missing');
      deps.onDown(generation);
      handle({ type: 'closed' });
    });
  };

  return {
    start: () => handle({ type: 'start' }),
    stop: async () => {
      openingNumber += 1;
      cancelTimer();
      handle({ type: 'stop' });
      await closing;
    },
    restart: () => void connection?.close(),
    state: () => shown,
    recentBytes: () => log.lines(),
  };
}
