import type { Clock } from '#shared/time/clock.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { createTemporaryPty } from '#drivers/contract/pty.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';
import { createMemoryWire, type MemoryWire } from '#drivers/transports/memory.ts';
import { createSerialTransport } from '#drivers/transports/serial.ts';
import { createTcpTransport } from '#drivers/transports/tcp.ts';
import { createUsbLpTransport } from '#drivers/transports/usb-lp.ts';

/** Both ends of one wire and the time it lives in: what every contract suite runs on. */
export interface WireHarness {
  readonly transport: Transport;
  readonly far: FarWire;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Waits for the promise: in virtual time by moving it, on a real wire by waiting. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Waits until the condition holds; throws when it does not within a few seconds. */
  until(holds: () => boolean): Promise<void>;
  pause(durationMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface WireOptions {
  readonly writeTimeoutMs?: number;
}

const untilStepMs = 10;
const untilStepsMax = 1_500;

export function createMemoryHarness(
  options: WireOptions = {},
): Promise<WireHarness & { readonly wire: MemoryWire }> {
  const time = createManualTime();
  const wire = createMemoryWire({ timers: time.timers, ...options });
  return Promise.resolve({
    wire,
    transport: wire.transport,
    far: wire.far,
    clock: time.clock,
    timers: time.timers,
    settle: (promise) => time.settle(promise),
    until: (holds) => poll(holds, (stepMs) => time.advance(stepMs)),
    pause: (durationMs) => time.advance(durationMs),
    close: () => wire.far.close(),
  });
}

export async function createTcpHarness(options: WireOptions = {}): Promise<WireHarness> {
  const far = await createTcpWire({ host: '127.0.0.1', port: 0 });
  const transport = createTcpTransport({
    host: '127.0.0.1',
    port: far.port,
    timers: systemTimers,
    ...options,
  });
  return { ...realTime, transport, far, close: () => far.close() };
}

export async function createPtyHarness(options: WireOptions = {}): Promise<WireHarness> {
  const pty = await createTemporaryPty();
  const transport = createSerialTransport({
    path: pty.wire.address,
    baud: 115_200,
    timers: systemTimers,
    ...options,
  });
  return { ...realTime, transport, far: pty.wire, close: pty.remove };
}

/** A pty stands in for the node of a USB printer; the node itself is opened in the guest of the hardware rig. */
export async function createUsbLpHarness(options: WireOptions = {}): Promise<WireHarness> {
  const pty = await createTemporaryPty();
  const transport = createUsbLpTransport({
    path: pty.wire.address,
    timers: systemTimers,
    ...options,
  });
  return { ...realTime, transport, far: pty.wire, close: pty.remove };
}

const sleep = (durationMs: number): Promise<void> =>
  new Promise((resolve) => void systemTimers.after(durationMs, resolve));

const realTime = {
  clock: systemClock,
  timers: systemTimers,
  settle: <T>(promise: Promise<T>): Promise<T> => promise,
  until: (holds: () => boolean): Promise<void> => poll(holds, sleep),
  pause: sleep,
};

async function poll(holds: () => boolean, wait: (stepMs: number) => Promise<void>): Promise<void> {
  for (let steps = 0; steps < untilStepsMax; steps += 1) {
    if (holds()) return;
    await wait(untilStepMs);
  }
  throw new Error('the awaited state was not reached');
}
