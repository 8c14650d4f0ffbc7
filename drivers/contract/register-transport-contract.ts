import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import type { CloseReason, Connection } from '#drivers/core/transport.ts';
import type { WireHarness, WireOptions } from '#drivers/contract/wire-harness.ts';

/** The laws of drivers/core/transport.ts, for every transport. */
export function registerTransportContract(
  create: (options?: WireOptions) => Promise<WireHarness>,
): void {
  describe('transport contract', () => {
    let harness: WireHarness;
    let received: number[];
    beforeEach(async () => {
      harness = await create();
      received = [];
      harness.far.onBytes((chunk) => received.push(...chunk));
    });
    afterEach(() => harness.close());

    const open = async (): Promise<Connection> =>
      getOrThrow(await harness.settle(harness.transport.open()));

    it('carries every byte value both ways in order', async () => {
      const connection = await open();
      const back: number[] = [];
      connection.onData((chunk) => back.push(...chunk));
      const all = Array.from({ length: 256 }, (_, byte) => byte);
      expect(await harness.settle(connection.write(Uint8Array.from(all)))).toEqual({
        ok: true,
        value: undefined,
      });
      await harness.until(() => received.length === 256);
      harness.far.send(Uint8Array.from(all));
      await harness.until(() => back.length === 256);
      expect([received, back]).toEqual([all, all]);
      expect((await harness.settle(connection.drain())).ok).toBe(true);
      await connection.close();
    });

    it('keeps bytes that arrive before somebody listens', async () => {
      const connection = await open();
      harness.far.send(Uint8Array.from([1, 2, 3]));
      await harness.pause(50);
      const back: number[] = [];
      connection.onData((chunk) => back.push(...chunk));
      await harness.until(() => back.length === 3);
      await connection.close();
    });

    it('tells a pulled cable once, then refuses to write: nothing is kept for the next connection', async () => {
      const connection = await open();
      const reasons: CloseReason[] = [];
      connection.onData(() => undefined);
      connection.onClose((reason) => reasons.push(reason));
      await harness.far.pull();
      await harness.until(() => reasons.length > 0);
      expect(await harness.settle(connection.write(Uint8Array.from([0x41])))).toEqual({
        ok: false,
        error: { type: 'not-open' },
      });
      await harness.far.plug();
      const next = await open();
      expect(next.generation).toBeGreaterThan(connection.generation);
      await harness.settle(next.write(Uint8Array.from([0x42])));
      await harness.until(() => received.includes(0x42));
      expect(received).toEqual([0x42]);
      expect(reasons).toHaveLength(1);
      await next.close();
    });

    it('tells the close to those who ask after it', async () => {
      const connection = await open();
      await connection.close();
      const reasons: CloseReason[] = [];
      connection.onClose((reason) => reasons.push(reason));
      expect(reasons).toEqual([{ type: 'closed-by-us' }]);
    });

    it('delivers nothing after the close', async () => {
      const connection = await open();
      const back: number[] = [];
      connection.onData((chunk) => back.push(...chunk));
      await connection.close();
      harness.far.send(Uint8Array.from([9]));
      await harness.pause(50);
      expect(back).toEqual([]);
    });

    it('opens again after a close of ours', async () => {
      const first = await open();
      await first.close();
      const second = await open();
      await harness.settle(second.write(Uint8Array.from([7])));
      await harness.until(() => received.length === 1);
      await second.close();
    });

    it('answers device-missing when nothing is there', async () => {
      await harness.far.pull();
      expect(await harness.settle(harness.transport.open())).toEqual({
        ok: false,
        error: { type: 'device-missing' },
      });
    });
  });
}
