import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createHidTransport, hidOpenErrorOf, type HidDeps } from '#drivers/transports/hid.ts';
import type { HidDevice } from '#drivers/transports/hid-library.ts';

/** The far end of node-hid's surface: a device that says what a script makes it say. */
class ScriptedDevice extends EventEmitter implements HidDevice {
  readonly written: number[][] = [];
  readonly features: number[][] = [];
  closeCount = 0;
  refuses = false;

  write(bytes: Buffer): Promise<number> {
    if (this.refuses) return Promise.reject(new Error('Cannot write to hid device'));
    this.written.push([...bytes]);
    return Promise.resolve(bytes.length);
  }
  sendFeatureReport(bytes: Buffer): Promise<number> {
    if (this.refuses) return Promise.reject(new Error('could not send feature report to device'));
    this.features.push([...bytes]);
    return Promise.resolve(bytes.length);
  }
  close(): Promise<void> {
    this.closeCount += 1;
    return this.closeCount > 1
      ? Promise.reject(new Error('device has been closed'))
      : Promise.resolve();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'greentill-hid-'));
const nodePath = join(folder, 'hidraw7');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('HID transport', () => {
  let devices: ScriptedDevice[];
  let refuses: boolean;
  const transport = (change: Partial<HidDeps> = {}) =>
    createHidTransport({
      path: nodePath,
      timers: systemTimers,
      loadLibrary: () =>
        Promise.resolve({
          open: () => {
            const device = new ScriptedDevice();
            device.refuses = refuses;
            devices.push(device);
            return Promise.resolve(device);
          },
        }),
      ...change,
    });
  beforeEach(() => {
    devices = [];
    refuses = false;
    writeFileSync(nodePath, '');
  });

  it('hands over one report per chunk, also those that came before anybody listened', async () => {
    const connection = getOrThrow(await transport().open());
    const [device] = devices;
    device?.emit('data', Buffer.of(2, 1));
    device?.emit('data', Buffer.of(2, 2));
    const chunks: number[][] = [];
    connection.onData((chunk) => chunks.push([...chunk]));
    device?.emit('data', Buffer.of(2, 3));
    expect(chunks).toEqual([
      [2, 1],
      [2, 2],
      [2, 3],
    ]);
    await connection.close();
  });

  it('an error is an unplug: told once, the device is closed, the next connection has a device of its own', async () => {
    const hid = transport();
    const connection = getOrThrow(await hid.open());
    const reasons: unknown[] = [];
    connection.onClose((reason) => reasons.push(reason));
    devices[0]?.emit('error', new Error('could not read from HID device'));
    devices[0]?.emit('error', new Error('could not read from HID device'));
    expect(reasons).toEqual([{ type: 'disconnected' }]);
    expect(await connection.write(Uint8Array.of(1))).toEqual({
      ok: false,
      error: { type: 'not-open' },
    });
    const next = getOrThrow(await hid.open());
    expect(next.generation).toBeGreaterThan(connection.generation);
    await next.close();
    expect(devices.map((device) => device.closeCount)).toEqual([1, 1]);
    expect(devices[1]?.written).toEqual([]);
  });

  it('a node that vanished ends the connection although the library says nothing', async () => {
    const connection = getOrThrow(await transport().open());
    const closed = new Promise((resolve) => connection.onClose(resolve));
    rmSync(nodePath);
    expect(await closed).toEqual({ type: 'disconnected' });
  });

  it('switches Honeywell reports on when asked, and goes on when the model knows no such report', async () => {
    await getOrThrow(await transport().open()).close();
    await getOrThrow(await transport({ enableReports: true }).open()).close();
    expect(devices.map((device) => device.features)).toEqual([[], [[254, 1]]]);
    refuses = true;
    const connection = getOrThrow(await transport({ enableReports: true }).open());
    expect(await connection.write(Uint8Array.of(1))).toMatchObject({ ok: false });
    await connection.close();
  });

  it('writes a report and its drain proves nothing more', async () => {
    const connection = getOrThrow(await transport().open());
    expect((await connection.write(Uint8Array.of(4, 5))).ok).toBe(true);
    expect((await connection.drain()).ok).toBe(true);
    expect(devices[0]?.written).toEqual([[4, 5]]);
    await connection.close();
  });

  it('a path without a device is device-missing, before the library is even loaded', async () => {
    rmSync(nodePath);
    const hid = transport({ loadLibrary: () => Promise.reject(new Error('not asked for')) });
    expect(await hid.open()).toEqual({ ok: false, error: { type: 'device-missing' } });
  });

  it('a machine without the native part says so', async () => {
    const hid = transport({
      loadLibrary: () => Promise.reject(new Error("Cannot find module 'x'")),
    });
    expect(await hid.open()).toEqual({ ok: false, error: { type: 'device-library-missing' } });
  });

  it('an opening that never ends is given up, and what opens late is closed', async () => {
    const device = new ScriptedDevice();
    const gate: { open?: () => void } = {};
    const held = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    const hid = transport({
      openTimeoutMs: 20,
      loadLibrary: () => Promise.resolve({ open: () => held.then(() => device) }),
    });
    expect(await hid.open()).toEqual({ ok: false, error: { type: 'device-open-timeout' } });
    gate.open?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(device.closeCount).toBe(1);
  });

  it('the real library refuses a file that is no HID device', async () => {
    const hid = createHidTransport({ path: nodePath, timers: systemTimers });
    expect(await hid.open()).toMatchObject({
      ok: false,
      error: { type: process.platform === 'linux' ? 'device-open-failed' : 'device-missing' },
    });
  });
});

test.each([
  ["Failed to open a device with path '/dev/hidraw9': No such file or directory", 'device-missing'],
  ["Failed to open a device with path '/dev/hidraw9': No such device", 'device-missing'],
  ["Failed to open a device with path '/dev/hidraw0': Permission denied", 'device-permission'],
  ["Failed to open a device with path '/dev/hidraw0': Device or resource busy", 'device-busy'],
  [
    'CreateFile: (0x00000020) The process cannot access the file because it is being used by another process.',
    'device-busy',
  ],
  ['CreateFile: (0x00000005) Access is denied.', 'device-permission'],
  ['CreateFile: (0x00000002) The system cannot find the file specified.', 'device-missing'],
  ['hid_open_path: failed to open IOHIDDevice from mach entry: (0xE00002C5)', 'device-busy'],
  ['hid_open_path: failed to open IOHIDDevice from mach entry: (0xE00002E2)', 'device-permission'],
  ['No native build was found for platform=linux arch=mips', 'device-library-missing'],
  ['ioctl(GRDESCSIZE) error, not a HIDRAW device?: Inappropriate ioctl', 'device-open-failed'],
])('reads the words of hidapi: %s', (message, type) => {
  expect(hidOpenErrorOf(message).type).toBe(type);
});
