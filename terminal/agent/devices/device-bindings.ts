import type { FoundPort } from '#drivers/discovery/found-port.ts';
import { findPort, identityOf, type PortIdentity } from '#drivers/discovery/port-identity.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { portKey } from '#terminal/agent/devices/ports/device-candidates.ts';
import type { Binding } from '#terminal/agent/devices/stored/device-store.ts';
import type { LiveDevice } from '#terminal/agent/devices/live/live-device.ts';
import type { DeviceConfig } from '#terminal/ipc/devices.ts';

/** What a till begins with: what its file says, and of what its owner bound all that does not contradict it. */
export function devicesAtStart(
  fixed: readonly DeviceConfig[],
  bindings: readonly Binding[],
): readonly Wanted[] {
  const wanted: Wanted[] = fixed.map((device) => ({ device, identity: null, fixed: true }));
  for (const binding of bindings) {
    const key = fixedKeyOf(binding);
    const contradicts = wanted.some(
      (other) =>
        other.device.role === binding.device.role || (key !== null && fixedKeyOf(other) === key),
    );
    if (!contradicts) wanted.push({ ...binding, fixed: false });
  }
  return wanted;
}

type Wanted = Pick<LiveDevice, 'device' | 'identity' | 'fixed'>;

/** Where a device opens its port among those plugged in; null for what opens none, or is not there. */
export function keyOf(
  live: Pick<Wanted, 'device' | 'identity'>,
  ports: readonly FoundPort[],
): string | null {
  const { transport } = live.device;
  const { identity } = live;
  if (identity === null || identity.type === 'path' || !isPort(transport)) return fixedKeyOf(live);
  const port = findPort(identity, transport.type, ports);
  return port && portKey({ ...transport, path: port.path });
}

/** The port of a device that is known by its name; of another the name was only where it was when it was bound. */
const fixedKeyOf = ({ device, identity }: Pick<Wanted, 'device' | 'identity'>): string | null =>
  identity === null || identity.type === 'path' ? portKey(device.transport) : null;

type PortTransport = Extract<DeviceConfig['transport'], { readonly path: string }>;

const isPort = (transport: DeviceConfig['transport']): transport is PortTransport =>
  'path' in transport;

/**
 * Why a device may not have this role; null when it may. In this order: the file says otherwise, the role is taken and
 * not to be replaced, the device serves another role.
 */
export function bindRefusal(
  wanted: { readonly device: DeviceConfig; readonly replace: boolean },
  live: readonly LiveDevice[],
  ports: readonly FoundPort[],
): ErrorCode | null {
  const { device, replace } = wanted;
  const present = live.find((each) => each.device.role === device.role);
  if (present?.fixed === true) return 'device-fixed';
  if (present && !replace) return 'device-role-taken';
  const key = portKey(device.transport);
  const taken = live.some((each) => each !== present && key !== null && keyOf(each, ports) === key);
  return taken ? 'device-bound' : null;
}

/** By what a device that is bound now will be found again; null for what has no port on this machine. */
export function identityToKeep(
  { transport }: DeviceConfig,
  ports: readonly FoundPort[],
): PortIdentity | null {
  if (!isPort(transport)) return null;
  const port = ports.find((each) => each.kind === transport.type && each.path === transport.path);
  return port ? identityOf(port, ports) : { type: 'path', path: transport.path };
}
