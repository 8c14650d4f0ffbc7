import type { FoundPort } from '#drivers/discovery/found-port.ts';
import { identityOf, type PortIdentity } from '#drivers/discovery/port-identity.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { portKey } from '#terminal/agent/devices/device-candidates.ts';
import type { Binding } from '#terminal/agent/devices/device-store.ts';
import type { LiveDevice } from '#terminal/agent/devices/live-device.ts';
import type { DeviceConfig } from '#terminal/ipc/devices.ts';

/** What a till begins with: what its file says, and of what its owner bound all that does not contradict it. */
export function devicesAtStart(
  fixed: readonly DeviceConfig[],
  bindings: readonly Binding[],
): readonly Pick<LiveDevice, 'device' | 'identity' | 'fixed'>[] {
  const roles = new Set<string>(fixed.map((device) => device.role));
  const keys = new Set(fixed.map((device) => portKey(device.transport)));
  keys.delete(null);
  const kept: Binding[] = [];
  for (const binding of bindings) {
    const { role, transport } = binding.device;
    const key = portKey(transport);
    if (roles.has(role) || keys.has(key)) continue;
    roles.add(role);
    if (key !== null) keys.add(key);
    kept.push(binding);
  }
  return [
    ...fixed.map((device) => ({ device, identity: null, fixed: true })),
    ...kept.map((binding) => ({ ...binding, fixed: false })),
  ];
}

/** Where a bound device opens its port now; null for what opens none. */
export const keyOf = ({ device, line }: LiveDevice): string | null => {
  const { transport } = device;
  const path = line?.path() ?? '';
  return portKey('path' in transport && path !== '' ? { ...transport, path } : transport);
};

/**
 * Why a device may not have this role; null when it may. In this order: the file says otherwise, the role is taken and
 * not to be replaced, the device serves another role.
 */
export function bindRefusal(
  wanted: { readonly device: DeviceConfig; readonly replace: boolean },
  live: readonly LiveDevice[],
): ErrorCode | null {
  const { device, replace } = wanted;
  const present = live.find((each) => each.device.role === device.role);
  if (present?.fixed === true) return 'device-fixed';
  if (present && !replace) return 'device-role-taken';
  const key = portKey(device.transport);
  const taken = live.some((each) => each !== present && key !== null && keyOf(each) === key);
  return taken ? 'device-bound' : null;
}

/** By what a device that is bound now will be found again; null for what has no port on this machine. */
export function identityToKeep(
  { transport }: DeviceConfig,
  ports: readonly FoundPort[],
): PortIdentity | null {
  if (transport.type !== 'serial' && transport.type !== 'usb-lp' && transport.type !== 'hid')
    return null;
  const port = ports.find((each) => each.kind === transport.type && each.path === transport.path);
  return port ? identityOf(port, ports) : { type: 'path', path: transport.path };
}
