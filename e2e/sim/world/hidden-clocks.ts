import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { World } from './virtual-world.ts';

/**
 * The few places of the cloud that wait by the machine's own clock or call the global `fetch` (a
 * batch that came before its predecessor, a slow channel, the channel's line): while a world runs,
 * they live by it. A PIN is hashed at once and cheaply instead of on a thread. Returns how to end
 * that.
 */
export function takeHiddenClocks(world: World, fetchOf: typeof globalThis.fetch): () => void {
  const real = {
    sleep: timersPromises.setTimeout,
    timeout: AbortSignal.timeout.bind(AbortSignal),
    fetch: globalThis.fetch,
    scrypt: crypto.scrypt,
  };
  const sleep = <T>(delayMs = 1, value?: T): Promise<T> =>
    new Promise((resolve) => {
      world.timers.after(delayMs, () => resolve(value as T));
    });
  timersPromises.setTimeout = sleep;
  crypto.scrypt = cheapScrypt as typeof crypto.scrypt;
  syncBuiltinESMExports();
  AbortSignal.timeout = (delayMs) => {
    const controller = new AbortController();
    world.timers.after(delayMs, () =>
      controller.abort(new DOMException('the time is over', 'TimeoutError')),
    );
    return controller.signal;
  };
  globalThis.fetch = fetchOf;
  return () => {
    timersPromises.setTimeout = real.sleep;
    crypto.scrypt = real.scrypt;
    syncBuiltinESMExports();
    AbortSignal.timeout = real.timeout;
    globalThis.fetch = real.fetch;
  };
}

type Hashed = (error: Error | null, key: Buffer) => void;

/** The cost of a PIN's hash keeps guessers away, and nobody guesses here. */
function cheapScrypt(
  ...[pin, salt, bytes, _cost, done]: readonly [string, Uint8Array, number, object, Hashed]
): void {
  done(null, crypto.scryptSync(pin, salt, bytes, { N: 2, r: 1, p: 1 }));
}
