import { describe, expect, it } from 'vitest';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { closeTimeoutMs, createGuardedConnection } from '#drivers/transports/guarded-connection.ts';

const never = <T>(): Promise<T> => new Promise(() => undefined);

describe('the close of a port', () => {
  it.each([
    ['hangs', () => never<void>(), closeTimeoutMs],
    ['fails', () => Promise.reject(new Error('EIO')), 0],
    ['is done', () => Promise.resolve(), 0],
  ])('that %s ends, so that the device can be opened again', async (_, close, afterMs) => {
    const time = createManualTime();
    const { connection } = createGuardedConnection({
      raw: { write: () => undefined, drain: () => undefined, close },
      timers: time.timers,
      writeTimeoutMs: undefined,
    });
    let isOver = false;
    void connection.close().then(() => (isOver = true));
    await time.advance(Math.max(0, afterMs - 1));
    if (afterMs > 0) expect(isOver).toBe(false);
    await time.advance(1);
    expect(isOver).toBe(true);
  });
});
