import { exampleBcd2Table } from '#drivers/ecr/stx-etx/bcd2-table.ts';
import type { Bcd2TableConfig } from '#terminal/ipc/bcd2-table.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { createAgent } from '#terminal/agent/agent.ts';
import { createDeviceStore } from '#terminal/agent/devices/stored/device-store.ts';
import {
  createDeviceDesk,
  detail,
  drawerOnPrinter,
  memoryPrinter,
  memoryScanner,
} from '#terminal/agent/testing/device-desk.ts';
import { deviceState, receiptIs } from '#terminal/agent/testing/memory-counter.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench;
let desk: ReturnType<typeof createDeviceDesk>;
beforeEach(async () => {
  desk = createDeviceDesk();
  bench = await openTillBench({ transports: desk.transports });
});
afterEach(() => bench.close());

const bind = (device: ReturnType<typeof memoryPrinter>, replace?: boolean) =>
  bench.ask('devices.bind', replace === undefined ? { device } : { device, replace });
const textOf = (printer: typeof desk.printerA) =>
  printer.receipts().map(({ lines }) => lines.join('\n'));

describe('binding', () => {
  test('a printer bound to a running till prints, is there after a restart, and is gone when unbound', async () => {
    expect(await bench.ask('devices.test', { role: 'printer' })).toEqual({
      refused: 'device-missing',
    });
    expect(await bind(memoryPrinter('printerA'))).toEqual({});
    await deviceState(bench, 'printer', 'online');
    await bench.restart();
    await deviceState(bench, 'printer', 'online');
    expect(await bench.ask('devices.test', { role: 'printer' })).toEqual({});
    await bench.until('the paper', () => desk.printerA.receipts().length === 1, 15_000);
    await bench.until('the proof', async () => {
      const shown = await detail(bench, 'printer');
      return shown?.test?.type === 'passed' && shown.test.proof === 'printed';
    });
    expect(await bench.ask('devices.unbind', { role: 'printer' })).toEqual({});
    await bench.restart();
    expect(await detail(bench, 'printer')).toBeUndefined();
  });

  test('a role holds one device, a device one role; what is not there cannot be unbound', async () => {
    expect(await bind(memoryScanner('scannerA'))).toEqual({});
    expect(await bind(memoryScanner('scannerB'))).toEqual({ refused: 'device-role-taken' });
    expect(await bind(memoryPrinter('scannerA'))).toEqual({ refused: 'device-bound' });
    expect(await bind(memoryScanner('scannerB'), true)).toEqual({});
    expect(await bind(memoryPrinter('scannerA'))).toEqual({});
    expect(await bench.ask('devices.unbind', { role: 'display' })).toEqual({
      refused: 'device-missing',
    });
    const both = await Promise.all([
      bind(memoryScanner('scannerB'), true),
      bind(memoryPrinter('scannerB'), true),
    ]);
    expect(both).toEqual([{}, { refused: 'device-bound' }]);
  });

  test('a box whose protocol needs more than this till was told is refused, and nothing is kept', async () => {
    const blindTable = { ...exampleBcd2Table, response: exampleBcd2Table.request };
    for (const settings of [
      { protocol: 'ecr-hub' },
      { protocol: 'bcd2' },
      { protocol: 'bcd2', table: blindTable as Bcd2TableConfig },
    ] as const) {
      const transport = { type: 'memory', name: 'printerA' } as const;
      const device = { role: 'box-pos', name: '盒子', transport, ...settings } as const;
      expect(await bench.ask('devices.bind', { device })).toEqual({
        refused: 'device-unsupported',
      });
    }
    await bench.restart();
    expect(await bench.ask('devices.list', {})).toEqual({ devices: [] });
  });

  test('a job that waits for a printer goes to the one that takes its place, once', async () => {
    await bind(memoryPrinter('printerA'));
    await deviceState(bench, 'printer', 'online');
    await desk.wires.printerA.far.pull();
    await deviceState(bench, 'printer', 'absent');
    await bench.ask('till.setAmount', { amountFen: 1_280 });
    await bench.ask('till.payCash', { tenderedFen: 2_000 });
    await receiptIs(bench, 'queued');
    expect(await bind(memoryPrinter('printerB'), true)).toEqual({});
    await receiptIs(bench, 'printed');
    await desk.wires.printerA.far.plug();
    await bench.until('calm', () => desk.printerB.receipts().length === 1);
    expect(textOf(desk.printerB)[0]).toContain('￥12.80');
    expect(textOf(desk.printerA)).toEqual([]);
  });

  test('the port that a role let go of can be taken by the next device at once', async () => {
    await bind(memoryPrinter('printerA'));
    await deviceState(bench, 'printer', 'online');
    const before = (await detail(bench, 'printer'))?.generation ?? 0;
    await bind({ ...memoryPrinter('printerA'), name: '新名字' }, true);
    await deviceState(bench, 'printer', 'online');
    const after = await detail(bench, 'printer');
    expect(after?.name).toBe('新名字');
    expect(after?.generation).toBeGreaterThan(before);
  });
});

test('a device is bound anew from what the list says of it, with another of the listed profiles', async () => {
  await bind(memoryPrinter('printerA'));
  const { profiles } = (await bench.ask('devices.profiles', {})) as {
    profiles: { id: string; paperMm: number }[];
  };
  expect(profiles.length).toBeGreaterThan(12);
  const narrow = profiles.find(({ paperMm }) => paperMm === 58)!;
  const { config } = (await detail(bench, 'printer'))!;
  expect(config).toEqual(memoryPrinter('printerA'));
  const device = { ...memoryPrinter('printerA'), profileId: narrow.id };
  expect(await bind(device, true)).toEqual({});
  expect(await detail(bench, 'printer')).toMatchObject({ paperMm: 58, config: device });
});

describe('devices of the configuration file', () => {
  test('are fixed: a window changes them in no way, and they win over what was bound before', async () => {
    await bind(memoryPrinter('printerB'));
    const { dataDir, cloud } = bench;
    await bench.agent().stop();
    const config = {
      dataDir,
      cloudUrl: cloud.url,
      cashier: '小王',
      devices: [memoryPrinter('printerA')],
    };
    const { transports } = desk;
    const agent = getOrThrow(await createAgent({ config, appVersion: 'test', transports }));
    await agent.start();
    const list = getOrThrow(await agent.api.call('devices.list', {}));
    expect(list.devices).toMatchObject([
      { fixed: true, address: 'memory printerA', actions: ['test', 'log'] },
    ]);
    const device = memoryPrinter('printerB');
    const refused = { ok: false, error: { code: 'device-fixed' } };
    expect(await agent.api.call('devices.bind', { device, replace: true })).toEqual(refused);
    expect(await agent.api.call('devices.unbind', { role: 'printer' })).toEqual(refused);
    await agent.stop();
  });
});

describe('what is kept of bindings', () => {
  test('a record that does not fit is left out, the others stay; nonsense is nothing', () => {
    const folder = tempFolder();
    const { journal } = openTestJournal(folder.path);
    const store = createDeviceStore(journal);
    const good = { device: memoryPrinter('a'), identity: null };
    const bad = { device: { role: 'teapot' }, identity: null };
    const next = { bindings: [good, bad], drawer: { openMeans: 'sideways' } };
    expect(store.write(next as never).ok).toBe(true);
    expect(store.read()).toEqual({ bindings: [good], drawer: null });
    const sql = "UPDATE meta SET value = '{' WHERE key = 'devices'";
    journal.append([], (tx) => tx.run(sql));
    expect(store.read()).toEqual({ bindings: [], drawer: null });
    journal.close();
    folder.remove();
  });
});

describe('the drawer', () => {
  test('is calibrated by showing it closed and open, and then seen to open and close', async () => {
    await bind(memoryPrinter('printerA'));
    await bind(drawerOnPrinter);
    const drawer = async () => (await detail(bench, 'drawer'))?.drawer;
    const drawerIs = (state: string) =>
      bench.until(`drawer ${state}`, async () => (await drawer()) === state, 15_000);
    const heardCount = async () => {
      const log = await bench.ask('devices.log', { role: 'printer' });
      return 'refused' in log ? 0 : log.lines.filter((line) => line.includes(' in ')).length;
    };
    /** The printer is asked every two seconds; a look is two answers. */
    const nextReading = async () => {
      const before = await heardCount();
      await bench.until('a reading', async () => (await heardCount()) >= before + 4, 15_000);
    };
    const calibrate = (isOpen: boolean) => bench.ask('drawer.calibrate', { isOpen });
    await deviceState(bench, 'drawer', 'online');
    await bench.until('a level', async () => !('refused' in (await calibrate(false))), 15_000);
    expect(await drawer()).toBe('unknown');
    // A drawer that did not move has no switch, or a loose wire.
    expect(await calibrate(true)).toEqual({ refused: 'drawer-has-no-switch' });
    expect(await calibrate(false)).toEqual({ next: 'open' });
    desk.printerA.setSwitches({ drawerOpen: true });
    await nextReading();
    expect(await calibrate(true)).toEqual({ next: null });
    await drawerIs('open');
    desk.printerA.setSwitches({ drawerOpen: false });
    await drawerIs('closed');
    await bench.restart();
    await drawerIs('closed');
  });

  test('without a printer that tells, it cannot be calibrated', async () => {
    expect(await bench.ask('drawer.calibrate', { isOpen: true })).toEqual({
      refused: 'device-missing',
    });
    await bind(drawerOnPrinter);
    expect(await bench.ask('drawer.calibrate', { isOpen: true })).toEqual({
      refused: 'drawer-pin-unknown',
    });
  });
});
