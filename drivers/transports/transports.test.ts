import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createTemporaryPty, describeWithPty } from '#drivers/contract/pty.ts';
import { registerTransportContract } from '#drivers/contract/register-transport-contract.ts';
import {
  createMemoryHarness,
  createPtyHarness,
  createTcpHarness,
  createUsbLpHarness,
} from '#drivers/contract/wire-harness.ts';
import { createSerialTransport, openErrorOf } from '#drivers/transports/serial.ts';
import { createTcpTransport } from '#drivers/transports/tcp.ts';

describe('memory', () => registerTransportContract(createMemoryHarness));
describe('tcp', () => registerTransportContract(createTcpHarness));
describeWithPty(describe, 'serial over a pseudo terminal', () =>
  registerTransportContract(createPtyHarness),
);
describeWithPty(describe, 'printer node over a pseudo terminal', () =>
  registerTransportContract(createUsbLpHarness),
);

describeWithPty(describe, 'serial port errors over a pseudo terminal', () => {
  it('answers device-busy for a port that another connection holds', async () => {
    const pty = await createTemporaryPty();
    const transport = createSerialTransport({
      path: pty.wire.address,
      baud: 9_600,
      timers: systemTimers,
    });
    const first = getOrThrow(await transport.open());
    expect(await transport.open()).toEqual({ ok: false, error: { type: 'device-busy' } });
    await first.close();
    await pty.remove();
  });

  it('opens although a pseudo terminal has no modem lines to raise', async () => {
    const pty = await createTemporaryPty();
    const opened = await createSerialTransport({
      path: pty.wire.address,
      baud: 115_200,
      raiseModemLines: true,
      timers: systemTimers,
    }).open();
    const connection = getOrThrow(opened);
    expect((await connection.write(Uint8Array.from([1]))).ok).toBe(true);
    await connection.close();
    await pty.remove();
  });

  it('notices that the device node vanished even when serialport does not say so', async () => {
    const pty = await createTemporaryPty();
    const connection = getOrThrow(
      await createSerialTransport({
        path: pty.wire.address,
        baud: 115_200,
        timers: systemTimers,
      }).open(),
    );
    const closed = new Promise((resolve) => connection.onClose(resolve));
    // The terminal itself stays alive behind the removed link, so that serialport sees nothing.
    rmSync(pty.wire.address);
    expect(await closed).toEqual({ type: 'disconnected' });
    await pty.remove();
  });
});

describe('serial port errors', () => {
  it.each([
    ['Error: No such file or directory, cannot open /dev/ttyUSB9', 'device-missing'],
    ['Opening COM9: File not found', 'device-missing'],
    ['Error: Permission denied, cannot open /dev/ttyUSB0', 'device-permission'],
    ['Error Resource temporarily unavailable Cannot lock port', 'device-busy'],
    ['Opening COM3: Access denied', 'device-busy'],
    ['Error: Device or resource busy, cannot open /dev/ttyS0', 'device-busy'],
    ['Inappropriate ioctl for device', 'device-open-failed'],
  ])('reads the words of the operating system: %s', (message, type) => {
    expect(openErrorOf(message).type).toBe(type);
  });

  it('answers a catalogued error, never a throw, for a path that is no terminal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'greentill-serial-'));
    const path = join(folder, 'file');
    writeFileSync(path, '');
    const opened = await createSerialTransport({ path, baud: 9_600, timers: systemTimers }).open();
    expect(opened).toMatchObject({ ok: false, error: { type: 'device-open-failed' } });
    rmSync(folder, { recursive: true });
  });
});

describe('a device that stops taking bytes', () => {
  it('memory: the write times out and the connection closes, so that stuck bytes never leave later', async () => {
    const harness = await createMemoryHarness({ writeTimeoutMs: 100 });
    const received: number[] = [];
    harness.far.onBytes((chunk) => received.push(...chunk));
    const connection = getOrThrow(await harness.transport.open());
    harness.wire.setFaults({ stalled: true });
    const written = await harness.settle(connection.write(Uint8Array.from([1, 2])));
    expect(written).toEqual({ ok: false, error: { type: 'write-timeout' } });
    harness.wire.setFaults({});
    await harness.pause(1_000);
    expect(received).toEqual([]);
    expect((await harness.transport.open()).ok).toBe(true);
  });

  it('tcp: the write is bounded by its timeout', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      socket.pause();
      socket.on('error', () => undefined);
      sockets.push(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const connection = getOrThrow(
      await createTcpTransport({
        host: '127.0.0.1',
        port,
        timers: systemTimers,
        writeTimeoutMs: 200,
      }).open(),
    );
    const written = await connection.write(new Uint8Array(64 * 1024 * 1024));
    expect(written).toEqual({ ok: false, error: { type: 'write-timeout' } });
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

describe('faults of the memory wire', () => {
  it('splits, drops and duplicates bytes where told, and pulls the cable before a byte', async () => {
    const harness = await createMemoryHarness();
    const chunks: number[][] = [];
    harness.far.onBytes((chunk) => chunks.push([...chunk]));
    const connection = getOrThrow(await harness.transport.open());
    harness.wire.setFaults({
      toDevice: { splitBytes: 2, dropBytes: new Set([1]), duplicateBytes: new Set([2]) },
      pullAtByte: 5,
    });
    await harness.settle(connection.write(Uint8Array.from([10, 11, 12])));
    const cut = await harness.settle(connection.write(Uint8Array.from([13, 14, 15, 16])));
    expect(cut).toMatchObject({ ok: false, error: { type: 'write-failed' } });
    await harness.pause(1);
    expect(chunks).toEqual([[10, 12], [12], [13, 14]]);
  });

  it('coalesces and delays, and a silent lane delivers nothing', async () => {
    const harness = await createMemoryHarness();
    const connection = getOrThrow(await harness.transport.open());
    const chunks: number[][] = [];
    connection.onData((chunk) => chunks.push([...chunk]));
    harness.wire.setFaults({ toHost: { coalesce: true, delayMs: 20 } });
    harness.far.send(Uint8Array.from([1]));
    harness.far.send(Uint8Array.from([2]));
    await harness.pause(10);
    expect(chunks).toEqual([]);
    await harness.pause(20);
    expect(chunks).toEqual([[1, 2]]);
    harness.wire.setFaults({ toHost: { silent: true } });
    harness.far.send(Uint8Array.from([3]));
    await harness.pause(100);
    expect(chunks).toHaveLength(1);
  });
});
