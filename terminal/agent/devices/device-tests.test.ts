import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { createStxEtxSimulator } from '#drivers/simulator/box/box-stx-etx.ts';
import { createTransbankWords } from '#drivers/simulator/box/box-words.ts';
import { createDisplaySimulator } from '#drivers/simulator/display-simulator.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import { createCapabilityStore } from '#terminal/agent/devices/stored/capability-store.ts';
import {
  createDeviceDesk,
  detail,
  memoryPrinter,
  memoryScanner,
} from '#terminal/agent/testing/device-desk.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import { deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
let desk: ReturnType<typeof createDeviceDesk>;
beforeEach(() => {
  desk = createDeviceDesk();
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const code = '130000000000000001';
const openWithScanner = async (rest: Parameters<typeof openTillBench>[0] = {}) => {
  const here = (bench = await openTillBench({ transports: desk.transports, ...rest }));
  await here.ask('devices.bind', { device: memoryScanner('scannerA') });
  await deviceState(here, 'scanner', 'online');
  return here;
};
const testOf = async (here: TillBench, role: 'scanner' | 'display' | 'box-pos') =>
  (await detail(here, role))?.test;

describe('the test of a scanner', () => {
  test('takes the next scan for itself, shows its mask and kind only, and charges nobody; the one after pays', async () => {
    const here = await openWithScanner();
    await here.ask('till.setAmount', { amountFen: 1_280 });
    expect(await here.ask('devices.test', { role: 'scanner' })).toEqual({});
    expect(await testOf(here, 'scanner')).toMatchObject({ type: 'waiting' });
    desk.scannerA.sendRaw(Buffer.from(`]Q1${code}\r`));
    await here.until('seen', async () => (await testOf(here, 'scanner'))?.type === 'passed');
    const shown = JSON.stringify(await detail(here, 'scanner'));
    expect(shown).toContain('"scan":{"mask":"13****0001","charCount":18,"symbology":"qr"}');
    expect(shown).not.toContain(code);
    expect((await here.till()).screen.type).toBe('ready');
    expect(here.cloud.bodies).toEqual([]);
    desk.scannerA.scan(code);
    await here.screen('paid');
    expect(here.cloud.bodies).toHaveLength(1);
  });

  test('ends by itself, and a scan after that pays', async () => {
    const here = await openWithScanner(fastWorld(20));
    await here.ask('devices.test', { role: 'scanner' });
    await here.until('over', async () => (await testOf(here, 'scanner'))?.type === 'failed');
    expect(await testOf(here, 'scanner')).toMatchObject({ code: 'device-test-timeout' });
    await here.ask('till.setAmount', { amountFen: 100 });
    desk.scannerA.scan(code);
    await here.until('charged', () => here.cloud.bodies.length === 1);
  });

  test('a code that cannot be read fails the test and is no trouble of the till', async () => {
    const here = await openWithScanner();
    await here.ask('devices.test', { role: 'scanner' });
    desk.scannerA.sendRaw(Uint8Array.of(0xff, 0xfe, 0xff, 0x0d));
    await here.until('over', async () => (await testOf(here, 'scanner'))?.type === 'failed');
    expect(await testOf(here, 'scanner')).toMatchObject({ code: 'scan-unreadable' });
    expect((await here.till()).notice).toBeNull();
  });

  test('a keyboard wedge is shown as what it is: online as far as anybody can tell, tested through the window', async () => {
    const here = (bench = await openTillBench());
    const device = {
      role: 'scanner',
      name: '键盘口扫码枪',
      transport: { type: 'keyboard' },
    } as const;
    expect(await here.ask('devices.bind', { device })).toEqual({});
    expect(await detail(here, 'scanner')).toMatchObject({
      kind: 'keyboard',
      state: 'online',
      watched: false,
      generation: null,
      actions: ['test', 'unbind'],
    });
    await here.ask('devices.test', { role: 'scanner' });
    await here.ask('till.scan', { text: code });
    expect(await detail(here, 'scanner')).toMatchObject({
      test: { type: 'passed', scan: { mask: '13****0001' } },
      lastSeenMs: expect.any(Number) as number,
    });
    await here.ask('till.setAmount', { amountFen: 100 });
    await here.ask('till.scan', { text: code });
    await here.screen('paid');
  });
});

describe('the log of a device', () => {
  test('shows the bytes of its own wire, and no payment code', async () => {
    const here = await openWithScanner();
    desk.scannerA.scan(code);
    await here.until('noted', async () => {
      const log = await here.ask('devices.log', { role: 'scanner' });
      return !('refused' in log) && log.lines.length > 0;
    });
    const log = JSON.stringify(await here.ask('devices.log', { role: 'scanner' }));
    expect(log).toMatch(/#\d+ in 13/);
    expect(log).not.toContain('0000000000');
    expect(await here.ask('devices.log', { role: 'printer' })).toEqual({
      refused: 'device-missing',
    });
  });
});

describe('display and box POS', () => {
  test('a display lights every segment, and a display that is not there says so', async () => {
    const wire = createMemoryWire({ timers: systemTimers, name: 'display' });
    const glass = createDisplaySimulator();
    glass.attach(wire.far);
    const here = (bench = await openTillBench({
      transports: new Map([['display', wire.transport]]),
    }));
    const transport = { type: 'memory', name: 'display' } as const;
    await here.ask('devices.bind', { device: { role: 'display', name: '客显', transport } });
    await deviceState(here, 'display', 'online');
    expect(await detail(here, 'display')).toMatchObject({ watched: false });
    await here.ask('till.setAmount', { amountFen: 1_280 });
    await here.until('the price', () => glass.text() === '12.80');
    await here.ask('devices.test', { role: 'display' });
    await here.until('all segments', () => glass.text().startsWith('8.8'));
    expect(await testOf(here, 'display')).toMatchObject({ type: 'passed' });
    await wire.far.pull();
    await deviceState(here, 'display', 'absent');
    await here.ask('devices.test', { role: 'display' });
    expect(await testOf(here, 'display')).toMatchObject({ type: 'failed', code: 'device-missing' });
  });

  test('a box is found by its handshake, bound, tested without a sale, and silent when it is off', async () => {
    const wire = createMemoryWire({ timers: systemTimers, name: 'box' });
    const words = createTransbankWords();
    const box = createStxEtxSimulator({ timers: systemTimers, clock: systemClock, words });
    box.attach(wire.far);
    const transport = { type: 'memory', name: 'box' } as const;
    const here = (bench = await openTillBench({ transports: new Map([['box', wire.transport]]) }));
    const asked = { as: 'box-pos', transport, protocol: 'transbank' } as const;
    expect(await here.ask('devices.probe', asked)).toMatchObject({ found: true });
    const device = { role: 'box-pos', name: '盒子', transport, protocol: 'transbank' } as const;
    expect(await here.ask('devices.bind', { device })).toEqual({});
    await deviceState(here, 'box-pos', 'online');
    await here.ask('devices.test', { role: 'box-pos' });
    expect(await testOf(here, 'box-pos')).toMatchObject({ type: 'passed' });
    await wire.far.pull();
    await deviceState(here, 'box-pos', 'absent');
    await here.ask('devices.test', { role: 'box-pos' });
    expect(await testOf(here, 'box-pos')).toMatchObject({ type: 'failed', code: 'device-missing' });
  });
});

describe('what printers were found to answer', () => {
  test('is kept over restarts: a printer that is known is trusted at once', async () => {
    const here = (bench = await openTillBench({ transports: desk.transports }));
    await here.ask('devices.bind', { device: memoryPrinter('printerA') });
    await here.until(
      'the probe',
      async () => (await detail(here, 'printer'))?.confidence === 4,
      15_000,
    );
    const asked = async () =>
      /out <1d>\(H/.test(JSON.stringify(await here.ask('devices.log', { role: 'printer' })));
    // GS ( H asks for the process id; a printer that is known is not asked again.
    expect(await asked()).toBe(true);
    await here.restart();
    await here.until(
      'known again',
      async () => (await detail(here, 'printer'))?.confidence === 4,
      15_000,
    );
    expect(await asked()).toBe(false);
  });

  test('a printer that names its model is shown with the profile that fits it, until it is bound with that', async () => {
    const wire = createMemoryWire({ timers: systemTimers, name: 'epson' });
    const model = 'TM-T82III';
    createPrinterSimulator({ width: 48, timers: systemTimers, model }).attach(wire.far);
    const transports = new Map([['epson', wire.transport]]);
    const here = (bench = await openTillBench({ transports }));
    const device = memoryPrinter('epson');
    await here.ask('devices.bind', { device });
    await here.until('named', async () => (await detail(here, 'printer'))?.model === model, 15_000);
    expect(await detail(here, 'printer')).toMatchObject({
      profileId: 'generic-80',
      suggestedProfileId: 'epson-tm-t82iii',
    });
    const named = { ...device, profileId: 'epson-tm-t82iii' };
    expect(await here.ask('devices.bind', { device: named, replace: true })).toEqual({});
    await here.until(
      'named again',
      async () => (await detail(here, 'printer'))?.model === model,
      15_000,
    );
    const shown = await detail(here, 'printer');
    expect(shown?.profileId).toBe('epson-tm-t82iii');
    expect(shown).not.toHaveProperty('suggestedProfileId');
  });

  test('a store that holds nonsense knows nothing, and forgets the oldest printer first', () => {
    const folder = tempFolder();
    const { journal } = openTestJournal(folder.path);
    const store = createCapabilityStore(journal);
    const able = {
      realTimeStatus: true,
      processId: true,
      fence: true,
      cutCounter: false,
      autoStatus: false,
    };
    for (let number = 0; number < 40; number += 1) store.save(`printer ${number}`, able);
    expect(createCapabilityStore(journal).load('printer 39')).toEqual(able);
    expect(store.load('printer 0')).toBeNull();
    const sql = "UPDATE meta SET value = '[' WHERE key = 'printer-capabilities'";
    journal.append([], (tx) => tx.run(sql));
    expect(store.load('printer 39')).toBeNull();
    store.save('printer 1', able);
    expect(store.load('printer 1')).toEqual(able);
    journal.close();
    folder.remove();
  });
});
