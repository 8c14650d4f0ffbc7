import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createDeviceDesk,
  drawerOnPrinter,
  memoryPrinter,
} from '#terminal/agent/testing/device-desk.ts';
import { deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { TerminalEvent } from '#terminal/ipc/terminal-api.ts';

const pin = '28064193';
const locked = { refused: 'owner-locked' };

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const open = async (): Promise<TillBench> => {
  const { transports } = createDeviceDesk();
  bench = await openTillBench({ transports });
  await bench.ask('devices.bind', { device: memoryPrinter('printerA') });
  await bench.ask('devices.bind', { device: drawerOnPrinter });
  await deviceState(bench, 'printer', 'online');
  return bench;
};
const approvalFor = async (
  { ask }: TillBench,
  action: 'drawer.open' | 'owner.setRules',
): Promise<string> => {
  const approved = await ask('owner.approve', { pin, action });
  if ('refused' in approved) throw new Error(approved.refused);
  return approved.approvalId;
};

describe('what the PIN guards', () => {
  test('without one the till is open, says that none is set, and takes no promise', async () => {
    const here = await open();
    expect(await here.status()).toMatchObject({ isOwnerPinSet: false, isActivated: true });
    expect(await here.ask('drawer.open', { reason: '换零钱' })).toEqual({});
    expect(await here.ask('devices.unbind', { role: 'drawer' })).toEqual({});
  });

  test("what sets the till up needs the owner's time, and the end of it shuts the door again", async () => {
    const { ask } = await open();
    expect(await ask('owner.setPin', { newPin: pin })).toEqual({});
    const got = await ask('receipt.template.get', {});
    if ('refused' in got) throw new Error(got.refused);
    const { template } = got;
    const attempts = () =>
      Promise.all([
        ask('devices.bind', { device: drawerOnPrinter, replace: true }),
        ask('devices.unbind', { role: 'drawer' }),
        ask('drawer.calibrate', { isOpen: false }),
        ask('receipt.template.set', { template }),
      ]);
    expect(await attempts()).toEqual([locked, locked, locked, locked]);
    expect(await ask('devices.list', {})).not.toHaveProperty('refused');
    expect(await ask('owner.unlock', { pin: '28064194' })).toEqual({ refused: 'owner-pin-wrong' });
    expect(await attempts()).toContainEqual(locked);
    await ask('owner.unlock', { pin });
    expect(await attempts()).not.toContainEqual(locked);
    await ask('owner.lock', {});
    expect(await ask('devices.unbind', { role: 'printer' })).toEqual(locked);
  });

  test('the drawer outside a sale needs an approval; the journal says that the owner gave it', async () => {
    const here = await open();
    const { ask, cloud, until } = here;
    await ask('owner.setPin', { newPin: pin });
    const reason = '取出现金';
    expect(await ask('drawer.open', { reason })).toEqual({ refused: 'owner-approval-missing' });
    const forRules = await approvalFor(here, 'owner.setRules');
    expect(await ask('drawer.open', { reason, approvalId: forRules })).toEqual({
      refused: 'owner-approval-stale',
    });
    const approvalId = await approvalFor(here, 'drawer.open');
    expect(await ask('drawer.open', { reason, approvalId })).toEqual({});
    expect(await ask('drawer.open', { reason, approvalId })).toEqual({
      refused: 'owner-approval-stale',
    });
    const bodies = () => cloud.batches.flatMap(({ entries }) => entries).map(({ body }) => body);
    await until('the entry is in the cloud', () => bodies().some((body) => body.includes(reason)));
    const entry = bodies().find((body) => body.includes(reason));
    expect(JSON.parse(entry ?? '')).toMatchObject({ cashier: '小王', approvedBy: 'owner' });
    await ask('owner.setRules', {
      guardsDrawer: false,
      approvalId: await approvalFor(here, 'owner.setRules'),
    });
    expect(await ask('drawer.open', { reason: '换零钱' })).toEqual({});
  });
});

describe('the cloud and the PIN', () => {
  test('a first PIN reaches the cloud, and stands with its time among the exceptions until it is looked at', async () => {
    const { ask, cloud, until, restart } = await open();
    const rows = async () => {
      const list = await ask('exceptions.list', {});
      if ('refused' in list) throw new Error(list.refused);
      return list.rows.filter(({ code }) => code === 'owner-pin-first-set');
    };
    expect(await rows()).toEqual([]);
    await ask('owner.setPin', { newPin: pin });
    const state = await ask('owner.state', {});
    const { pinSetAtMs } = state as { readonly pinSetAtMs: number };
    const news = () => (cloud.heartbeats.at(-1) as { readonly firstPinAtMs?: number }).firstPinAtMs;
    await until('a heartbeat says so', () => news() !== undefined);
    expect(news()).toBe(pinSetAtMs);
    await restart();
    const [row] = await rows();
    expect(row).toMatchObject({ orderId: '', sinceMs: pinSetAtMs, actions: ['seen'] });
    await ask('exceptions.resolve', { key: row!.key, action: 'seen', note: '' });
    await ask('owner.setPin', { oldPin: pin, newPin: '604817' });
    expect(await rows()).toEqual([]);
    expect(await ask('exceptions.handled', {})).toMatchObject({
      rows: [{ code: 'owner-pin-first-set', action: 'seen' }],
    });
  });

  test('hears of a lock with a heartbeat at once, and again after a restart', async () => {
    const { ask, cloud, until, restart } = await open();
    await ask('owner.setPin', { newPin: pin });
    for (let tries = 0; tries < 5; tries += 1) await ask('owner.unlock', { pin: '28064194' });
    const last = () => cloud.heartbeats.at(-1) as { readonly pinLocks?: number } | undefined;
    await until('a heartbeat says so', () => last()?.pinLocks === 1);
    await restart();
    const heard = cloud.heartbeats.length;
    await until('the next run says so', () => cloud.heartbeats.length > heard);
    expect(last()?.pinLocks).toBe(1);
    expect(await ask('owner.unlock', { pin })).toEqual({ refused: 'owner-pin-locked' });
  });

  test('a reset in its signed settings takes the PIN away, and the next first PIN stays', async () => {
    const { ask, cloud, until, status, restart } = await open();
    await ask('owner.setPin', { newPin: pin });
    await until('it is set', async () => (await status()).isOwnerPinSet === true);
    cloud.resetOwnerPin();
    await restart();
    await until('it is gone', async () => (await status()).isOwnerPinSet === false);
    expect(await ask('owner.setPin', { newPin: '604817' })).toEqual({});
    await restart();
    expect((await status()).isOwnerPinSet).toBe(true);
  });
});

test('no PIN leaves the till or rests on it: not in events, answers, requests, files or output', async () => {
  const said: string[] = [];
  const streams = [process.stdout, process.stderr] as const;
  const writes = streams.map((stream) => stream.write.bind(stream));
  for (const stream of streams)
    stream.write = (text: string | Uint8Array) => said.push(String(text)) > 0;
  try {
    const here = await open();
    const { ask, cloud, dataDir, agent } = here;
    const events: TerminalEvent[] = [];
    agent().api.subscribe((event) => events.push(event));
    const answers: unknown[] = [];
    answers.push(await ask('owner.setPin', { newPin: pin }));
    answers.push(await ask('owner.setPin', { oldPin: '28064194', newPin: pin }));
    answers.push(await ask('owner.setPin', { newPin: `${pin}0` }));
    answers.push(await ask('owner.unlock', { pin }));
    const approvalId = await approvalFor(here, 'drawer.open');
    answers.push(await ask('drawer.open', { reason: '换零钱', approvalId }));
    answers.push(await ask('owner.state', {}), await here.status());
    const files = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && !file.name.includes('ballast'))
      .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
    const everything = JSON.stringify([
      events,
      answers,
      cloud.requests,
      cloud.batches,
      cloud.heartbeats,
      cloud.bodies,
      files,
      said,
    ]);
    expect(events.length).toBeGreaterThan(0);
    expect(everything.includes('换零钱')).toBe(true);
    expect(everything.includes(pin.slice(0, 6))).toBe(false);
  } finally {
    streams.forEach((stream, index) => {
      stream.write = writes[index]!;
    });
  }
});
