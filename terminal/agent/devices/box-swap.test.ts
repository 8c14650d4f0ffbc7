import { afterEach, describe, expect, test } from 'vitest';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { createEcrHubSimulator } from '#drivers/simulator/box/box-ecr-hub.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import { deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { DeviceConfig } from '#terminal/ipc/devices.ts';

/**
 * Two boxes, of which only one was given the sale. The other says in good faith that it never heard of it; if that were
 * believed, the customer would be charged again.
 */
let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

const boxAt = (name: string): DeviceConfig => ({
  role: 'box-pos',
  name: '盒子',
  transport: { type: 'memory', name },
  protocol: 'ecr-hub',
  appId: 'test',
});

function makeBox(name: string) {
  const wire = createMemoryWire({ timers: systemTimers, name });
  const sim = createEcrHubSimulator({ timers: systemTimers, clock: systemClock });
  sim.attach(wire.far);
  return { wire, sim };
}

async function openCounter(devices: DeviceConfig[]) {
  const boxes = { boxA: makeBox('boxA'), boxB: makeBox('boxB') };
  const transports = new Map(
    Object.entries(boxes).map(([name, { wire }]) => [name, wire.transport] as const),
  );
  const bench = await openTillBench({ devices, transports });
  close = async () => {
    await bench.close();
    for (const { sim } of Object.values(boxes)) sim.stop();
  };
  return { ...bench, ...boxes };
}

/** Box A takes the money; its cable is out before it can say so. */
async function payAndPull(here: TillBench & Awaited<ReturnType<typeof openCounter>>) {
  const { ask, until, boxA } = here;
  boxA.sim.setHabit({ type: 'ask-customer' });
  await ask('till.setAmount', { amountFen: 3_850 });
  await until('the box takes the sale', async () => {
    return JSON.stringify(await ask('till.payBox', {})) === '{}';
  });
  await until('the customer stands at it', () => boxA.sim.screen().type === 'waiting');
  boxA.sim.customerPays('card');
  await boxA.wire.far.pull();
}

describe('a box is changed while the outcome of its sale is not known', () => {
  test('on the devices screen: refused until its own box has told, then done', async () => {
    const here = await openCounter([]);
    const { ask, screen, boxA, boxB } = here;
    expect(await ask('devices.bind', { device: boxAt('boxA') })).toEqual({});
    await deviceState(here, 'box-pos', 'online');
    await payAndPull(here);
    const another = { device: boxAt('boxB'), replace: true };
    expect(await ask('devices.bind', another)).toEqual({ refused: 'box-blocked' });
    expect(await ask('devices.unbind', { role: 'box-pos' })).toEqual({ refused: 'box-blocked' });
    await here.restart();
    expect(await ask('devices.bind', another)).toEqual({ refused: 'box-blocked' });
    await boxA.wire.far.plug();
    expect(await screen('box-paid', 20_000)).toMatchObject({ amountFen: 3_850 });
    expect(await ask('devices.bind', another)).toEqual({});
    expect([boxA, boxB].map(({ sim }) => sim.books().length)).toEqual([1, 0]);
  });

  test('in the configuration file: the other box’s word is not taken, and a person may decide', async () => {
    const devices = [boxAt('boxA')];
    const here = await openCounter(devices);
    const { ask, until, screen, boxB } = here;
    await deviceState(here, 'box-pos', 'online');
    await payAndPull(here);
    await here.restart(() => void devices.splice(0, 1, boxAt('boxB')));
    await deviceState(here, 'box-pos', 'online');
    await until('it is for people', async () => {
      const shown = await screen('box-waiting');
      return shown.code === 'box-other-sale';
    });
    expect(await ask('till.payBox', {})).toMatchObject({ refused: 'result-not-known' });
    const { orderId } = await screen('box-waiting');
    const slip = { orderId, boxRef: '000001' };
    // A word of the cashier alone would say that money came.
    expect(await ask('orders.decideBox', slip)).toEqual({ refused: 'owner-pin-not-set' });
    await ask('owner.setPin', { newPin: '604817' });
    const given = await ask('owner.approve', {
      pin: '604817',
      action: 'orders.decideBox',
      ...slip,
    });
    if ('refused' in given) throw new Error(given.refused);
    expect(await ask('orders.decideBox', { ...slip, approvalId: given.approvalId })).toEqual({});
    await screen('box-paid');
    expect(boxB.sim.books()).toEqual([]);
  });
});
