import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import {
  completeReceipts,
  createPrinterDesk,
  markedReceipt,
  printOn,
  waitOnline,
  type PrinterDesk,
  type PrinterModel,
} from '#drivers/contract/printer-desk.ts';
import { judgeEarlier, type EarlierOutcome } from '#drivers/printer/job/resolve-earlier.ts';
import { createReceiptPrinter } from '#drivers/printer/receipt-printer.ts';

/** What the journal of the dead till says. */
interface Record {
  readonly begun: boolean;
  readonly cutBefore: number | null;
}

/** The till dies when so many bytes of the job have arrived; another run of it finds the printer as it is. */
async function dieAtByte(
  model: PrinterModel,
  at: number,
): Promise<{ readonly desk: PrinterDesk; readonly record: Record }> {
  const dead = await createPrinterDesk(model);
  let record: Record = { begun: false, cutBefore: null };
  dead.wire.far.onPresence((present) => {
    if (!present) void dead.printer.stop();
  });
  dead.wire.setFaults({ pullAtByte: dead.wire.deliveredByteCount() + at });
  const job = dead.printer.print({
    jobId: 'order 1',
    processId: 1,
    commands: dead.receipt(''),
    begin: (cutBefore) => {
      record = { begun: true, cutBefore };
      return true;
    },
  });
  await dead.time.settle(job);
  await dead.time.settle(dead.printer.stop());
  dead.wire.setFaults({});
  await dead.wire.far.plug();
  const printer = createReceiptPrinter({
    transport: dead.wire.transport,
    width: 32,
    profile: dead.profile,
    clock: dead.time.clock,
    timers: dead.time.timers,
    random: createSeededRandom(2),
  });
  printer.start();
  return { desk: { ...dead, printer }, record };
}

/** From the first question to the last; how many of them come after the receipt depends on the printer. */
async function jobByteCount(model: PrinterModel): Promise<number> {
  const desk = await createPrinterDesk(model);
  const before = desk.wire.deliveredByteCount();
  await printOn(desk, 1, '');
  return desk.wire.deliveredByteCount() - before;
}

const models: readonly (readonly [string, PrinterModel, readonly EarlierOutcome['type'][]])[] = [
  ['answers everything', { lacks: [] }, ['confirmed', 'unfinished']],
  ['prints slowly', { lacks: [], msPerLine: 100 }, ['confirmed', 'unfinished']],
  ['has everything drawn for it', { lacks: [], isPlain: true }, ['confirmed', 'unfinished']],
  ['cannot clear its buffers', { lacks: ['buffer-clear'] }, ['confirmed', 'unfinished']],
  ['gives no process ids', { lacks: ['process-id'] }, ['confirmed', 'unfinished']],
  ['counts no cuts', { lacks: ['cut-counter'], msPerLine: 100 }, ['confirmed', 'unprovable']],
];

describe('the till dies at every byte of a job, and its next run asks the printer', () => {
  it.each(models)(
    'a printer that %s: what it proves is what is on paper',
    async (_, model, provable) => {
      const seen = new Set<string>();
      const byteCount = await jobByteCount(model);
      for (let at = 0; at <= byteCount; at += 1) {
        const { desk, record } = await dieAtByte(model, at);
        await desk.time.settle(waitOnline(desk));
        if (!record.begun) {
          await desk.time.advance(10_000);
          expect(completeReceipts(desk), `died at byte ${at}`).toEqual({ unmarked: 0, marked: 0 });
          continue;
        }
        const { cutBefore } = record;
        const outcome = await desk.time.settle(
          desk.printer.resolveEarlier({ processId: 1, cutBefore }),
        );
        seen.add(outcome.type);
        await desk.time.advance(10_000);
        const { unmarked } = completeReceipts(desk);
        if (outcome.type === 'confirmed') expect(unmarked, `died at byte ${at}`).toBe(1);
        if (outcome.type === 'unfinished') expect(unmarked, `died at byte ${at}`).toBe(0);
        await printOn(desk, 2, '补打 第2次');
        const { marked } = completeReceipts(desk);
        expect(marked, `died at byte ${at}: the next receipt`).toBe(1);
      }
      expect([...seen].toSorted()).toEqual(provable);
    },
    60_000,
  );

  it('an attempt that could not be written down sends nothing', async () => {
    const desk = await createPrinterDesk({ lacks: [] });
    const job = { jobId: 'a', processId: 1, commands: markedReceipt(''), begin: () => false };
    expect(await desk.time.settle(desk.printer.print(job))).toEqual({
      type: 'not-sent',
      code: 'print-not-recorded',
    });
    await desk.time.advance(5_000);
    expect(desk.simulator.receipts()).toEqual([]);
  });

  it('a printer that waits for paper is asked later and not cleared: what it holds is the whole receipt', async () => {
    const model = { lacks: ['process-id' as const], msPerLine: 300 };
    // The receipt is whole in the printer; only the questions after it are not.
    const { desk, record } = await dieAtByte(model, (await jobByteCount(model)) - 40);
    desk.simulator.setSwitches({ paperOut: true });
    await desk.time.advance(1_000);
    const job = { processId: 1, cutBefore: record.cutBefore };
    expect(await desk.time.settle(desk.printer.resolveEarlier(job))).toEqual({
      type: 'not-yet',
      code: 'printer-paper-out',
    });
    desk.simulator.setSwitches({ paperOut: false });
    await desk.time.settle(waitOnline(desk));
    expect(await desk.time.settle(desk.printer.resolveEarlier(job))).toEqual({
      type: 'confirmed',
      level: 4,
    });
    expect(completeReceipts(desk)).toEqual({ unmarked: 1, marked: 0 });
  });

  it.each([
    ['written down', true, 1],
    ['not written down', false, 0],
  ])(
    'unfinished and %s: only what is written down is declared void, and not before',
    async (_, isWritten, strokes) => {
      const { desk, record } = await dieAtByte({ lacks: [] }, 150);
      await desk.time.settle(waitOnline(desk));
      const cutsThen: number[] = [];
      const outcome = await desk.time.settle(
        desk.printer.resolveEarlier({
          processId: 1,
          cutBefore: record.cutBefore,
          beforeVoid: () => {
            cutsThen.push(desk.simulator.cutCount());
            return isWritten;
          },
        }),
      );
      expect(outcome).toEqual({ type: 'unfinished' });
      await desk.time.advance(5_000);
      expect(cutsThen).toEqual([0]);
      expect(desk.simulator.cutCount()).toBe(strokes);
    },
  );

  it('a printer that cannot be reached is asked later', async () => {
    const desk = await createPrinterDesk({ lacks: [] });
    await desk.wire.far.pull();
    const asked = desk.printer.resolveEarlier({ processId: 1, cutBefore: 0 });
    expect(await desk.time.settle(asked)).toEqual({ type: 'not-yet', code: 'device-missing' });
  });
});

describe('judging the evidence of an earlier run', () => {
  it.each([
    [true, 4, 5, { type: 'confirmed', level: 4 }],
    [true, 4, null, { type: 'confirmed', level: 3 }],
    [true, null, null, { type: 'confirmed', level: 3 }],
    [false, 4, 5, { type: 'confirmed', level: 4 }],
    [false, 4, 4, { type: 'unfinished' }],
    [false, 4, 6, { type: 'unprovable' }],
    [false, 4, 3, { type: 'unprovable' }],
    [false, 4, null, { type: 'unprovable' }],
    [false, null, 4, { type: 'unprovable' }],
  ])('id heard %s, cuts %s to %s', (idHeard, cutBefore, cutNow, outcome) =>
    expect(judgeEarlier({ idHeard, cutBefore, cutNow })).toEqual(outcome),
  );
});
