import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createTemporaryPty, describeWithPty } from '#drivers/contract/pty.ts';
import { createSerialTransport } from '#drivers/transports/serial.ts';
import { closeReasonOf, createUsbLpTransport, openErrorOf } from '#drivers/transports/usb-lp.ts';

describe('errors of a printer node', () => {
  it.each([
    ['ENOENT', 'device-missing'],
    ['ENODEV', 'device-missing'],
    ['ENXIO', 'device-missing'],
    ['EIO', 'device-missing'],
    ['EACCES', 'device-permission'],
    ['EPERM', 'device-permission'],
    ['EBUSY', 'device-busy'],
    ['EINVAL', 'device-open-failed'],
    [undefined, 'device-open-failed'],
  ])('opening: %s is told as %s', (code, type) => {
    expect(openErrorOf({ code, message: 'words' }).type).toBe(type);
  });

  it.each([
    ['ENODEV', { type: 'disconnected' }],
    ['EIO', { type: 'disconnected' }],
    ['ESHUTDOWN', { type: 'disconnected' }],
    ['EPIPE', { type: 'device-error', detail: 'EPIPE' }],
  ])('in use: %s', (code, reason) => expect(closeReasonOf(code)).toEqual(reason));
});

describe('a path that is no printer', () => {
  it.each([
    ['a printer', (path: string) => createUsbLpTransport({ path, timers: systemTimers })],
    [
      'a serial port',
      (path: string) => createSerialTransport({ path, baud: 9_600, timers: systemTimers }),
    ],
  ])('a file that is called %s is not opened for writing, and keeps its bytes', async (_, make) => {
    const folder = await mkdtemp(join(tmpdir(), 'greentill-path-'));
    const path = join(folder, 'journal.db');
    await writeFile(path, 'the day’s takings');
    expect(await make(path).open()).toMatchObject({ ok: false });
    expect(await readFile(path, 'utf8')).toBe('the day’s takings');
    expect(await make(folder).open()).toMatchObject({ ok: false });
    await rm(folder, { recursive: true });
  });
});

describeWithPty(describe, 'a printer node over a pseudo terminal', () => {
  it('twelve quiet printers hold no thread of the process: files are still read at once', async () => {
    const ptys = await Promise.all(Array.from({ length: 12 }, () => createTemporaryPty()));
    const connections = await Promise.all(
      ptys.map(async ({ wire }) =>
        getOrThrow(await createUsbLpTransport({ path: wire.address, timers: systemTimers }).open()),
      ),
    );
    await new Promise((resolve) => void systemTimers.after(100, () => resolve(undefined)));
    expect((await readFile(import.meta.filename)).length).toBeGreaterThan(0);
    for (const connection of connections) await connection.close();
    for (const pty of ptys) await pty.remove();
  });

  it('a printer that takes nothing more: the write ends by its timeout and the connection with it', async () => {
    const pty = await createTemporaryPty();
    const transport = createUsbLpTransport({
      path: pty.wire.address,
      timers: systemTimers,
      writeTimeoutMs: 200,
    });
    const connection = getOrThrow(await transport.open());
    const closed = new Promise((resolve) => connection.onClose(resolve));
    pty.wire.pause();
    const written = await connection.write(new Uint8Array(4 * 1024 * 1024));
    expect(written).toEqual({ ok: false, error: { type: 'write-timeout' } });
    expect(await closed).toMatchObject({ type: 'device-error' });
    expect(await connection.write(Uint8Array.of(1))).toEqual({
      ok: false,
      error: { type: 'not-open' },
    });
    await pty.remove();
  });
});
