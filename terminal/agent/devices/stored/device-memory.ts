import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Result } from '#shared/result/result.ts';
import type { DeviceStore, StoredDevices } from '#terminal/agent/devices/stored/device-store.ts';

/** What the till's own file says of its devices, as it stands. */
export interface DeviceMemory {
  readonly now: () => StoredDevices;
  /** Durable when it returns. Errors as in {@link DeviceStore}. */
  readonly keep: (change: Partial<StoredDevices>) => Result<void, ErrorCode>;
}

export function createDeviceMemory(store: DeviceStore): DeviceMemory {
  let stored = store.read();
  return {
    now: () => stored,
    keep: (change) => {
      const next = { ...stored, ...change };
      const kept = store.write(next);
      if (kept.ok) stored = next;
      return kept;
    },
  };
}
