import { stat } from 'node:fs/promises';
import { SerialPort } from 'serialport';
import { err, ok, type Result } from '#shared/result/result.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import {
  createGuardedConnection,
  openTimeoutMsDefault,
} from '#drivers/transports/guarded-connection.ts';

export interface SerialDeps {
  /** "/dev/ttyUSB0", "COM3", or the path of a pty. */
  readonly path: string;
  /** Bits per second, e.g. 9600, 115200. Always 8N1. */
  readonly baud: number;
  /** Wired hardware flow control; default off. */
  readonly rtscts?: boolean;
  /** Raise DTR and RTS after opening. Ports without modem lines (ptys, some adapters) are tolerated. Default off. */
  readonly raiseModemLines?: boolean;
  readonly timers: Timers;
  readonly openTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
}

/**
 * serialport misses an unplug while bytes arrive and then spins with `isOpen` true (bindings-cpp issue 162), so the
 * device node itself is looked at this often.
 */
const livenessIntervalMs = 250;

/** A serial port through `serialport`, one port object per connection: a reopened object would send old bytes. */
export function createSerialTransport(deps: SerialDeps): Transport {
  return {
    address: `serial ${deps.path} ${deps.baud}`,
    open: () => openSerial(deps),
  };
}

async function openSerial(deps: SerialDeps): Promise<Result<Connection, OpenError>> {
  const node = await identify(deps.path);
  if (node === 'missing') return err({ type: 'device-missing' });
  const port = new SerialPort({
    path: deps.path,
    baudRate: deps.baud,
    rtscts: deps.rtscts ?? false,
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
  readonly node: string;
  readonly deps: SerialDeps;
}): Connection {
  const { port, node, deps } = open;
  let stopWatch = nothingScheduled;
  const guarded = createGuardedConnection({
    timers: deps.timers,
    writeTimeoutMs: deps.writeTimeoutMs,
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
        return closePort(port);
      },
    },
  });
  port.on('data', (chunk: Buffer) => guarded.deliver(chunk));
  port.on('close', () => guarded.end({ type: 'disconnected' }));
  port.on('end', () => guarded.end({ type: 'disconnected' }));
  const watch = (): void => {
    stopWatch = deps.timers.after(livenessIntervalMs, () => {
      void look();
    });
  };
  const look = async (): Promise<void> => {
    const now = await identify(deps.path);
    if (now !== node) guarded.end({ type: 'disconnected' });
    else if (port.isOpen) watch();
  };
  watch();
  return guarded.connection;
}

async function closePort(port: SerialPort): Promise<void> {
  if (!port.isOpen) return;
  // Flushing first throws away what waits in the kernel; on a dead port it fails, which is as good.
  await new Promise<void>((resolve) => port.flush(() => resolve()));
  if (!port.isOpen) return;
  await new Promise<void>((resolve) => port.close(() => resolve()));
}

/** What stands behind the path now. A replugged device has another node. Windows has no nodes to look at. */
async function identify(path: string): Promise<string> {
  if (process.platform === 'win32') return 'unknown';
  try {
    const node = await stat(path);
    return `${node.dev}:${node.ino}:${node.rdev}`;
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown';
  }
}
