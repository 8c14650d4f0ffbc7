import { usbIdText, type FoundPort, type PortList } from '#drivers/discovery/found-port.ts';
import { typesLikeKeyboard } from '#drivers/discovery/list-hid.ts';
import { identityOf, identityText } from '#drivers/discovery/port-identity.ts';
import { suggestRole } from '#drivers/discovery/suggest-role.ts';
import type { Candidate, TransportConfig } from '#terminal/ipc/devices.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';

/** What is plugged in, as a window shows it. `roleAt` says which role a port serves by now. */
export const candidatesOf = (
  list: PortList,
  roleAt: (port: FoundPort) => DeviceView['role'] | null,
): Candidate[] => list.ports.map((port) => candidateOf(port, list.ports, roleAt(port)));

function candidateOf(
  port: FoundPort,
  all: readonly FoundPort[],
  boundRole: DeviceView['role'] | null,
): Candidate {
  const identity = identityText(identityOf(port, all));
  return {
    id: `${port.kind} ${port.path === '' ? (port.usb?.place ?? '') : port.path}`,
    kind: port.kind,
    transport: transportOf(port),
    label: port.label,
    usbId: port.usb === null ? '' : usbIdText(port.usb),
    identity,
    boundRole,
    suggestion: suggestRole(port),
    problem: port.problem,
    ...(port.group === null ? {} : { group: port.group }),
  };
}

function transportOf(port: FoundPort): TransportConfig | null {
  switch (port.kind) {
    case 'serial':
      return { type: 'serial', path: port.path };
    case 'usb-lp':
      return { type: 'usb-lp', path: port.path };
    case 'hid':
      return typesLikeKeyboard(port) ? { type: 'keyboard' } : { type: 'hid', path: port.path };
    case 'usb':
      return null;
  }
}

/** Names the one thing that a transport opens; null for what opens nothing. Two devices with one key cannot be. */
export function portKey(transport: TransportConfig | { readonly type: 'printer' }): string | null {
  switch (transport.type) {
    case 'serial':
    case 'usb-lp':
    case 'hid':
      return `${transport.type} ${transport.path}`;
    case 'tcp':
      return `tcp ${transport.host}:${transport.port}`;
    case 'memory':
      return `memory ${transport.name}`;
    case 'keyboard':
    case 'printer':
      return null;
  }
}
