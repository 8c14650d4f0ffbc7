import type { FoundPort } from '#drivers/discovery/found-port.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { bindRefusal, identityToKeep } from '#terminal/agent/devices/device-bindings.ts';
import { portKey } from '#terminal/agent/devices/ports/device-candidates.ts';
import type { DeviceRoster, Role } from '#terminal/agent/devices/live/device-roster.ts';
import type { DeviceMemory } from '#terminal/agent/devices/stored/device-memory.ts';
import type { Binding } from '#terminal/agent/devices/stored/device-store.ts';
import type { LiveDevice } from '#terminal/agent/devices/live/live-device.ts';
import type { DeviceConfig } from '#terminal/ipc/devices.ts';

/** Gives roles to devices and takes them away. Errors: see terminal/ipc/devices.ts. */
export interface DeviceBinder {
  /** Durable before the new driver starts. */
  readonly bind: (device: DeviceConfig, replace: boolean) => Promise<Result<void, ErrorCode>>;
  readonly unbind: (role: Role) => Promise<Result<void, ErrorCode>>;
}

export interface DeviceBinderDeps {
  readonly memory: DeviceMemory;
  readonly roster: DeviceRoster;
  /** What is plugged in, looked at again. */
  readonly lookAround: () => Promise<{ readonly ports: readonly FoundPort[] }>;
  /** Lets go of a port that is being tried. */
  readonly cancelProbe: (portKey: string | null) => Promise<void>;
  /** null: this till has no such driver. */
  readonly create: (wanted: Binding & { readonly fixed: boolean }) => LiveDevice | null;
  /** Why a role may not change its device just now; null when it may. */
  readonly changeBlocked: (role: Role) => ErrorCode | null;
}

export function createDeviceBinder(deps: DeviceBinderDeps): DeviceBinder {
  const { memory, roster } = deps;
  let turn: Promise<unknown> = Promise.resolve();

  /** Bindings change one after the other: two at once could take the same port. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const othersThan = (role: Role): readonly Binding[] =>
    memory.now().bindings.filter(({ device }) => device.role !== role);

  return {
    bind: (device, replace) =>
      inTurn(async () => {
        const { ports } = await deps.lookAround();
        const refused = bindRefusal({ device, replace }, roster.all(), ports);
        if (refused !== null) return err(refused);
        const identity = identityToKeep(device, ports);
        await deps.cancelProbe(portKey(device.transport));
        const { role } = device;
        const fresh = deps.create({ device, identity, fixed: false });
        if (!fresh) return err('device-unsupported');
        const held = roster.get(role) ? deps.changeBlocked(role) : null;
        if (held !== null) return err(held);
        const kept = memory.keep({ bindings: [...othersThan(role), { device, identity }] });
        if (!kept.ok) return kept;
        await roster.swap(role, fresh);
        return ok(undefined);
      }),
    unbind: (role) =>
      inTurn(async () => {
        const present = roster.get(role);
        if (!present) return err('device-missing');
        if (present.fixed) return err('device-fixed');
        const held = deps.changeBlocked(role);
        if (held !== null) return err(held);
        const kept = memory.keep({ bindings: othersThan(role) });
        if (!kept.ok) return kept;
        await roster.swap(role, null);
        return ok(undefined);
      }),
  };
}
