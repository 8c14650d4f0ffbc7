import { err, ok } from '#shared/result/result.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import {
  createGuardedConnection,
  type GuardedConnection,
} from '#drivers/transports/guarded-connection.ts';
import { createIntake, type IntakeFaults } from '#drivers/transports/memory-intake.ts';
import { createLane, type LaneFaults } from '#drivers/transports/memory-lane.ts';

export interface MemoryWireDeps {
  readonly timers: Timers;
  readonly name?: string;
  readonly writeTimeoutMs?: number;
}

/** What can go wrong on the wire, changed at any moment. Byte offsets count from the start of the wire's life. */
export interface MemoryFaults extends IntakeFaults {
  readonly toDevice?: LaneFaults;
  readonly toHost?: LaneFaults;
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

  const setHost = (next: GuardedConnection | null): void => {
    const changed = (host === null) !== (next === null);
    host = next;
    if (changed) for (const listener of presenceListeners) listener(next !== null);
  };

  const pull = (): Promise<void> => {
    plugged = false;
    toHost.discard();
    const gone = host;
    setHost(null);
    gone?.end({ type: 'disconnected' });
    return Promise.resolve();
  };

  const intake = createIntake({ toDevice, faults: () => faults, pull: () => void pull() });

  const connect = (): Connection => {
    const guarded = createGuardedConnection({
      timers: deps.timers,
      writeTimeoutMs: deps.writeTimeoutMs,
      raw: {
        write: intake.write,
        drain: (done) => queueMicrotask(() => done(null)),
        close: () => {
          intake.discard();
          if (host === guarded) setHost(null);
          return Promise.resolve();
        },
      },
    });
    setHost(guarded);
    return guarded.connection;
  };

  return {
    transport: {
      address,
      open: () => {
        const fault = faults.openError ?? openFault({ plugged, taken: host !== null });
        return Promise.resolve(fault === null ? ok(connect()) : err(fault));
      },
    },
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
      intake.faultsChanged();
    },
    deliveredByteCount: intake.deliveredByteCount,
  };
}

function openFault(wire: { readonly plugged: boolean; readonly taken: boolean }): OpenError | null {
  if (!wire.plugged) return { type: 'device-missing' };
  return wire.taken ? { type: 'device-busy' } : null;
}
