import { err, ok, type Result } from '#shared/result/result.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import { identifyNode, nodeMissing, watchNode } from '#drivers/transports/device-node.ts';
import {
  createGuardedConnection,
  openTimeoutMsDefault,
} from '#drivers/transports/guarded-connection.ts';
import { loadNodeHid, type HidDevice, type HidLibrary } from '#drivers/transports/hid-library.ts';

export interface HidDeps {
  /** As `node-hid` lists it: "/dev/hidraw0", "\\?\HID#VID_1EAB…", "DevSrvsID:4294…". */
  readonly path: string;
  readonly timers: Timers;
  readonly openTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
  /** Scanners of Honeywell and Youjie send no reports before feature report 254 says 01. Default off. */
  readonly enableReports?: boolean;
  /** Default: `node-hid`, loaded when the first device is opened. */
  readonly loadLibrary?: () => Promise<HidLibrary>;
}

/**
 * A HID device by path. Promise to its reader: **one report per `onData` chunk**, whole, in order, with the report id
 * where the device numbers its reports. `HIDAsync` is used because the synchronous reader holds a thread of the process
 * for each device. One device object per connection; an unplug comes as an error event after about half a second.
 */
export function createHidTransport(deps: HidDeps): Transport {
  return { address: `hid ${deps.path}`, open: () => openHid(deps) };
}

/** Feature report 254 with value 1. Source: NielsLeenheer/WebHidBarcodeScanner (MIT). */
const enableReportsReport: readonly number[] = [0xfe, 0x01];

async function openHid(deps: HidDeps): Promise<Result<Connection, OpenError>> {
  const node = deps.path.startsWith('/') ? await identifyNode(deps.path) : null;
  if (node === nodeMissing) return err({ type: 'device-missing' });
  const opened = await openWithTimeout(deps);
  if (!opened.ok) return opened;
  const device = opened.value;
  const connection = connect({ device, node, deps });
  if (deps.enableReports === true) {
    // A model that knows no such report scans without it, so a refusal is no failure.
    await device.sendFeatureReport(Buffer.from(enableReportsReport)).catch(() => undefined);
  }
  return ok(connection);
}

async function openWithTimeout(deps: HidDeps): Promise<Result<HidDevice, OpenError>> {
  const opening = openDevice(deps);
  let cancel = nothingScheduled;
  const late = new Promise<null>((resolve) => {
    cancel = deps.timers.after(deps.openTimeoutMs ?? openTimeoutMsDefault, () => resolve(null));
  });
  const opened = await Promise.race([opening, late]);
  cancel();
  if (opened !== null) return opened;
  // Opened after we gave up: on Windows and macOS it would keep the next try out.
  void opening.then((tardy) => (tardy.ok ? closeDevice(tardy.value) : undefined));
  return err({ type: 'device-open-timeout' });
}

async function openDevice(deps: HidDeps): Promise<Result<HidDevice, OpenError>> {
  let library: HidLibrary;
  try {
    library = await (deps.loadLibrary ?? loadNodeHid)();
  } catch {
    return err({ type: 'device-library-missing' });
  }
  try {
    return ok(await library.open(deps.path));
  } catch (failure) {
    return err(hidOpenErrorOf(failure instanceof Error ? failure.message : String(failure)));
  }
}

/** hidapi reports the words of the operating system; these are its words on Linux, Windows and macOS. */
export function hidOpenErrorOf(message: string): OpenError {
  if (/no native build|cannot find module|invalid ELF|dlopen|\.node['"]?\b/i.test(message)) {
    return { type: 'device-library-missing' };
  }
  if (/EBUSY|resource busy|being used by another process|0xE00002C5/i.test(message)) {
    return { type: 'device-busy' };
  }
  if (/ENOENT|no such file|no such device|cannot find the (file|path)|0xE00002C0/i.test(message)) {
    return { type: 'device-missing' };
  }
  if (/EACCES|EPERM|permission denied|not permitted|access is denied|0xE00002E2/i.test(message)) {
    return { type: 'device-permission' };
  }
  return { type: 'device-open-failed', detail: message.slice(0, 200) };
}

function connect(opened: {
  readonly device: HidDevice;
  readonly node: string | null;
  readonly deps: HidDeps;
}): Connection {
  const { device, node, deps } = opened;
  const guarded = createGuardedConnection({
    timers: deps.timers,
    writeTimeoutMs: deps.writeTimeoutMs,
    raw: {
      write: (bytes, answer) => {
        device.write(Buffer.from(bytes)).then(
          () => answer(null),
          (failure: Error) => answer(failure.message),
        );
      },
      drain: (done) => done(null),
      close: () => {
        stopWatch();
        return closeDevice(device);
      },
    },
  });
  const gone = (): void => guarded.end({ type: 'disconnected' });
  // hidapi has one kind of read error, and a device that was unplugged is by far its first cause.
  device.on('error', gone);
  device.on('data', (report) => guarded.deliver(report));
  const stopWatch =
    node === null
      ? nothingScheduled
      : watchNode({ path: deps.path, node, timers: deps.timers, onGone: gone });
  return guarded.connection;
}

/** A device that is gone cannot be closed; its handle was released by the system. */
const closeDevice = (device: HidDevice): Promise<void> => device.close().catch(() => undefined);
