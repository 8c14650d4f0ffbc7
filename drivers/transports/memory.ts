import { err, ok, type Result } from '#shared/result/result.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import {
  createGuardedConnection,
  type GuardedConnection,
} from '#drivers/transports/guarded-connection.ts';
import { createLane, type LaneFaults } from '#drivers/transports/memory-lane.ts';

export interface MemoryWireDeps {
  readonly timers: Timers;
  readonly name?: string;
  readonly writeTimeoutMs?: number;
}

/** What can go wrong on the wire, changed at any moment. Byte offsets count from the start of the wire's life. */
export interface MemoryFaults {
  readonly toDevice?: LaneFaults;
  readonly toHost?: LaneFaults;
  /** The cable comes out before the byte with this offset (to the device) arrives. Once. */
  readonly pullAtByte?: number;
  /** The device takes no bytes: writes stay pending. */
  readonly stalled?: boolean;
  /** `open` answers this. */
  readonly openError?: OpenError;
}

export interface MemoryWire {
  readonly transport: Transport;
  readonly far: FarWire;
  setFaults(faults: MemoryFaults): void;
  /** Bytes that reached the device so far. */
  deliveredByteCount(): number;
}

/** A wire in memory whose faults are scripted; it keeps the laws of the real ones and runs in virtual time. */
export function createMemoryWire(deps: MemoryWireDeps): MemoryWire {
  const address = `memory ${deps.name ?? 'wire'}`;
  const byteListeners: ((chunk: Uint8Array) => void)[] = [];
  const presenceListeners: ((present: boolean) => void)[] = [];
  let faults: MemoryFaults = {};
  let plugged = true;
  let host: GuardedConnection | null = null;
  let delivered = 0;
  let pullArmed = true;
  let waiting: { readonly bytes: Uint8Array; readonly done: (failure: string | null) => void }[] =
    [];

  const toDevice = createLane({
    timers: deps.timers,
    faults: () => faults.toDevice ?? {},
    deliver: (chunk) => {
      for (const listener of byteListeners) listener(chunk);
    },
  });
  const toHost = createLane({
    timers: deps.timers,
    faults: () => faults.toHost ?? {},
    deliver: (chunk) => host?.deliver(chunk),
  });

  const pull = (): Promise<void> => {
    plugged = false;
    toHost.discard();
    const gone = host;
    host = null;
    if (gone !== null) for (const listener of presenceListeners) listener(false);
    gone?.end({ type: 'disconnected' });
    return Promise.resolve();
  };

  const push = (bytes: Uint8Array, done: (failure: string | null) => void): void => {
    const limit = faults.pullAtByte;
    if (pullArmed && limit !== undefined && delivered + bytes.length > limit) {
      pullArmed = false;
      const head = bytes.subarray(0, Math.max(0, limit - delivered));
      delivered += head.length;
      toDevice.push(head);
      void pull();
      return done('cable pulled');
    }
    delivered += bytes.length;
    toDevice.push(bytes);
    done(null);
  };

  const connect = (): Connection => {
    const guarded = createGuardedConnection({
      timers: deps.timers,
      writeTimeoutMs: deps.writeTimeoutMs,
      raw: {
        write: (bytes, done) => {
          const copy = Uint8Array.from(bytes);
          if (faults.stalled === true) waiting.push({ bytes: copy, done });
          else queueMicrotask(() => push(copy, done));
        },
        drain: (done) => queueMicrotask(() => done(null)),
        close: () => {
          waiting = [];
          if (host === guarded) {
            host = null;
            for (const listener of presenceListeners) listener(false);
          }
          return Promise.resolve();
        },
      },
    });
    host = guarded;
    for (const listener of presenceListeners) listener(true);
    return guarded.connection;
  };

  const open = (): Promise<Result<Connection, OpenError>> => {
    if (faults.openError !== undefined) return Promise.resolve(err(faults.openError));
    if (!plugged) return Promise.resolve(err({ type: 'device-missing' }));
    if (host !== null) return Promise.resolve(err({ type: 'device-busy' }));
    return Promise.resolve(ok(connect()));
  };

  return {
    transport: { address, open },
    far: {
      address,
      send: (bytes) => {
        if (host !== null) toHost.push(Uint8Array.from(bytes));
      },
      onBytes: (listener) => void byteListeners.push(listener),
      onPresence: (listener) => void presenceListeners.push(listener),
      pull,
      plug: () => {
        plugged = true;
        return Promise.resolve();
      },
      close: pull,
    },
    setFaults: (next) => {
      faults = next;
      pullArmed = true;
      if (next.stalled === true) return;
      const resumed = waiting;
      waiting = [];
      for (const each of resumed) push(each.bytes, each.done);
    },
    deliveredByteCount: () => delivered,
  };
}
