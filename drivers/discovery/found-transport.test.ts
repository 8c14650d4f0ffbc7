import { describe, expect, it } from 'vitest';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { createFoundTransport } from '#drivers/discovery/found-transport.ts';
import { createMemoryWire, type MemoryWire } from '#drivers/transports/memory.ts';

function createBench() {
  const time = createManualTime();
  const wires = new Map<string, MemoryWire>();
  const plugListeners = new Set<() => void>();
  let at: string | null = null;
  const transport = createFoundTransport({
    address: 'somewhere',
    timers: time.timers,
    find: () => Promise.resolve(at),
    make: (path) => wires.get(path)!.transport,
    onPlug: (listener) => {
      plugListeners.add(listener);
      return () => plugListeners.delete(listener);
    },
  });
  return {
    time,
    transport,
    plugListeners,
    plug: (path: string | null) => {
      at = path;
      if (path !== null) wires.set(path, createMemoryWire({ timers: time.timers, name: path }));
      for (const listener of plugListeners) listener();
    },
  };
}

describe('a transport to a device that is looked for', () => {
  it('a missing device is told at once; the next opening waits for the plug and takes the new name', async () => {
    const { time, transport, plug, plugListeners } = createBench();
    expect(await transport.open()).toMatchObject({ error: { type: 'device-missing' } });
    const waiting = transport.open();
    await time.advance(10_000);
    plug('ttyUSB1');
    expect((await time.settle(waiting)).ok).toBe(true);
    expect(transport.path()).toBe('ttyUSB1');
    expect(plugListeners.size).toBe(0);
  });

  it('is found without any word of a plug, within a second', async () => {
    const { time, transport, plug, plugListeners } = createBench();
    await transport.open();
    const waiting = transport.open();
    await time.advance(2_000);
    plugListeners.clear();
    plug('pty');
    await time.advance(1_000);
    expect((await waiting).ok).toBe(true);
  });

  it('an opening never hangs: it ends by itself, and at once when the device is given up', async () => {
    const { time, transport, plugListeners } = createBench();
    await transport.open();
    expect((await time.settle(transport.open(), 60_000)).ok).toBe(false);
    const waiting = transport.open();
    await time.advance(1);
    transport.giveUp();
    await time.advance(1);
    expect(await waiting).toMatchObject({ error: { type: 'device-missing' } });
    expect(plugListeners.size).toBe(0);
  });
});
