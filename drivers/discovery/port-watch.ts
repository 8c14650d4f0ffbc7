import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { PortList } from '#drivers/discovery/found-port.ts';
import { namesIn } from '#drivers/discovery/linux-usb.ts';
import { listPorts } from '#drivers/discovery/list-ports.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';

/** Knows what is plugged in, and tells when that changes. */
export interface PortWatch {
  start(): void;
  stop(): void;
  /** The last list; the first call makes one. */
  list(): Promise<PortList>;
  /** Lists again, for a person who asks. */
  refresh(): Promise<PortList>;
  /** Calls `listener` after every change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** Listing asks another program (udevadm) or the system's registry: too dear to do all the time. */
export const hotPlugPollMs = 2_000;
/** A plug makes a burst of events, and udev sets the owner a moment after the node is there. */
const settleMs = 150;

export interface PortWatchDeps {
  readonly timers: Timers;
  readonly around: Surroundings;
  /** Default: {@link listPorts}. */
  readonly list?: (around: Surroundings) => Promise<PortList>;
}

/**
 * Looks at the names of device nodes every `hotPlugPollMs`, and at once when the system says that /dev changed; only a
 * change of names makes a new list. Where there are no such names (Windows, macOS) each look is a list.
 */
export function createPortWatch(deps: PortWatchDeps): PortWatch {
  const list = deps.list ?? listPorts;
  const listeners = new Set<() => void>();
  const next = createAlarm(deps.timers);
  let running = false;
  let watchers: readonly FSWatcher[] = [];
  let known: PortList | null = null;
  let lastSign: string | null = null;
  let listing: Promise<PortList> | null = null;

  const refresh = (): Promise<PortList> => {
    listing ??= list(deps.around)
      .then(adopt)
      .finally(() => {
        listing = null;
      });
    return listing;
  };
  const adopt = (fresh: PortList): PortList => {
    const changed = JSON.stringify(fresh) !== JSON.stringify(known);
    known = fresh;
    if (changed) for (const listener of listeners) listener();
    return fresh;
  };
  const look = async (): Promise<void> => {
    const sign = await signOf(deps.around);
    if (sign === null || sign !== lastSign) await refresh();
    lastSign = sign;
    if (running) next.set(hotPlugPollMs, () => void look());
  };

  return {
    start: () => {
      if (running) return;
      running = true;
      watchers = watchFolders(deps.around, () => {
        if (running) next.set(settleMs, () => void look());
      });
      void look();
    },
    stop: () => {
      running = false;
      next.clear();
      for (const watcher of watchers) watcher.close();
      watchers = [];
    },
    list: () => (known === null ? refresh() : Promise.resolve(known)),
    refresh,
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The names that come and go with a plug, cheap to read; null where there are none. */
async function signOf({ platform, devRoot, sysRoot }: Surroundings): Promise<string | null> {
  if (platform !== 'linux') return null;
  const [nodes, printers, devices] = await Promise.all([
    namesIn(devRoot),
    namesIn(join(devRoot, 'usb')),
    namesIn(join(sysRoot, 'bus/usb/devices')),
  ]);
  const ports = nodes.filter((name) => /^(tty[A-Z]|hidraw)/.test(name));
  return JSON.stringify([ports, printers, devices]);
}

function watchFolders({ platform, devRoot }: Surroundings, onEvent: () => void): FSWatcher[] {
  if (platform !== 'linux') return [];
  return [devRoot, join(devRoot, 'usb')].flatMap((folder) => {
    try {
      const watcher = watch(folder, { persistent: false }, onEvent);
      // The folder went away, or the system has no watches left: the slow look still sees everything.
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  });
}
