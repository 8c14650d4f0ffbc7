import { stat } from 'node:fs/promises';
import type { Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import type { FoundPort } from '#drivers/discovery/found-port.ts';
import { createFoundTransport, type FoundTransport } from '#drivers/discovery/found-transport.ts';
import { findPort, type PortIdentity } from '#drivers/discovery/port-identity.ts';
import type { PortWatch } from '#drivers/discovery/port-watch.ts';
import { createHidTransport } from '#drivers/transports/hid.ts';
import { createSerialTransport, type SerialFlow } from '#drivers/transports/serial.ts';
import { createTcpTransport } from '#drivers/transports/tcp.ts';
import { createUsbLpTransport } from '#drivers/transports/usb-lp.ts';
import { err, type Err, type Result } from '#shared/result/result.ts';
import type { TransportConfig } from '#terminal/ipc/devices.ts';

/** A transport that knows where its device is now and which connection is up. */
export interface DeviceLine {
  readonly transport: Transport;
  /** "serial /dev/ttyUSB1 115200": where it is now, or where it was when it was bound. */
  address(): string;
  /** The port it is at now; the one it was bound at while it is not found. Empty where there is none. */
  path(): string;
  /** Of the connection that is up; null while there is none. */
  generation(): number | null;
  /** The device is given up: nothing waits for it any more. */
  giveUp(): void;
}

/** A transport with bytes; the keyboard has none. */
export type WireConfig = Exclude<TransportConfig, { readonly type: 'keyboard' }>;

export interface LineDeps {
  readonly timers: Timers;
  readonly watch: PortWatch;
  readonly platform: NodeJS.Platform;
  readonly transports: ReadonlyMap<string, Transport>;
}

export interface LineSettings {
  readonly config: WireConfig;
  /** null: by the path of its configuration. */
  readonly identity: PortIdentity | null;
  /** Bits per second when the configuration does not say. */
  readonly baudDefault: number;
  readonly flow?: SerialFlow;
  /** HID: the scanner has to be told to send reports. */
  readonly enableReports?: boolean;
}

export function createDeviceLine(settings: LineSettings, deps: LineDeps): DeviceLine {
  const { config } = settings;
  const inner = transportOf(settings, deps);
  const found = 'giveUp' in inner ? inner : null;
  const { transport, generation } = countConnections(inner);
  const path = (): string => found?.path() ?? ('path' in config ? config.path : '');
  return {
    transport,
    path,
    address: () =>
      found === null ? transport.address : wireTransport(settings, path(), deps.timers).address,
    generation,
    giveUp: () => found?.giveUp(),
  };
}

function transportOf(settings: LineSettings, deps: LineDeps): Transport | FoundTransport {
  const { config } = settings;
  switch (config.type) {
    case 'serial':
    case 'hid':
    case 'usb-lp': {
      const identity = settings.identity ?? { type: 'path', path: config.path };
      const kind = config.type;
      return createFoundTransport({
        address: wireTransport(settings, config.path, deps.timers).address,
        timers: deps.timers,
        find: () => locate({ identity, kind, deps }),
        make: (path) => wireTransport(settings, path, deps.timers),
        onPlug: (listener) => deps.watch.onChange(listener),
      });
    }
    case 'tcp':
      return createTcpTransport({ host: config.host, port: config.port, timers: deps.timers });
    case 'memory':
      return deps.transports.get(config.name) ?? absentTransport(config.name);
  }
}

function wireTransport(settings: LineSettings, path: string, timers: Timers): Transport {
  const { config, baudDefault, flow = 'none' } = settings;
  if (config.type === 'usb-lp') return createUsbLpTransport({ path, timers });
  if (config.type === 'hid')
    return createHidTransport({ path, timers, enableReports: settings.enableReports ?? false });
  const baud = config.type === 'serial' ? (config.baudRate ?? baudDefault) : baudDefault;
  return createSerialTransport({ path, baud, flow, timers });
}

/** A port known by its path alone need not be listed anywhere: pseudo terminals and odd names never are. */
async function locate({
  identity,
  kind,
  deps,
}: {
  readonly identity: PortIdentity;
  readonly kind: FoundPort['kind'];
  readonly deps: LineDeps;
}): Promise<string | null> {
  if (identity.type !== 'path')
    return findPort(identity, kind, (await deps.watch.list()).ports)?.path ?? null;
  if (deps.platform === 'win32') return identity.path;
  try {
    await stat(identity.path);
    return identity.path;
  } catch {
    return null;
  }
}

/** A name that nobody provides is a device that is not there. */
const absentTransport = (name: string): Transport => ({
  address: `memory ${name}`,
  open: (): Promise<Err<OpenError>> => Promise.resolve(err({ type: 'device-missing' })),
});

function countConnections(inner: Transport): {
  readonly transport: Transport;
  readonly generation: () => number | null;
} {
  let current: number | null = null;
  const open = async (): Promise<Result<Connection, OpenError>> => {
    const opened = await inner.open();
    if (!opened.ok) return opened;
    const { generation } = opened.value;
    current = generation;
    opened.value.onClose(() => {
      if (current === generation) current = null;
    });
    return opened;
  };
  return { transport: { address: inner.address, open }, generation: () => current };
}
