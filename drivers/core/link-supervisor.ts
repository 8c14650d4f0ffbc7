import type { DeviceErrorCode } from '#shared/errors/device.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import {
  jitteredPauseMs,
  linkStableMs,
  linkStopped,
  stepLink,
  type LinkEffect,
  type LinkEvent,
  type LinkMachineState,
} from '#drivers/core/link-machine.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import { createWireLog, type WireLog } from '#drivers/core/wire-log.ts';

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
  const log = createWireLog(deps.clock);
  const display = createLinkDisplay(deps);
  const opener = createOpener(deps.transport);
  const alarm = createAlarm(deps.timers);
  let machine: LinkMachineState = linkStopped;
  let connection: Connection | null = null;
  let closing: Promise<void> = Promise.resolve();

  const handle = (event: LinkEvent): void => {
    const step = stepLink(machine, event);
    machine = step.state;
    for (const effect of step.effects) run(effect);
  };

  const run = (effect: LinkEffect): void => {
    alarm.clear();
    switch (effect.type) {
      case 'open':
        void open();
        return;
      case 'close':
        closing = connection?.close() ?? closing;
        return;
      case 'pause':
        return pause(jitteredPauseMs(effect.ceilingMs, deps.random.unit()));
      default:
        exhaustive(effect);
    }
  };

  const pause = (pauseMs: number): void => alarm.set(pauseMs, () => handle({ type: 'pause-over' }));

  const open = async (): Promise<void> => {
    const opened = await opener.open(closing);
    if (opened === 'given-up') return;
    if (opened.ok) return adopt(opened.value);
    display.offline(opened.error.type);
    handle({ type: 'open-failed', error: opened.error });
  };

  const adopt = (fresh: Connection): void => {
    connection = fresh;
    handle({ type: 'opened' });
    alarm.set(linkStableMs, () => handle({ type: 'stable' }));
    display.online(fresh.generation);
    attach(fresh, log, deps);
    fresh.onClose(() => {
      if (connection === fresh) lose(fresh);
    });
  };

  const lose = (gone: Connection): void => {
    connection = null;
    closing = gone.close();
    display.offline('device-missing');
    deps.onDown(gone.generation);
    handle({ type: 'closed' });
  };

  return {
    start: () => handle({ type: 'start' }),
    stop: async () => {
      opener.giveUp();
      alarm.clear();
      handle({ type: 'stop' });
      await closing;
    },
    restart: () => void connection?.close(),
    state: () => display.state(),
    recentBytes: () => log.lines(),
  };
}

/** Opens a new one each time. What opens after it was given up is closed, never used. */
function createOpener(transport: Transport): {
  readonly open: (after: Promise<void>) => Promise<Result<Connection, OpenError> | 'given-up'>;
  readonly giveUp: () => void;
} {
  let latest = 0;
  return {
    giveUp: () => {
      latest += 1;
    },
    open: async (after) => {
      latest += 1;
      const mine = latest;
      await after;
      const opened = await transport.open();
      if (mine === latest) return opened;
      if (opened.ok) await opened.value.close();
      return 'given-up';
    },
  };
}

/** Hands a connection to its user, every byte of it noted. */
function attach(
  fresh: Connection,
  log: WireLog,
  { onUp, onData }: Pick<LinkSupervisorDeps, 'onUp' | 'onData'>,
): void {
  const { generation } = fresh;
  onUp(loggedLink(fresh, log));
  fresh.onData((chunk) => {
    log.note({ generation, direction: 'in', bytes: chunk });
    onData(chunk, generation);
  });
}

const loggedLink = (connection: Connection, log: WireLog): Link => ({
  generation: connection.generation,
  drain: () => connection.drain(),
  write: (bytes) => {
    log.note({ generation: connection.generation, direction: 'out', bytes });
    return connection.write(bytes);
  },
});

/** The state as it is told: a reason for being offline is told once, not at every try. */
function createLinkDisplay(deps: Pick<LinkSupervisorDeps, 'clock' | 'onState'>): {
  readonly state: () => LinkState;
  readonly online: (generation: number) => void;
  readonly offline: (code: DeviceErrorCode) => void;
} {
  const now = (): number => deps.clock.nowMs();
  let shown: LinkState = { type: 'offline', code: 'device-missing', sinceMs: now() };
  const show = (next: LinkState): void => {
    shown = next;
    deps.onState?.(next);
  };
  return {
    state: () => shown,
    online: (generation) => show({ type: 'online', generation, sinceMs: now() }),
    offline: (code) => {
      if (shown.type === 'offline' && shown.code === code) return;
      show({ type: 'offline', code, sinceMs: now() });
    },
  };
}
