import { SerialPort } from 'serialport';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import {
  identifyNode,
  nodeMissing,
  watchNode,
  type DeviceNode,
} from '#drivers/transports/device-node.ts';
import { createFlowGate } from '#drivers/transports/flow-gate.ts';
import {
  createGuardedConnection,
  openTimeoutMsDefault,
} from '#drivers/transports/guarded-connection.ts';

export interface SerialDeps {
  /** "/dev/ttyUSB0", "COM3", or the path of a pty. */
  readonly path: string;
  /** Bits per second, e.g. 9600, 115200. Always 8N1. */
  readonly baud: number;
  /**
   * `hardware`: RTS/CTS by the driver. `xon-xoff`: the device's XOFF stops us between two pieces of a write; the bytes
   * still arrive at whoever reads, and a question of a few bytes passes. Default `none`.
   */
  readonly flow?: SerialFlow;
  /** Raise DTR and RTS after opening. Ports without modem lines (ptys, some adapters) are tolerated. Default off. */
  readonly raiseModemLines?: boolean;
  readonly timers: Timers;
  readonly openTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
}

export type SerialFlow = 'hardware' | 'xon-xoff' | 'none';

/** What a pulled cable may lose unnoticed: one piece. A printer that said XOFF still has room for a small one. */
export const serialChunkBytes = 512;
export const serialChunkBytesXonXoff = 128;

/** A serial port through `serialport`, one port object per connection: a reopened object would send old bytes. */
export function createSerialTransport(deps: SerialDeps): Transport {
  return {
    address: `serial ${deps.path} ${deps.baud}`,
    open: () => openSerial(deps),
  };
}

async function openSerial(deps: SerialDeps): Promise<Result<Connection, OpenError>> {
  const node = await identifyNode(deps.path);
  if (node === nodeMissing) return err({ type: 'device-missing' });
  const port = new SerialPort({
    path: deps.path,
    baudRate: deps.baud,
    rtscts: deps.flow === 'hardware',
    lock: true,
    autoOpen: false,
  });
  // An unheard `error` event would end the process; every failure also comes through a callback or `close`.
  port.on('error', () => undefined);
  const opened = await openWithTimeout(port, deps);
  if (!opened.ok) return opened;
  if (deps.raiseModemLines === true) {
    await new Promise<void>((resolve) => port.set({ dtr: true, rts: true }, () => resolve()));
  }
  return ok(connect({ port, node, deps }));
}

function openWithTimeout(port: SerialPort, deps: SerialDeps): Promise<Result<void, OpenError>> {
  return new Promise((resolve) => {
    let late = false;
    const cancel = deps.timers.after(deps.openTimeoutMs ?? openTimeoutMsDefault, () => {
      late = true;
      resolve(err({ type: 'device-open-timeout' }));
    });
    port.open((failure) => {
      cancel();
      if (late) {
        // Opened after we gave up: holding the lock would make the next try fail as busy.
        if (failure === null) port.close(() => undefined);
        return;
      }
      resolve(failure === null ? ok(undefined) : err(openErrorOf(failure.message)));
    });
  });
}

/** Serialport reports the words of the operating system only; these are its words on Linux, macOS and Windows. */
export function openErrorOf(message: string): OpenError {
  if (/cannot lock|resource busy|EBUSY|temporarily unavailable|access denied/i.test(message)) {
    return { type: 'device-busy' };
  }
  if (/ENOENT|no such file|file not found|no such device|ENXIO|ENODEV/i.test(message)) {
    return { type: 'device-missing' };
  }
  if (/EACCES|EPERM|permission denied|not permitted/i.test(message)) {
    return { type: 'device-permission' };
  }
  return { type: 'device-open-failed', detail: message.slice(0, 200) };
}

function connect(open: {
  readonly port: SerialPort;
  readonly node: DeviceNode;
  readonly deps: SerialDeps;
}): Connection {
  const { port, node, deps } = open;
  const gate = deps.flow === 'xon-xoff' ? createFlowGate(deps.timers) : null;
  const guarded = createGuardedConnection({
    timers: deps.timers,
    writeTimeoutMs: deps.writeTimeoutMs,
    chunks:
      gate === null
        ? { bytesMax: serialChunkBytes }
        : { bytesMax: serialChunkBytesXonXoff, room: () => gate.room() },
    raw: {
      write: (bytes, done) => {
        // A write to a closed port is kept by serialport and sent at its next opening: a second receipt.
        if (!port.isOpen) return done('port closed');
        port.write(Buffer.from(bytes), (failure) => done(failure?.message ?? null));
      },
      drain: (done) => {
        if (!port.isOpen) return done('port closed');
        port.drain((failure) => done(failure?.message ?? null));
      },
      close: () => {
        stopWatch();
        gate?.close();
        return closePort(port);
      },
    },
  });
  const gone = (): void => guarded.end({ type: 'disconnected' });
  const stopWatch = watchNode({ path: deps.path, node, timers: deps.timers, onGone: gone });
  port.on('data', (chunk: Buffer) => {
    gate?.look(chunk);
    guarded.deliver(chunk);
  });
  port.on('close', gone);
  port.on('end', gone);
  return guarded.connection;
}

async function closePort(port: SerialPort): Promise<void> {
  if (!port.isOpen) return;
  // Flushing first throws away what waits in the kernel; on a dead port it fails, which is as good.
  await new Promise<void>((resolve) => port.flush(() => resolve()));
  if (!port.isOpen) return;
  await new Promise<void>((resolve) => port.close(() => resolve()));
}
