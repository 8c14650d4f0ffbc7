import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTemporaryPty, describeWithPty } from '#drivers/contract/pty.ts';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { createStxEtxSimulator, type StxEtxSimulator } from '#drivers/simulator/box/box-stx-etx.ts';
import { createTransbankWords } from '#drivers/simulator/box/box-words.ts';
import { createTransbankPos, type TransbankPos } from './transbank-sdk.ts';

/**
 * The official library as the till against our box: if the box were wrong, our own driver would be wrong with it. The
 * library takes bytes for one message that come within 100 ms, so the box thinks a little longer before it speaks.
 */
const thinkMs = 160;

describeWithPty(describe, 'judged by transbank-pos-sdk over a pseudo terminal', () => {
  let simulator: StxEtxSimulator;
  let pos: TransbankPos;
  let pty: Awaited<ReturnType<typeof createTemporaryPty>>;

  beforeEach(async () => {
    pty = await createTemporaryPty();
    simulator = createStxEtxSimulator({
      timers: systemTimers,
      clock: systemClock,
      words: createTransbankWords(),
      thinkMs,
    });
    simulator.attach(pty.wire);
    pos = createTransbankPos();
    expect(await pos.connect(pty.wire.address)).toBe(true);
  });
  afterEach(async () => {
    await pos.disconnect();
    await pty.remove();
  });

  it('polls, loads keys, sells, tells the last sale, refunds and closes the day', async () => {
    expect(await pos.poll()).toBe(true);
    expect(await pos.loadKeys()).toMatchObject({ functionCode: 810, successful: true });

    simulator.script({ type: 'approve', delayMs: 400 });
    const statuses: unknown[] = [];
    const sale = await pos.sale(1_250, 'ABC123', true, (status) => statuses.push(status));
    const [entry] = simulator.books();
    expect(sale).toMatchObject({
      functionCode: 210,
      successful: true,
      ticket: 'ABC123',
      amount: 1_250,
      operationNumber: entry?.ref,
    });
    expect(statuses).toMatchObject([{ responseCode: 84 }]);

    expect(await pos.getLastSale()).toMatchObject({
      functionCode: 260,
      successful: true,
      ticket: 'ABC123',
      amount: 1_250,
      operationNumber: entry?.ref,
      realDate: expect.stringMatching(/^\d{8}$/),
      realTime: expect.stringMatching(/^\d{6}$/),
    });
    expect(await pos.refund(sale.operationNumber)).toMatchObject({
      functionCode: 1_210,
      successful: true,
      operationId: entry?.ref,
    });
    expect(await pos.closeDay()).toMatchObject({ functionCode: 510, successful: true });
    expect(simulator.books().map(({ kind, amountFen }) => [kind, amountFen])).toEqual([
      ['sale', 1_250],
      ['void', 1_250],
    ]);
    expect(simulator.unreadableCount()).toBe(0);
  });

  it('reads a decline, a cancel and an empty book as the library names them', async () => {
    expect(await pos.getLastSale()).toMatchObject({ functionCode: 260, responseCode: 11 });
    simulator.script({ type: 'decline', reason: 'bank' }, { type: 'decline', reason: 'user' });
    const codes: number[] = [];
    for (const ticket of ['000001', '000002']) {
      const sale = await pos.sale(500, ticket, false, () => undefined);
      codes.push(sale.responseCode);
    }
    expect(codes).toEqual([1, 7]);
    expect(simulator.books()).toEqual([]);
  });
});
