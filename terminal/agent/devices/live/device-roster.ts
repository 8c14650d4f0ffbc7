import {
  startDevice,
  stopDevice,
  type Driver,
  type LiveDevice,
} from '#terminal/agent/devices/live/live-device.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';

export type Role = DeviceView['role'];

/** Who does which duty at this till: at most one device for each role, running or not. */
export interface DeviceRoster {
  readonly get: (role: Role) => LiveDevice | undefined;
  /** In the order in which people are shown them. */
  readonly all: () => readonly LiveDevice[];
  readonly driverOf: <R extends Driver['role']>(
    role: R,
  ) => Extract<Driver, { role: R }> | undefined;
  /** The role changes hands at once; the old driver is gone before the new one opens anything. */
  readonly swap: (role: Role, fresh: LiveDevice | null) => Promise<void>;
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

export interface DeviceRosterDeps {
  readonly devices: readonly LiveDevice[];
  /** The role is another device's, or nobody's. */
  readonly onHandOver: (role: Role) => void;
  readonly onChange: () => void;
}

const roleOrder: readonly Role[] = ['scanner', 'printer', 'drawer', 'box-pos', 'display'];

export function createDeviceRoster(deps: DeviceRosterDeps): DeviceRoster {
  const live = new Map<Role, LiveDevice>(deps.devices.map((each) => [each.device.role, each]));
  let running = false;

  const all = (): readonly LiveDevice[] => roleOrder.flatMap((role) => live.get(role) ?? []);
  return {
    get: (role) => live.get(role),
    all,
    driverOf: <R extends Driver['role']>(role: R) => {
      const found = all().find((each) => each.driver.role === role)?.driver;
      return found as Extract<Driver, { role: R }> | undefined;
    },
    swap: async (role, fresh) => {
      const old = live.get(role);
      if (fresh) live.set(role, fresh);
      else live.delete(role);
      deps.onHandOver(role);
      deps.onChange();
      if (old) await stopDevice(old);
      if (fresh && running) startDevice(fresh);
      deps.onChange();
    },
    start: () => {
      running = true;
      for (const each of all()) startDevice(each);
    },
    stop: async () => {
      running = false;
      await Promise.all(all().map(stopDevice));
    },
  };
}
