import { describe, expect, it } from 'vitest';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { printerBauds, probePrinter, type ProbeStep } from '#drivers/discovery/probe-printer.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { createMemoryWire, type MemoryWire } from '#drivers/transports/memory.ts';

/** One wire per speed; a printer only at the right one, noise at the others. */
function createBench(speed: number, noise: readonly number[] = []) {
  const time = createManualTime();
  const printer = createPrinterSimulator({ width: 48, timers: time.timers });
  const wires: MemoryWire[] = [];
  const heard: number[] = [];
  const steps = printerBauds.map((baudRate): ProbeStep => {
    const wire = createMemoryWire({ timers: time.timers });
    wires.push(wire);
    if (baudRate === speed) printer.attach(wire.far);
    else wire.far.onBytes(() => wire.far.send(Uint8Array.from(noise)));
    wire.far.onBytes((bytes) => heard.push(...bytes));
    return { baudRate, transport: wire.transport };
  });
  const probe = (cancelled = () => false) =>
    time.settle(probePrinter({ steps, timers: time.timers, cancelled }), 60_000);
  return { time, printer, wires, heard, steps, probe };
}

describe('probing for a printer', () => {
  it.each(printerBauds)('finds it at %i baud and prints nothing', async (speed) => {
    const { probe, printer, heard, wires } = createBench(speed);
    const { found, tried } = await probe();
    expect(found?.baudRate).toBe(speed);
    expect(tried.at(-1)).toEqual({ baudRate: speed, code: null });
    expect(printer.paper()).toEqual([]);
    expect(printer.unknownCommands()).toEqual([]);
    // DLE EOT 1 and nothing else, ever.
    expect(heard.length % 3).toBe(0);
    for (let at = 0; at < heard.length; at += 3)
      expect(heard.slice(at, at + 3)).toEqual([0x10, 0x04, 0x01]);
    for (const wire of wires) expect((await wire.transport.open()).ok).toBe(true);
  });

  it('noise is no answer, even with bytes of the right shape in it', async () => {
    const { found, tried } = await createBench(0, [0xff, 0x12, 0x80]).probe();
    expect(found).toBeNull();
    expect(tried.map(({ code }) => code)).toEqual(Array(4).fill('device-no-answer'));
  });

  it('a port that cannot be opened is tried once and says why', async () => {
    const { probe, wires } = createBench(9_600);
    wires[0]!.setFaults({ openError: { type: 'device-busy' } });
    expect(await probe()).toEqual({
      found: null,
      tried: [{ baudRate: 115_200, code: 'device-busy' }],
    });
  });

  it('silence at every speed ends within ten seconds; a cancelled probe leaves the port after one', async () => {
    const silent = createBench(0);
    await silent.probe();
    expect(silent.time.clock.monotonicMs()).toBeLessThan(10_000);
    let asked = 0;
    const { tried } = await createBench(0).probe(() => (asked += 1) > 1);
    expect(tried).toHaveLength(1);
  });
});
