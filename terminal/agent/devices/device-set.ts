import type { CustomerDisplay } from '#drivers/display/customer-display.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import type { Scanner } from '#drivers/scanner/scanner.ts';
import { createSerialScanner } from '#drivers/scanner/serial-scanner.ts';
import { createSerialTransport } from '#drivers/transports/serial.ts';
import { createTcpTransport } from '#drivers/transports/tcp.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { OpenError, Transport } from '#drivers/core/transport.ts';
import type { DeviceErrorCode } from '#shared/errors/device.ts';
import { err, type Err } from '#shared/result/result.ts';
import type { Scan } from '#shared/scan/scan.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';
import type { DeviceConfig, TransportConfig } from '#terminal/agent/config.ts';

/** The devices of this till, by role. A missing device is a state, never an error at start. */
export interface DeviceSet {
  readonly printer: () => ReceiptPrinter | undefined;
  readonly display: () => CustomerDisplay | undefined;
  readonly has: (role: DeviceView['role']) => boolean;
  readonly views: () => readonly DeviceView[];
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

export interface DeviceSetDeps {
  readonly devices: readonly DeviceConfig[];
  readonly transports: ReadonlyMap<string, Transport>;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly onScan: (scan: Scan) => void;
  readonly onScanProblem: (code: DeviceErrorCode) => void;
  /** A device came, went or changed its state. */
  readonly onChange: () => void;
  readonly onLateProcessId: (processId: number) => void;
}

const baudRateDefault = 115_200;

export function createDeviceSet(deps: DeviceSetDeps): DeviceSet {
  const ports = { clock: deps.clock, random: deps.random, timers: deps.timers };
  let scanner: Scanner | undefined;
  let printer: ReceiptPrinter | undefined;
  let scannedAtMs: number | undefined;
  /** A scan proves that the scanner is there, whether its code could be read or not. */
  const scanned =
    <T>(tell: (what: T) => void) =>
    (what: T): void => {
      scannedAtMs = Math.trunc(deps.clock.nowMs());
      tell(what);
      deps.onChange();
    };
  for (const device of deps.devices) {
    if (device.role === 'scanner')
      scanner = createSerialScanner({
        ...ports,
        transport: transportOf(device.transport, deps),
        onScan: scanned(deps.onScan),
        onState: deps.onChange,
        onProblem: scanned(deps.onScanProblem),
      });
    if (device.role === 'printer')
      printer = createReceiptPrinter({
        ...ports,
        transport: transportOf(device.transport, deps),
        width: device.paperMm === 58 ? 32 : 48,
        onStatus: deps.onChange,
        onLateProcessId: deps.onLateProcessId,
      });
  }
  return {
    printer: () => printer,
    display: () => undefined,
    has: (role) => deps.devices.some((device) => device.role === role),
    views: () => deps.devices.map((device) => viewOf(device, { scanner, scannedAtMs, printer })),
    start: () => {
      scanner?.start();
      printer?.start();
    },
    stop: async () => {
      await Promise.all([scanner?.stop(), printer?.stop()]);
    },
  };
}

function transportOf(config: TransportConfig, deps: DeviceSetDeps): Transport {
  switch (config.type) {
    case 'serial': {
      const { path, baudRate = baudRateDefault } = config;
      return createSerialTransport({ path, baud: baudRate, timers: deps.timers });
    }
    case 'tcp':
      return createTcpTransport({ host: config.host, port: config.port, timers: deps.timers });
    case 'memory':
      return deps.transports.get(config.name) ?? absentTransport(config.name);
  }
}

/** A name that nobody provides is a device that is not there. */
const absentTransport = (name: string): Transport => ({
  address: `memory ${name}`,
  open: (): Promise<Err<OpenError>> => Promise.resolve(err({ type: 'device-missing' })),
});

interface DevicesInUse {
  readonly scanner: Scanner | undefined;
  /** Wall time of the last scan, ms. */
  readonly scannedAtMs: number | undefined;
  readonly printer: ReceiptPrinter | undefined;
}

function viewOf(device: DeviceConfig, { scanner, scannedAtMs, printer }: DevicesInUse): DeviceView {
  const { role, name } = device;
  if (role === 'scanner') {
    const state = scanner?.state();
    const address = scanner?.address ?? '';
    const seen = scannedAtMs === undefined ? {} : { lastSeenMs: scannedAtMs };
    if (state?.type !== 'offline') return { role, name, address, state: 'online', ...seen };
    const { code } = state;
    const absent = code === 'device-missing';
    return { role, name, address, code, state: absent ? 'absent' : 'offline', ...seen };
  }
  const status = printer?.status();
  const address = printer?.address ?? '';
  if (!status) return { role, name, address, state: 'absent', code: 'printer-missing' };
  const seen = status.lastSeenMs === null ? {} : { lastSeenMs: Math.trunc(status.lastSeenMs) };
  // The drawer's pulse goes past everything that waits for paper or for the cover.
  const waits = status.state === 'paper-out' || status.state === 'cover-open';
  if (role === 'drawer' && waits)
    return { role, name, address: `printer ${address}`, state: 'online', ...seen };
  return {
    role,
    name,
    address: role === 'drawer' ? `printer ${address}` : address,
    state: status.code === 'device-missing' ? 'absent' : status.state,
    ...(role === 'printer' ? { confidence: status.confidence } : {}),
    ...(status.code === undefined ? {} : { code: status.code }),
    ...seen,
  };
}
