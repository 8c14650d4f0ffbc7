import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryCounter, deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
let desk = createMemoryCounter();
beforeEach(() => {
  desk = createMemoryCounter();
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function openCounter(): Promise<TillBench> {
  const here = (bench = await openTillBench(desk));
  await deviceState(here, 'printer', 'online');
  await deviceState(here, 'scanner', 'online');
  return here;
}

const listed = async ({ ask }: TillBench) => {
  const list = await ask('devices.list', {});
  if ('refused' in list) throw new Error(list.refused);
  return list.devices;
};

describe('devices.list', () => {
  test('names every configured device, how it is attached, and what its confirmations prove', async () => {
    const here = await openCounter();
    await here.until('the probe', async () => (await listed(here))[1]?.confidence !== 1, 15_000);
    expect(await listed(here)).toMatchObject([
      { role: 'scanner', name: '扫码枪', address: 'memory scanner', state: 'online' },
      { role: 'printer', name: '小票机', address: 'memory printer', confidence: 4 },
      { role: 'drawer', name: '钱箱', address: 'printer memory printer', state: 'online' },
    ]);
  });

  test('a cable that is out shows as absent with a code, on the drawer too', async () => {
    const here = await openCounter();
    await desk.printerWire.far.pull();
    await deviceState(here, 'printer', 'absent');
    expect(await listed(here)).toMatchObject([
      { role: 'scanner', state: 'online' },
      { role: 'printer', state: 'absent', code: 'device-missing' },
      { role: 'drawer', state: 'absent', code: 'device-missing' },
    ]);
  });

  test('a till without devices lists none', async () => {
    const here = (bench = await openTillBench());
    expect(await listed(here)).toEqual([]);
  });

  test('the scanner was last seen at its last scan, whether the code could be read or not', async () => {
    const here = await openCounter();
    const seenMs = async () => (await listed(here))[0]?.lastSeenMs;
    expect(await seenMs()).toBeUndefined();
    const before = Date.now();
    desk.scanner.scan('6901234567892');
    await here.until('seen', async () => (await seenMs()) !== undefined);
    const first = (await seenMs()) ?? 0;
    expect(first).toBeGreaterThanOrEqual(before);
    expect(first).toBeLessThanOrEqual(Date.now());
    desk.scanner.sendRaw(Uint8Array.from([0xff, 0xfe, 0xff, 0x0d]));
    await here.until('seen again', async () => ((await seenMs()) ?? 0) > first);
    await here.until(
      'the status says so too',
      async () => (await here.status()).devices[0]?.lastSeenMs === (await seenMs()),
    );
  });
});

describe('devices.test', () => {
  test('the printer prints a test paper, once', async () => {
    const here = await openCounter();
    expect(await here.ask('devices.test', { role: 'printer' })).toEqual({});
    await here.until('the paper', () => desk.papers().length === 1, 15_000);
    expect(desk.papers()[0]).toContain('打印测试');
    expect(desk.printer.unknownCommands()).toEqual([]);
  });

  test('the drawer opens, once, and no paper moves', async () => {
    const here = await openCounter();
    expect(await here.ask('devices.test', { role: 'drawer' })).toEqual({});
    await here.until('the kick', () => desk.printer.drawerKickCount() === 1, 15_000);
    expect(desk.papers()).toEqual([]);
  });

  test('the drawer is fine and opens while the printer waits for paper', async () => {
    const here = await openCounter();
    desk.printer.setSwitches({ paperOut: true });
    await deviceState(here, 'printer', 'paper-out');
    expect((await listed(here))[2]).toMatchObject({ role: 'drawer', state: 'online' });
    expect((await listed(here))[2]).not.toHaveProperty('code');
    expect(await here.ask('devices.test', { role: 'drawer' })).toEqual({});
    await here.until('the kick', () => desk.printer.drawerKickCount() === 1, 15_000);
  });

  test('the scanner passes when it is there, and is missing when its cable is out', async () => {
    const here = await openCounter();
    expect(await here.ask('devices.test', { role: 'scanner' })).toEqual({});
    await desk.scannerWire.far.pull();
    await deviceState(here, 'scanner', 'absent');
    expect(await here.ask('devices.test', { role: 'scanner' })).toEqual({
      refused: 'device-missing',
    });
  });

  test.each(['scanner', 'printer', 'drawer'] as const)(
    'a %s that is not configured is missing',
    async (role) => {
      const here = (bench = await openTillBench());
      expect(await here.ask('devices.test', { role })).toEqual({ refused: 'device-missing' });
    },
  );
});

describe('drawer.open', () => {
  test('opens once, and the journal tells the cloud why', async () => {
    const here = await openCounter();
    expect(await here.ask('drawer.open', { reason: '换零钱' })).toEqual({});
    await here.until('the kick', () => desk.printer.drawerKickCount() === 1, 15_000);
    await here.until('told', () => JSON.stringify(here.cloud.batches).includes('换零钱'), 15_000);
    expect(here.cloud.delivered()).toContain('print.confirmed');
  });

  test('a drawer that could not open is not opened later', async () => {
    const here = await openCounter();
    await desk.printerWire.far.pull();
    await deviceState(here, 'printer', 'absent');
    expect(await here.ask('drawer.open', { reason: '换零钱' })).toEqual({});
    await here.until('given up', () => here.cloud.delivered().includes('print.abandoned'), 15_000);
    await desk.printerWire.far.plug();
    await deviceState(here, 'printer', 'online');
    expect(desk.printer.drawerKickCount()).toBe(0);
  });

  test('without a drawer, and without a reason, it is refused', async () => {
    const here = (bench = await openTillBench());
    expect(await here.ask('drawer.open', { reason: '换零钱' })).toEqual({
      refused: 'device-missing',
    });
    expect(await here.ask('drawer.open', { reason: '' })).toEqual({ refused: 'input-invalid' });
  });
});
