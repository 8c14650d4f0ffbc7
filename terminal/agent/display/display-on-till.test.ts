import { afterEach, expect, test } from 'vitest';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createDisplaySimulator } from '#drivers/simulator/display-simulator.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const wires = {
  memory: async () => {
    const { far, transport } = createMemoryWire({ timers: systemTimers, name: 'display' });
    const transports = new Map([['display', transport]]);
    return { far, transports, transport: { type: 'memory', name: 'display' } as const };
  },
  /** Behind a serial device server. */
  tcp: async () => {
    const far = await createTcpWire({ host: '127.0.0.1', port: 0 });
    const transport = { type: 'tcp', host: '127.0.0.1', port: far.port } as const;
    return { far, transports: new Map(), transport };
  },
};

test.each(['memory', 'tcp'] as const)(
  'over %s the customer sees the price as it is typed, his change, nothing at rest, and all of it again after a cable was out',
  async (kind) => {
    const { far, transports, transport } = await wires[kind]();
    const glass = createDisplaySimulator();
    glass.attach(far);
    const { ask, until } = (bench = await openTillBench({
      devices: [{ role: 'display', name: '客显屏', transport }],
      transports,
    }));
    const shows = (text: string, lamps: string): Promise<void> =>
      until(
        `display ${text}`,
        () => glass.text() === text && glass.lamps().join() === lamps,
        15_000,
      );
    await ask('till.setAmount', { amountFen: 3 });
    await ask('till.setAmount', { amountFen: 38 });
    await ask('till.setAmount', { amountFen: 3_850 });
    await shows('38.50', 'total');
    await ask('till.payCash', { tenderedFen: 5_000 });
    await shows('11.50', 'change');
    await far.pull();
    glass.powerCycle();
    await far.plug();
    await shows('11.50', 'change');
    await ask('till.dismiss', {});
    await shows('', '');
    expect(glass.strayByteCount()).toBe(0);
    await far.close();
  },
);
