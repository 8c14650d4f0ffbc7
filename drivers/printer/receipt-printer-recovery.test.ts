import { describe, expect, it } from 'vitest';
import {
  completeReceipts,
  createPrinterDesk,
  markedReceipt,
  printOn,
  waitOnline,
} from '#drivers/contract/printer-desk.ts';
import { longReceipt } from '#drivers/contract/receipts.ts';
import { nulFlush } from '#drivers/printer/encode/escpos-bytes.ts';

describe('recovery after a pull', () => {
  it('a receipt that was whole in the printer is confirmed by the id it kept: nothing is cleared', async () => {
    const desk = await createPrinterDesk({ lacks: [], msPerLine: 300 });
    const outcome = desk.printer.print({ jobId: 'a', processId: 1, commands: markedReceipt('') });
    await desk.time.advance(100);
    await desk.wire.far.pull();
    await desk.time.advance(4_000);
    await desk.wire.far.plug();
    expect(await desk.time.settle(outcome)).toEqual({ type: 'confirmed', level: 4 });
    expect(completeReceipts(desk)).toEqual({ unmarked: 1, marked: 0 });
  });

  it('a receipt proved unfinished is declared void on its own paper and cut off', async () => {
    const desk = await createPrinterDesk({ lacks: [] });
    desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + 150 });
    const outcome = desk.printer.print({ jobId: 'a', processId: 1, commands: markedReceipt('') });
    await desk.time.advance(100);
    await desk.wire.far.plug();
    expect(await desk.time.settle(outcome)).toEqual({
      type: 'unknown',
      code: 'receipt-interrupted',
    });
    const [torn] = desk.simulator.receipts();
    expect(torn?.cut).toBe(true);
    expect(torn?.lines).toContain('以上未打完，作废');
  });

  it.each([
    ['written down', true, 1],
    ['not written down', false, 0],
  ])(
    'proved unfinished and %s: only what is written down is cut off, and not before',
    async (_, isWritten, strokes) => {
      const desk = await createPrinterDesk({ lacks: [] });
      desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + 150 });
      const cutsThen: number[] = [];
      const outcome = desk.printer.print({
        jobId: 'a',
        processId: 1,
        commands: markedReceipt(''),
        beforeVoid: () => {
          cutsThen.push(desk.simulator.cutCount());
          return isWritten;
        },
      });
      await desk.time.advance(100);
      await desk.wire.far.plug();
      expect(await desk.time.settle(outcome)).toMatchObject({ code: 'receipt-interrupted' });
      await desk.time.advance(5_000);
      expect(cutsThen).toEqual([0]);
      expect(desk.simulator.cutCount()).toBe(strokes);
    },
  );

  it('a cable that stays out answers after a minute, and the next job flushes what hangs', async () => {
    const desk = await createPrinterDesk({ lacks: ['cut-counter', 'buffer-clear'] });
    desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + 40 });
    const job = { jobId: 'long', processId: 1, commands: longReceipt('水果店') };
    const outcome = await desk.time.settle(desk.printer.print(job));
    expect(outcome).toEqual({ type: 'unknown', code: 'receipt-interrupted' });
    await desk.wire.far.plug();
    await desk.time.settle(waitOnline(desk));
    const before = desk.wire.deliveredByteCount();
    expect(await printOn(desk, 2, '补打 第2次')).toMatchObject({ type: 'confirmed', level: 3 });
    expect(desk.wire.deliveredByteCount() - before).toBeGreaterThan(nulFlush().length);
    expect(completeReceipts(desk)).toEqual({ unmarked: 0, marked: 1 });
  });

  it('a late id of a job that was answered unknown is reported', async () => {
    const desk = await createPrinterDesk({ lacks: ['cut-counter'], msPerLine: 100 });
    desk.wire.setFaults({ toHost: { silent: true } });
    const silent = desk.printer.print({ jobId: 'a', processId: 1, commands: markedReceipt('') });
    expect((await desk.time.settle(silent)).type).toBe('not-sent');
    desk.wire.setFaults({});
    await desk.time.settle(waitOnline(desk));
    const outcome = desk.printer.print({ jobId: 'b', processId: 2, commands: markedReceipt('') });
    await desk.time.advance(1);
    await desk.wire.far.pull();
    expect(await desk.time.settle(outcome)).toEqual({
      type: 'unknown',
      code: 'receipt-unconfirmed',
    });
    await desk.wire.far.plug();
    await desk.time.settle(waitOnline(desk));
    expect(desk.late).toEqual([2]);
  });
});

describe('first contact', () => {
  it('a job that comes while the printer is still being probed waits for the end of the probe', async () => {
    const desk = await createPrinterDesk({ lacks: ['process-id'] }, 'probed');
    const outcome = desk.printer.print({ jobId: 'a', processId: 1, commands: markedReceipt('') });
    expect(await desk.time.settle(outcome)).toEqual({ type: 'confirmed', level: 4 });
  });

  it('a printer left inside an image by an earlier run is freed before it is judged', async () => {
    const desk = await createPrinterDesk({ lacks: [] }, 'probed', '1D 76 30 00 30 00 15 00 FF');
    expect(await printOn(desk, 1, '')).toEqual({ type: 'confirmed', level: 4 });
    expect(completeReceipts(desk)).toEqual({ unmarked: 1, marked: 0 });
  });
});

describe('silence', () => {
  it('says unknown when a printer that used to answer prints without a word', async () => {
    const desk = await createPrinterDesk({ lacks: [] });
    // The questions before the job still get answers; then the printer falls silent.
    desk.simulator.onChange(() => {
      const begun = desk.simulator.receipts().some((piece) => piece.lines.includes('水果店'));
      if (begun && !desk.simulator.switches().silent) desk.simulator.setSwitches({ silent: true });
    });
    expect(await printOn(desk, 1, '')).toEqual({ type: 'unknown', code: 'receipt-unconfirmed' });
    expect(completeReceipts(desk)).toEqual({ unmarked: 1, marked: 0 });
  });

  it('a printer that falls silent is shown offline, and its connection is made anew', async () => {
    const desk = await createPrinterDesk({ lacks: [] });
    desk.simulator.setSwitches({ silent: true });
    await desk.time.advance(10_000);
    expect(desk.printer.status()).toMatchObject({ state: 'offline', code: 'printer-silent' });
    desk.simulator.setSwitches({ silent: false });
    await desk.time.settle(waitOnline(desk));
    expect(await printOn(desk, 1, '')).toEqual({ type: 'confirmed', level: 4 });
  });

  it('a printer that stays without paper for half an hour is given up: cleared, and unfinished', async () => {
    const desk = await createPrinterDesk({ lacks: [] });
    desk.simulator.loadPaper(5);
    const outcome = desk.printer.print({ jobId: 'a', processId: 1, commands: longReceipt('长') });
    expect((await desk.time.settle(outcome)).type).toBe('unknown');
    desk.simulator.setSwitches({ paperOut: false });
    await desk.time.advance(5_000);
    expect(
      desk.simulator.receipts().filter((piece) => piece.cut && piece.lines.length > 40),
    ).toEqual([]);
  });
});
