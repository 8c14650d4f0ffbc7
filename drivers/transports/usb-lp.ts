import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { err, ok, type Result } from '#shared/result/result.ts';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';
import type { CloseReason, Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import {
  identifyNode,
  nodeMissing,
  watchNode,
  type DeviceNode,
} from '#drivers/transports/device-node.ts';
import {
  createGuardedConnection,
  openTimeoutMsDefault,
} from '#drivers/transports/guarded-connection.ts';
import { createNodeReader } from '#drivers/transports/node-reader.ts';
import { createNodeWriter } from '#drivers/transports/node-writer.ts';

export interface UsbLpDeps {
  /** "/dev/usb/lp0": the node that the kernel's usblp driver makes for a USB printer-class device. */
  readonly path: string;
  readonly timers: Timers;
  readonly openTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
}

/**
 * usblp has one transfer of at most 8 KB under way: smaller pieces mean that a pulled cable loses less. That a piece
 * was taken proves that the one before it reached the device; of the last one nothing is known.
 */
export const usbLpChunkBytes = 512;

/**
 * A USB printer-class device under Linux (kernel: drivers/usb/class/usblp.c). The node is opened non-blocking and asked
 * again and again: a blocked read would hold one of the few threads of the process for as long as the printer is quiet.
 */
export function createUsbLpTransport(deps: UsbLpDeps): Transport {
  return { address: `usb ${deps.path}`, open: () => openUsbLp(deps) };
}

async function openUsbLp(deps: UsbLpDeps): Promise<Result<Connection, OpenError>> {
  const node = await identifyNode(deps.path);
  if (node === nodeMissing) return err({ type: 'device-missing' });
  const opened = await openWithTimeout(deps);
  return opened.ok ? ok(connect({ file: opened.value, node, deps })) : opened;
}

async function openWithTimeout(deps: UsbLpDeps): Promise<Result<FileHandle, OpenError>> {
  const opening = openNode(deps.path);
  const timeoutMs = deps.openTimeoutMs ?? openTimeoutMsDefault;
  let cancel = nothingScheduled;
  const late = new Promise<null>((resolve) => {
    cancel = deps.timers.after(timeoutMs, () => resolve(null));
  });
  const opened = await Promise.race([opening, late]);
  cancel();
  if (opened !== null) return opened;
  // Should it still open: usblp lets one program in, and the next try would find it busy.
  void opening.then((tardy) => (tardy.ok ? tardy.value.close() : undefined));
  return err({ type: 'device-open-timeout' });
}

async function openNode(path: string): Promise<Result<FileHandle, OpenError>> {
  try {
    const flags = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY;
    return await onlyDevice(await open(path, flags));
  } catch (failure) {
    return err(openErrorOf(failure as NodeJS.ErrnoException));
  }
}

/** A path of a file or a disk must not become a printer: the first receipt would be written over what is there. */
async function onlyDevice(file: FileHandle): Promise<Result<FileHandle, OpenError>> {
  const found = await file.stat();
  if (found.isCharacterDevice()) return ok(file);
  await file.close();
  return err({ type: 'device-open-failed', detail: 'not a character device' });
}

/** The errors of usblp_open and of the file system in front of it. */
export function openErrorOf(failure: {
  readonly code?: string | undefined;
  readonly message: string;
}): OpenError {
  switch (failure.code ?? '') {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENODEV':
    case 'ENXIO':
    case 'EIO':
      return { type: 'device-missing' };
    case 'EACCES':
    case 'EPERM':
      return { type: 'device-permission' };
    case 'EBUSY':
      return { type: 'device-busy' };
    default:
      return { type: 'device-open-failed', detail: failure.message.slice(0, 200) };
  }
}

/** What a failed read or write says of the connection. */
export function closeReasonOf(code: string): CloseReason {
  return code === 'ENODEV' || code === 'EIO' || code === 'ENXIO' || code === 'ESHUTDOWN'
    ? { type: 'disconnected' }
    : { type: 'device-error', detail: code };
}

function connect(opened: {
  readonly file: FileHandle;
  readonly node: DeviceNode;
  readonly deps: UsbLpDeps;
}): Connection {
  const { file, node, deps } = opened;
  const { timers } = deps;
  const reader = createNodeReader({
    file,
    timers,
    onBytes: (bytes) => guarded.deliver(bytes),
    onFailure: (code) => guarded.end(closeReasonOf(code)),
  });
  const writer = createNodeWriter({
    file,
    timers,
    onFailure: (code) => guarded.end(closeReasonOf(code)),
  });
  const guarded = createGuardedConnection({
    timers,
    writeTimeoutMs: deps.writeTimeoutMs,
    chunks: { bytesMax: usbLpChunkBytes },
    raw: {
      write: writer.write,
      drain: (done) => done(null),
      close: async () => {
        stopWatch();
        // The number of a closed file may be given to another one: nothing may still be using it.
        await Promise.all([reader.stop(), writer.stop()]);
        await file.close();
      },
    },
  });
  const stopWatch = watchNode({
    path: deps.path,
    node,
    timers,
    onGone: () => guarded.end({ type: 'disconnected' }),
  });
  reader.start();
  return guarded.connection;
}
