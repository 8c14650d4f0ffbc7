import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { createDeviceBench, type DeviceBench } from '#drivers/simulator/device-bench.ts';
import {
  boxActs,
  switchNames,
  type CounterState,
  type SwitchName,
} from '#terminal/renderer/counter/contract.ts';
import { startCounterServer, type CounterServer } from './counter-server.ts';
import { startNetworkSwitch, type NetworkSwitch } from './network-switch.ts';

describe('the virtual counter', () => {
  let folder: string;
  let bench: DeviceBench;
  let network: NetworkSwitch;
  let counter: CounterServer;
  beforeEach(async () => {
    folder = await mkdtemp(`${tmpdir()}/greentill-counter-`);
    bench = createDeviceBench({ timers: systemTimers, clock: systemClock });
    network = await startNetworkSwitch({ port: 9 });
    counter = await startCounterServer({
      port: 0,
      rendererFolder: `${folder}/none`,
      bench,
      network: () => network,
      members: () => [],
      memberCode: (phone) => Promise.resolve(`code of ${phone}`),
    });
  });
  afterEach(async () => {
    await counter.close();
    await network.close();
    bench.stop();
    await rm(folder, { recursive: true });
  });

  const post = async (path: string, body: object): Promise<number> => {
    const sent = await fetch(`${counter.origin}/counter/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return sent.status;
  };
  const state = async (): Promise<CounterState> =>
    (await (await fetch(`${counter.origin}/counter/state`)).json()) as CounterState;
  const flip = (name: SwitchName, on: boolean): Promise<number> => post('switch', { name, on });

  it('turns every switch off and on again, each for itself', async () => {
    for (const name of switchNames) {
      expect(await flip(name, false)).toBe(204);
      const { switches } = await state();
      expect(switchNames.filter((each) => !switches[each])).toEqual([name]);
      expect(await flip(name, true)).toBe(204);
    }
    expect(Object.values((await state()).switches)).toEqual(switchNames.map(() => true));
  });

  it('shows a drawer that a kick sprang open', async () => {
    bench.printer.feed(Uint8Array.from([0x1b, 0x70, 0x00, 0x19, 0xfa]));
    expect(await state()).toMatchObject({ drawerKicks: 1, switches: { drawer: false } });
  });

  it('shows the screen of the box, and presses its keys', async () => {
    expect((await state()).box).toEqual({ screen: { type: 'idle' }, last: null });
    for (const act of boxActs) expect(await post('box', { act })).toBe(204);
    expect(bench.box.books()).toEqual([]);
  });

  it('refuses what it does not know', async () => {
    expect(await post('switch', { name: 'moon', on: true })).toBe(400);
    expect(await post('switch', { name: 'paper' })).toBe(400);
    expect(await post('box', { act: 'dance' })).toBe(400);
    expect(await post('scan', { kind: 'text', text: '' })).toBe(400);
  });
});
