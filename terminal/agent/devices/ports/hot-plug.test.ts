import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SerialPort } from 'serialport';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeWithPty } from '#drivers/contract/pty.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import { systemTimers } from '#drivers/core/system-ports.ts';
import {
  createCounterTree,
  hidInfo,
  serialInfo,
  type CounterTree,
} from '#drivers/discovery/testing/counter-tree.ts';
import type { HidInfo, SerialInfo } from '#drivers/discovery/surroundings.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { createPtyWire } from '#drivers/simulator/pty-wire.ts';
import { createScannerSimulator } from '#drivers/simulator/scanner-simulator.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';
import { createDeviceDesk, detail, memoryScanner } from '#terminal/agent/testing/device-desk.ts';
import { deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
let tree: CounterTree;
let wires: FarWire[] = [];
/** What the system lists: rows whose node exists under our own /dev. */
let serial: SerialInfo[] = [];
let hid: HidInfo[] = [];
beforeEach(() => {
  [serial, hid, wires] = [[], [], []];
  tree = createCounterTree({
    listSerial: () => Promise.resolve(serial.filter(({ path }) => existsSync(path))),
    listHid: () => Promise.resolve(hid),
    mayOpen: (path) => Promise.resolve(!path.endsWith('locked')),
  });
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
  await Promise.all(wires.map((wire) => wire.close()));
  tree.remove();
});

const node = (name: string): string => join(tree.dev, name);
const cable = (name: string, serialNumber: string): SerialInfo =>
  serialInfo({ path: node(name), vendorId: '0403', productId: '6001', serialNumber });
const pty = async (name: string): Promise<FarWire> => {
  const wire = await createPtyWire(node(name));
  wires.push(wire);
  return wire;
};
const candidates = async (here: TillBench) => {
  const found = await here.ask('devices.candidates', {});
  if ('refused' in found) throw new Error(found.refused);
  return found;
};

describeWithPty(describe, 'hot plug on pseudo terminals', () => {
  test('a bound scanner comes back under another name by itself, also after a restart; nobody else takes its place', async () => {
    serial = [cable('ttyUSB0', 'SCAN'), cable('ttyUSB1', 'SCAN'), cable('ttyUSB2', 'OTHER')];
    const first = await pty('ttyUSB0');
    const here = (bench = await openTillBench({ around: tree.around }));
    const transport = { type: 'serial', path: node('ttyUSB0'), baudRate: 9_600 } as const;
    const device = { role: 'scanner', name: '扫码枪', transport } as const;
    expect(await here.ask('devices.bind', { device })).toEqual({});
    await deviceState(here, 'scanner', 'online');
    const before = await detail(here, 'scanner');
    expect(before?.identity).toBe('usb 0403:6001 SCAN');

    await first.close();
    await deviceState(here, 'scanner', 'absent');
    await pty('ttyUSB2');
    await here.until('the stranger', async () => (await candidates(here)).candidates.length === 1);
    expect((await candidates(here)).candidates[0]?.boundRole).toBeNull();
    expect((await detail(here, 'scanner'))?.state).toBe('absent');

    const second = await pty('ttyUSB1');
    await deviceState(here, 'scanner', 'online');
    const after = await detail(here, 'scanner');
    expect(after?.address).toBe(`serial ${node('ttyUSB1')} 9600`);
    expect(after?.config.transport).toMatchObject({ path: node('ttyUSB1') });
    expect(after?.generation).toBeGreaterThan(before?.generation ?? Infinity);
    const scanner = createScannerSimulator({ timers: systemTimers });
    scanner.attach(second);
    await here.ask('till.setAmount', { amountFen: 1_280 });
    scanner.scan('130000000000000001');
    await here.screen('paid');

    await here.restart();
    await deviceState(here, 'scanner', 'online');
    const shown = (await candidates(here)).candidates.map(({ transport: at, boundRole }) => [
      at !== null && 'path' in at ? at.path : '',
      boundRole,
    ]);
    expect(shown).toEqual([
      [node('ttyUSB1'), 'scanner'],
      [node('ttyUSB2'), null],
    ]);
  });

  test('a device that takes the old name of an absent one can have a role of its own, and both stay after a restart', async () => {
    serial = [cable('ttyUSB0', 'SCAN')];
    const first = await pty('ttyUSB0');
    const here = (bench = await openTillBench({ around: tree.around }));
    const transport = { type: 'serial', path: node('ttyUSB0') } as const;
    await here.ask('devices.bind', { device: { role: 'scanner', name: '扫码枪', transport } });
    await deviceState(here, 'scanner', 'online');
    await first.close();
    await deviceState(here, 'scanner', 'absent');

    serial = [cable('ttyUSB0', 'PRINT'), cable('ttyUSB1', 'SCAN')];
    const printer = createPrinterSimulator({ width: 48, timers: systemTimers });
    printer.attach(await pty('ttyUSB0'));
    expect((await candidates(here)).candidates).toMatchObject([{ boundRole: null }]);
    expect(await here.ask('devices.probe', { as: 'printer', transport })).toMatchObject({
      found: true,
    });
    const device = { role: 'printer', name: '小票机', transport } as const;
    expect(await here.ask('devices.bind', { device })).toEqual({});
    await deviceState(here, 'printer', 'online');
    await here.restart();
    await pty('ttyUSB1');
    await deviceState(here, 'printer', 'online');
    await deviceState(here, 'scanner', 'online');
    const again = { device: { ...device, role: 'scanner' as const }, replace: true };
    expect(await here.ask('devices.bind', again)).toEqual({ refused: 'device-bound' });
  });

  test('a port that another program holds says so, and is taken when it is free', async () => {
    await pty('ttyACM0');
    const other = new SerialPort({ path: node('ttyACM0'), baudRate: 9_600, autoOpen: false });
    await new Promise<void>((resolve, reject) => {
      other.open((failure) => (failure ? reject(failure) : resolve()));
    });
    const here = (bench = await openTillBench({ around: tree.around }));
    const transport = { type: 'serial', path: node('ttyACM0') } as const;
    await here.ask('devices.bind', { device: { role: 'scanner', name: '扫码枪', transport } });
    await here.until('busy', async () => (await detail(here, 'scanner'))?.code === 'device-busy');
    await new Promise<void>((resolve) => {
      other.close(() => resolve());
    });
    await deviceState(here, 'scanner', 'online');
  });

  test('a probe finds the printer, prints nothing, leaves the port free for its binding, and spares scanners', async () => {
    serial = [
      cable('ttyUSB0', 'P'),
      serialInfo({ path: node('ttyACM1'), vendorId: '1eab', productId: '0106' }),
    ];
    const printer = createPrinterSimulator({ width: 48, timers: systemTimers });
    printer.attach(await pty('ttyUSB0'));
    const scannerHeard: number[] = [];
    (await pty('ttyACM1')).onBytes((bytes) => scannerHeard.push(...bytes));
    const here = (bench = await openTillBench({ around: tree.around }));
    const transport = { type: 'serial', path: node('ttyUSB0') } as const;
    const both = await Promise.all([
      here.ask('devices.probe', { as: 'printer', transport }),
      here.ask('devices.probe', { as: 'printer', transport }),
    ]);
    expect(both).toMatchObject([
      { found: true, transport: { ...transport, baudRate: 115_200 } },
      { refused: 'device-probing' },
    ]);
    expect(printer.paper()).toEqual([]);
    const onScanner = { type: 'serial', path: node('ttyACM1') } as const;
    expect(await here.ask('devices.probe', { as: 'printer', transport: onScanner })).toEqual({
      refused: 'device-unsupported',
    });
    expect(scannerHeard).toEqual([]);
    await here.ask('devices.bind', { device: { role: 'printer', name: '小票机', transport } });
    await deviceState(here, 'printer', 'online');
    expect(await here.ask('devices.probe', { as: 'printer', transport })).toEqual({
      refused: 'device-bound',
    });
  });

  test('binding a port ends the probe of it', async () => {
    await pty('ttyS9');
    const here = (bench = await openTillBench({ around: tree.around }));
    const transport = { type: 'serial', path: node('ttyS9') } as const;
    const probing = here.ask('devices.probe', { as: 'printer', transport });
    const startMs = performance.now();
    await here.ask('devices.bind', { device: { role: 'scanner', name: '扫码枪', transport } });
    await deviceState(here, 'scanner', 'online');
    expect(performance.now() - startMs).toBeLessThan(4_000);
    expect(await probing).toMatchObject({ found: false });
  });
});

describe('candidates', () => {
  test('a device plugged into a running till is told, shown, and suggested for what it says it is', async () => {
    const here = (bench = await openTillBench({ around: tree.around }));
    let told = 0;
    here.agent().api.subscribe((event) => {
      if (event.name === 'status.changed') told += 1;
    });
    expect((await candidates(here)).candidates).toEqual([]);
    const before = told;
    hid = [hidInfo(), hidInfo({ path: '/dev/hidraw1', usagePage: 1, usage: 6, productId: 0x0103 })];
    serial = [serialInfo({ path: node('locked') })];
    tree.tty('hidraw0');
    tree.tty('locked');
    tree.usb('1-4', { idVendor: '1a86', idProduct: '7523', product: 'USB Serial' });
    await here.until('told', () => told > before);
    const found = await candidates(here);
    expect(found.problems).toEqual([]);
    expect(found.candidates).toMatchObject([
      { kind: 'serial', problem: 'device-permission', group: 'dialout', suggestion: null },
      {
        kind: 'hid',
        usbId: '1eab:0110',
        suggestion: { role: 'scanner', reason: 'usage-page', certainty: 'likely' },
      },
      { kind: 'hid', transport: { type: 'keyboard' }, suggestion: { role: 'scanner' } },
      { kind: 'usb', transport: null, problem: 'device-driver-missing' },
    ]);
  });

  test('a network printer typed by hand is probed before it is bound; nothing there is said at once', async () => {
    const wire = await createTcpWire({ host: '127.0.0.1', port: 0 });
    wires.push(wire);
    const printer = createPrinterSimulator({ width: 48, timers: systemTimers });
    printer.attach(wire);
    const here = (bench = await openTillBench({ around: tree.around }));
    const transport = { type: 'tcp', host: '127.0.0.1', port: wire.port } as const;
    expect(await here.ask('devices.probe', { as: 'printer', transport })).toEqual({
      found: true,
      transport,
      tried: [{ baudRate: null, code: null }],
    });
    const device = { role: 'printer', name: '小票机', transport } as const;
    await here.ask('devices.bind', { device });
    await deviceState(here, 'printer', 'online');
    expect((await detail(here, 'printer'))?.identity).toBe(`tcp 127.0.0.1:${wire.port}`);
    await here.ask('devices.unbind', { role: 'printer' });
    await wire.close();
    expect(await here.ask('devices.probe', { as: 'printer', transport })).toMatchObject({
      found: false,
      tried: [{ code: 'device-missing' }],
    });
  });

  test('a port without permission says so on the bound device', async () => {
    const desk = createDeviceDesk();
    desk.wires.scannerA.setFaults({ openError: { type: 'device-permission' } });
    const here = (bench = await openTillBench({
      around: tree.around,
      transports: desk.transports,
    }));
    await here.ask('devices.bind', { device: memoryScanner('scannerA') });
    await deviceState(here, 'scanner', 'offline');
    expect((await detail(here, 'scanner'))?.code).toBe('device-permission');
    desk.wires.scannerA.setFaults({});
    await deviceState(here, 'scanner', 'online');
  });
});
