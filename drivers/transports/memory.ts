import { err, ok } from '#shared/result/result.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import {
  createGuardedConnection,
  type GuardedConnection,
} from '#drivers/transports/guarded-connection.ts';
import { createIntake, type Intake, type IntakeFaults } from '#drivers/transports/memory-intake.ts';
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
  const hostEnd = createHostEnd();
  let faults: MemoryFaults = {};
  let plugged = true;

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
    deliver: (chunk) => hostEnd.host()?.deliver(chunk),
  });

  const pull = (): Promise<void> => {
    plugged = false;
    toHost.discard();
    const gone = hostEnd.host();
    hostEnd.setHost(null);
    gone?.end({ type: 'disconnected' });
    return Promise.resolve();
  };

  const intake = createIntake({ toDevice, faults: () => faults, pull: () => void pull() });

  const open: Transport['open'] = () => {
    const fault = faults.openError ?? openFault({ plugged, taken: hostEnd.host() !== null });
    return Promise.resolve(fault === null ? ok(connect({ deps, intake, hostEnd })) : err(fault));
  };

  return {
    transport: { address, open },
    far: {
      address,
      send: (bytes) => {
        if (hostEnd.host() !== null) toHost.push(Uint8Array.from(bytes));
      },
      onBytes: (listener) => void byteListeners.push(listener),
      onPresence: hostEnd.onPresence,
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

/** Who is at the host's end of the wire; those who asked are told when that changes. */
interface HostEnd {
  readonly host: () => GuardedConnection | null;
  readonly setHost: (next: GuardedConnection | null) => void;
  readonly onPresence: (listener: (present: boolean) => void) => void;
}

function createHostEnd(): HostEnd {
  const listeners: ((present: boolean) => void)[] = [];
  let host: GuardedConnection | null = null;
  return {
    host: () => host,
    setHost: (next) => {
      const changed = (host === null) !== (next === null);
      host = next;
      if (changed) for (const listener of listeners) listener(next !== null);
    },
    onPresence: (listener) => void listeners.push(listener),
  };
}

function connect(wire: {
  readonly deps: MemoryWireDeps;
  readonly intake: Intake;
  readonly hostEnd: HostEnd;
}): Connection {
  const { deps, intake, hostEnd } = wire;
  const guarded = createGuardedConnection({
    timers: deps.timers,
    writeTimeoutMs: deps.writeTimeoutMs,
    raw: {
      write: intake.write,
      drain: (done) => queueMicrotask(() => done(null)),
      close: () => {
        intake.discard();
        if (hostEnd.host() === guarded) hostEnd.setHost(null);
        return Promise.resolve();
      },
    },
  });
  hostEnd.setHost(guarded);
  return guarded.connection;
}

function openFault(wire: { readonly plugged: boolean; readonly taken: boolean }): OpenError | null {
  if (!wire.plugged) return { type: 'device-missing' };
  return wire.taken ? { type: 'device-busy' } : null;
}
