import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { createLinkSupervisor, type Link } from '#drivers/core/link-supervisor.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import { createWireLog, wireLogEntriesMax } from '#drivers/core/wire-log.ts';
import { createMemoryWire } from '#drivers/transports/memory.ts';

function createBench() {
  const time = createManualTime();
  const wire = createMemoryWire({ timers: time.timers });
  const links: Link[] = [];
  const downs: number[] = [];
  const states: LinkState[] = [];
  const supervisor = createLinkSupervisor({
    transport: wire.transport,
    clock: time.clock,
    timers: time.timers,
    random: createSeededRandom(7),
    onUp: (link) => links.push(link),
    onDown: (generation) => downs.push(generation),
    onData: () => undefined,
    onState: (state) => states.push(state),
  });
  return { time, wire, links, downs, states, supervisor };
}

describe('link supervisor', () => {
  it('makes a new connection with a new generation each time; the old one writes nothing any more', async () => {
    const { time, wire, links, downs, supervisor } = createBench();
    const received: number[] = [];
    wire.far.onBytes((chunk) => received.push(...chunk));
    supervisor.start();
    await time.advance(1);
    await wire.far.pull();
    await wire.far.plug();
    await time.advance(1_000);
    const [first, second] = links;
    expect(second?.generation).toBeGreaterThan(first?.generation ?? Infinity);
    expect(downs).toEqual([first?.generation]);
    expect(await first?.write(Uint8Array.of(1))).toEqual({
      ok: false,
      error: { type: 'not-open' },
    });
    await time.advance(10_000);
    expect(received).toEqual([]);
    await supervisor.stop();
  });

  it('tells why it is offline, once per reason, and tries for ever', async () => {
    const { time, wire, states, supervisor } = createBench();
    wire.setFaults({ openError: { type: 'device-permission' } });
    supervisor.start();
    await time.advance(600_000);
    expect(states.map((state) => state.type === 'offline' && state.code)).toEqual([
      'device-permission',
    ]);
    wire.setFaults({});
    await time.advance(31_000);
    expect(supervisor.state().type).toBe('online');
    await supervisor.stop();
    expect(supervisor.state().type).toBe('offline');
  });

  it('opens nothing after stop, and starts again when told', async () => {
    const { time, links, supervisor } = createBench();
    supervisor.start();
    await time.advance(1);
    await supervisor.stop();
    await time.advance(60_000);
    expect(links).toHaveLength(1);
    supervisor.start();
    await time.advance(1);
    expect(links).toHaveLength(2);
    await supervisor.stop();
  });

  it('gives up a silent connection when asked and makes another', async () => {
    const { time, links, supervisor } = createBench();
    supervisor.start();
    await time.advance(1);
    supervisor.restart();
    await time.advance(1_000);
    expect(links).toHaveLength(2);
    await supervisor.stop();
  });
});

describe('wire log', () => {
  it('shows four characters of a run, also across chunks, and everything that is not a run', () => {
    const log = createWireLog({ nowMs: () => 5 });
    const note = (text: string): void =>
      log.note({ generation: 1, direction: 'in', bytes: Buffer.from(text, 'latin1') });
    note('13');
    note('4567\r');
    note('\x1b@12 34');
    expect(log.lines()).toEqual(['5 #1 in 13', '5 #1 in 45**<0d>', '5 #1 in <1b>@12<20>3*']);
  });

  it('is bounded in entries and in bytes per entry', () => {
    const log = createWireLog({ nowMs: () => 0 });
    for (let index = 0; index < 1_000; index += 1) {
      log.note({ generation: 1, direction: 'out', bytes: new Uint8Array(10_000) });
    }
    expect(log.lines()).toHaveLength(wireLogEntriesMax);
    expect(log.lines().at(-1)?.length).toBeLessThan(300);
    expect(log.lines().at(-1)).toContain('+9936');
  });
});
