import { afterEach, expect, test } from 'vitest';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createDisplaySimulator } from '#drivers/simulator/display-simulator.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

test('the customer sees the price as it is typed, his change, nothing at rest, and all of it again after a cable was out', async () => {
  const wire = createMemoryWire({ timers: systemTimers, name: 'display' });
  const glass = createDisplaySimulator();
  glass.attach(wire.far);
  const { ask, until } = (bench = await openTillBench({
    devices: [{ role: 'display', name: '客显屏', transport: { type: 'memory', name: 'display' } }],
    transports: new Map([['display', wire.transport]]),
  }));
  const shows = (text: string, lamps: string): Promise<void> =>
    until(`display ${text}`, () => glass.text() === text && glass.lamps().join() === lamps, 15_000);
  await ask('till.setAmount', { amountFen: 3 });
  await ask('till.setAmount', { amountFen: 38 });
  await ask('till.setAmount', { amountFen: 3_850 });
  await shows('38.50', 'total');
  await ask('till.payCash', { tenderedFen: 5_000 });
  await shows('11.50', 'change');
  await wire.far.pull();
  glass.powerCycle();
  await wire.far.plug();
  await shows('11.50', 'change');
  await ask('till.dismiss', {});
  await shows('', '');
  expect(glass.strayByteCount()).toBe(0);
});
