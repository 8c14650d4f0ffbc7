import { err, ok, type Result } from '#shared/result/result.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { CloseReason, Connection, WriteError } from '#drivers/core/transport.ts';
import { createBoundedCalls, type BoundedCalls } from '#drivers/transports/bounded-calls.ts';

/** What a raw port must offer; it may misbehave in time, never in kind: `done` is called once, late, or never. */
export interface RawPort {
  write(bytes: Uint8Array, done: (failure: string | null) => void): void;
  drain(done: (failure: string | null) => void): void;
  /** Frees the port. Bytes that did not leave yet are thrown away. */
  close(): Promise<void>;
}

/** How a write is cut up, so that a pulled cable loses little and a full device is not overrun. */
export interface WriteChunks {
  /** A write goes out in pieces of at most this many bytes; the queue is drained after each. */
  readonly bytesMax: number;
  /** Asked between two pieces of one write: resolves false when the device did not make room in time. */
  readonly room?: () => Promise<boolean>;
}

export interface GuardedConnection {
  readonly connection: Connection;
  /** Bytes arrived. Dropped after the close. */
  deliver(chunk: Uint8Array): void;
  /** The port is gone. Only the first call counts. */
  end(reason: CloseReason): void;
}

/** An opening, or a write or piece of a write, longer than this is given up, unless a transport is told otherwise. */
export const openTimeoutMsDefault = 3_000;
export const writeTimeoutMsDefault = 10_000;
/** Longer than a system waits for the bytes of a stuck device to drain. */
export const closeTimeoutMs = 35_000;
/** Bytes that arrive before somebody listens are kept up to this many, then dropped from the front. */
const earlyBytesMax = 65_536;

let lastGeneration = 0;

/**
 * The laws that every transport obeys, in one place: nothing is written unless open, no write hangs, a write that
 * timed out closes the connection (what is stuck must never leave later), nothing arrives after the close, and the
 * close is told exactly once, also to those who ask after it.
 */
export function createGuardedConnection(deps: {
  readonly raw: RawPort;
  readonly timers: Timers;
  /** Default `writeTimeoutMsDefault`. */
  readonly writeTimeoutMs: number | undefined;
  /** Absent: a write goes out in one piece. */
  readonly chunks?: WriteChunks;
}): GuardedConnection {
  const { raw } = deps;
  const inbox = createInbox();
  const closeListeners: ((reason: CloseReason) => void)[] = [];
  let closedFor: CloseReason | null = null;
  let closing: Promise<void> = Promise.resolve();

  const end = (reason: CloseReason): Promise<void> => {
    if (closedFor !== null) return closing;
    closedFor = reason;
    inbox.close();
    closing = closedInTime(raw, deps.timers);
    calls.end();
    for (const listener of closeListeners) listener(reason);
    return closing;
  };

  const calls = createBoundedCalls({
    timers: deps.timers,
    timeoutMs: deps.writeTimeoutMs ?? writeTimeoutMsDefault,
    onTimeout: () => void end({ type: 'device-error', detail: 'the device stopped taking bytes' }),
  });

  lastGeneration += 1;
  const connection: Connection = {
    generation: lastGeneration,
    write: createWriter({ raw, calls, chunks: deps.chunks }),
    drain: () => calls.run((done) => raw.drain(done)),
    onData: inbox.onData,
    onClose: (listener) => {
      if (closedFor === null) closeListeners.push(listener);
      else listener(closedFor);
    },
    close: () => end({ type: 'closed-by-us' }),
  };
  return { connection, deliver: inbox.deliver, end: (reason) => void end(reason) };
}

/**
 * A port that cannot be closed is already gone; its handle was released by the system. One whose closing hangs is not
 * waited for either: it would keep the device from ever being opened again.
 */
const closedInTime = (raw: RawPort, timers: Timers): Promise<void> =>
  new Promise((resolve) => {
    const cancel = timers.after(closeTimeoutMs, resolve);
    const over = (): void => {
      cancel();
      resolve();
    };
    raw.close().then(over, over);
  });

/** Writes in one piece, or in pieces that no other write comes between. */
function createWriter(port: {
  readonly raw: RawPort;
  readonly calls: BoundedCalls;
  readonly chunks: WriteChunks | undefined;
}): Connection['write'] {
  const { raw, calls, chunks } = port;
  if (chunks === undefined) return (bytes) => calls.run((done) => raw.write(bytes, done));
  let turn: Promise<unknown> = Promise.resolve();
  return (bytes) => {
    const mine = turn.then(() => writeInChunks({ bytes, raw, calls, chunks }));
    turn = mine;
    return mine;
  };
}

/** One write in pieces. Once a piece left, a failure is never called `not-open`: bytes are out. */
async function writeInChunks(job: {
  readonly bytes: Uint8Array;
  readonly raw: RawPort;
  readonly calls: BoundedCalls;
  readonly chunks: WriteChunks;
}): Promise<Result<void, WriteError>> {
  const { bytes, raw, calls, chunks } = job;
  for (let start = 0; start < bytes.length; start += chunks.bytesMax) {
    if (start > 0 && (await chunks.room?.()) === false) return err({ type: 'write-timeout' });
    const chunk = bytes.subarray(start, start + chunks.bytesMax);
    const written = await calls.run((done) => raw.write(chunk, done));
    const drained = written.ok ? await calls.run((done) => raw.drain(done)) : written;
    if (!drained.ok) return written.ok || start > 0 ? err(asBegun(drained.error)) : drained;
  }
  return ok(undefined);
}

const asBegun = (error: WriteError): WriteError =>
  error.type === 'not-open' ? { type: 'write-failed', detail: 'connection closed' } : error;

/** What arrives, kept until somebody listens. */
function createInbox(): {
  readonly deliver: (chunk: Uint8Array) => void;
  readonly onData: (listener: (chunk: Uint8Array) => void) => void;
  readonly close: () => void;
} {
  const listeners: ((chunk: Uint8Array) => void)[] = [];
  let early: Uint8Array[] = [];
  let closed = false;
  return {
    deliver: (chunk) => {
      if (closed || chunk.length === 0) return;
      for (const listener of listeners) listener(chunk);
      if (listeners.length > 0) return;
      early.push(chunk);
      let kept = early.reduce((sum, each) => sum + each.length, 0);
      while (kept > earlyBytesMax) kept -= early.shift()?.length ?? kept;
    },
    onData: (listener) => {
      listeners.push(listener);
      const waiting = early;
      early = [];
      for (const chunk of waiting) listener(chunk);
    },
    close: () => {
      closed = true;
      early = [];
    },
  };
}
