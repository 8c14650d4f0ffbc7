import { err, ok, type Result } from '#shared/result/result.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { CloseReason, Connection, WriteError } from '#drivers/core/transport.ts';

/** What a raw port must offer; it may misbehave in time, never in kind: `done` is called once, late, or never. */
export interface RawPort {
  write(bytes: Uint8Array, done: (failure: string | null) => void): void;
  drain(done: (failure: string | null) => void): void;
  /** Frees the port. Bytes that did not leave yet are thrown away. */
  close(): Promise<void>;
}

export interface GuardedConnection {
  readonly connection: Connection;
  /** Bytes arrived. Dropped after the close. */
  deliver(chunk: Uint8Array): void;
  /** The port is gone. Only the first call counts. */
  end(reason: CloseReason): void;
}

/** An opening or a write longer than this is given up, unless a transport is told otherwise. */
export const openTimeoutMsDefault = 3_000;
export const writeTimeoutMsDefault = 10_000;
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
}): GuardedConnection {
  lastGeneration += 1;
  const generation = lastGeneration;
  let closedFor: CloseReason | null = null;
  let closing: Promise<void> | null = null;
  let early: Uint8Array[] = [];
  const dataListeners: ((chunk: Uint8Array) => void)[] = [];
  const closeListeners: ((reason: CloseReason) => void)[] = [];

  const end = (reason: CloseReason): Promise<void> => {
    if (closedFor !== null) return closing ?? Promise.resolve();
    closedFor = reason;
    early = [];
    // A port that cannot be closed is already gone; its handle was released by the system.
    closing = deps.raw.close().catch(() => undefined);
    for (const listener of closeListeners) listener(reason);
    return closing;
  };

  const deliver = (chunk: Uint8Array): void => {
    if (closedFor !== null || chunk.length === 0) return;
    if (dataListeners.length > 0) {
      for (const listener of dataListeners) listener(chunk);
      return;
    }
    early.push(chunk);
    let kept = early.reduce((sum, each) => sum + each.length, 0);
    while (kept > earlyBytesMax) kept -= early.shift()?.length ?? kept;
  };

  const bounded = (
    start: (done: (failure: string | null) => void) => void,
  ): Promise<Result<void, WriteError>> =>
    new Promise((resolve) => {
      if (closedFor !== null) return resolve(err({ type: 'not-open' }));
      let settled = false;
      const settle = (result: Result<void, WriteError>): void => {
        if (settled) return;
        settled = true;
        cancel();
        resolve(result);
      };
      closeListeners.push(() => settle(err({ type: 'write-failed', detail: 'connection closed' })));
      const onClose = closeListeners.at(-1);
      const cancel = deps.timers.after(deps.writeTimeoutMs ?? writeTimeoutMsDefault, () => {
        settle(err({ type: 'write-timeout' }));
        void end({ type: 'device-error', detail: 'the device stopped taking bytes' });
      });
      start((failure) => {
        const at = onClose === undefined ? -1 : closeListeners.indexOf(onClose);
        if (at >= 0) closeListeners.splice(at, 1);
        settle(failure === null ? ok(undefined) : err({ type: 'write-failed', detail: failure }));
      });
    });

  const connection: Connection = {
    generation,
    write: (bytes) => bounded((done) => deps.raw.write(bytes, done)),
    drain: () => bounded((done) => deps.raw.drain(done)),
    onData: (listener) => {
      dataListeners.push(listener);
      const waiting = early;
      early = [];
      for (const chunk of waiting) listener(chunk);
    },
    onClose: (listener) => {
      if (closedFor === null) closeListeners.push(listener);
      else listener(closedFor);
    },
    close: () => end({ type: 'closed-by-us' }),
  };
  return { connection, deliver, end: (reason) => void end(reason) };
}
