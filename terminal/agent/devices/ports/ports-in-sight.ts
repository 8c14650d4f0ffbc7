import type { Timers } from '#drivers/core/timers.ts';
import type { FoundPort, PortList } from '#drivers/discovery/found-port.ts';
import { createPortWatch, type PortWatch } from '#drivers/discovery/port-watch.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';

export interface PortsInSight {
  readonly watch: PortWatch;
  /** As they were seen last. */
  readonly now: () => readonly FoundPort[];
  /** Looks again. */
  readonly refresh: () => Promise<PortList>;
}

/** What is plugged in, as it was seen last. */
export function createPortsInSight({
  timers,
  around,
  onChange,
}: {
  readonly timers: Timers;
  readonly around: Surroundings;
  /** Something was plugged in or out. */
  readonly onChange: () => void;
}): PortsInSight {
  const watch = createPortWatch({ timers, around });
  let ports: readonly FoundPort[] = [];
  watch.onChange(onChange);
  watch.onChange(() => void watch.list().then((list) => (ports = list.ports)));
  return {
    watch,
    now: () => ports,
    refresh: async () => {
      const list = await watch.refresh();
      ({ ports } = list);
      return list;
    },
  };
}
