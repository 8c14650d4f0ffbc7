import { describe, expect, it } from 'vitest';
import {
  cableOutMs,
  completeReceipts,
  createPrinterDesk,
  printOn,
  waitOnline,
  type PrinterDesk,
  type PrinterModel,
} from '#drivers/contract/printer-desk.ts';
import { longReceipt } from '#drivers/contract/receipts.ts';

/** One sale as the spool would handle it: pull the cable at a byte, put it back, print again if it must. */
async function sellWithPull(model: PrinterModel, pullAtByte: number | null): Promise<PrinterDesk> {
  const desk = await createPrinterDesk(model);
  desk.wire.far.onPresence((present) => {
    if (!present) desk.time.timers.after(cableOutMs, () => void desk.wire.far.plug());
  });
  if (pullAtByte !== null) {
    desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + pullAtByte });
  }
  const outcome = await printOn(desk, 1, '');
  await desk.time.advance(30_000);
  const { unmarked } = completeReceipts(desk);
  const shown = desk.simulator.receipts().some((piece) => piece.lines.includes('水果店'));
  if (outcome.type === 'confirmed' && outcome.level >= 3) expect(unmarked).toBe(1);
  if (outcome.type === 'not-sent') expect(shown).toBe(false);
  if (outcome.type === 'unknown' && outcome.code === 'receipt-interrupted')
    expect(unmarked).toBe(0);
  if (outcome.type === 'confirmed') return desk;
  await desk.time.settle(waitOnline(desk));
  const mark = outcome.type === 'not-sent' ? '' : '补打 第2次';
  const again = await printOn(desk, 2, mark);
  if (isAnswered(model)) expect(again).toMatchObject({ type: 'confirmed' });
  else expect(again.type).not.toBe('not-sent');
  return desk;
}

async function jobByteCount(model: PrinterModel): Promise<number> {
  const desk = await createPrinterDesk(model);
  const before = desk.wire.deliveredByteCount();
  const outcome = await printOn(desk, 1, '');
  if (isAnswered(model)) expect(outcome.type).toBe('confirmed');
  return desk.wire.deliveredByteCount() - before;
}

const models: readonly (readonly [string, PrinterModel])[] = [
  ['answers everything', { lacks: [] }],
  ['answers everything, prints slowly', { lacks: [], msPerLine: 100 }],
  ['forgets ids while nobody listens', { lacks: ['late-process-id'], msPerLine: 100 }],
  ['has no cutter counter', { lacks: ['cut-counter', 'late-process-id'] }],
  ['cannot clear its buffers', { lacks: ['buffer-clear'] }],
  ['has everything drawn for it', { lacks: ['late-process-id'], isPlain: true }],
  ['knows only GS r', { lacks: ['process-id', 'cut-counter', 'buffer-clear'] }],
  [
    'answers nothing',
    { lacks: ['real-time-status', 'process-id', 'fence', 'cut-counter', 'buffer-clear'] },
  ],
];

/** Whether the printer's word for a receipt comes within the time it is waited for. */
const isAnswered = ({ claimsProcessId, processIdDelayMs }: PrinterModel): boolean =>
  claimsProcessId !== true && processIdDelayMs === undefined;

const answers: readonly (readonly [string, (model: PrinterModel) => PrinterModel | null])[] = [
  ['in time', (model) => model],
  ['late', (model) => (givesIds(model) ? { ...model, processIdDelayMs: 8_000 } : null)],
  [
    'never',
    (model) =>
      givesIds(model)
        ? { ...model, lacks: [...model.lacks, 'process-id'], claimsProcessId: true }
        : null,
  ],
];
/** Its receipt has three times the bytes: one sweep of it is enough. */
const givesIds = ({ lacks, isPlain }: PrinterModel): boolean =>
  !lacks.includes('process-id') && isPlain !== true;

const sweeps = models.flatMap(([name, model]) =>
  answers.flatMap(([when, change]) => {
    const changed = change(model);
    return changed === null ? [] : [[name, when, changed] as const];
  }),
);

describe('the cable is pulled at every byte of a job and put back', () => {
  it.each(sweeps)(
    'a printer that %s, its word coming %s: never two unmarked receipts, never none, and the outcome is true',
    async (_, __, model) => {
      const byteCount = await jobByteCount(model);
      for (let at = 0; at <= byteCount; at += 1) {
        const desk = await sellWithPull(model, at);
        const { unmarked, marked } = completeReceipts(desk);
        expect(unmarked, `pulled at byte ${at}: unmarked receipts`).toBeLessThanOrEqual(1);
        expect(unmarked + marked, `pulled at byte ${at}: receipts`).toBeGreaterThanOrEqual(1);
        expect(desk.simulator.drawerKickCount()).toBe(0);
      }
    },
    60_000,
  );

  it('the same with a receipt of several segments, pulled between and inside them', async () => {
    const model = { lacks: [] };
    const goods = longReceipt('水果店 12.50');
    for (let at = 0; at < 1_500; at += 29) {
      const desk = await createPrinterDesk(model);
      desk.wire.far.onPresence((present) => {
        if (!present) desk.time.timers.after(cableOutMs, () => void desk.wire.far.plug());
      });
      desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + at });
      const job = { jobId: 'long', processId: 1, commands: goods };
      const outcome = await desk.time.settle(desk.printer.print(job));
      await desk.time.advance(30_000);
      const whole = desk.simulator.receipts().filter((piece) => piece.lines.includes('谢谢惠顾'));
      const expected = outcome.type === 'confirmed' ? 1 : 0;
      expect(whole.length, `pulled at byte ${at}, ${outcome.type}`).toBe(expected);
      if (at < 14) expect(outcome.type).toBe('not-sent');
      else if (at < 1_000) {
        expect(outcome).toEqual({ type: 'unknown', code: 'receipt-interrupted' });
      }
    }
  });

  it('the sweep itself would catch a driver that prints again without a mark', async () => {
    const desk = await createPrinterDesk({ lacks: [] });
    await printOn(desk, 1, '');
    await printOn(desk, 2, '');
    expect(completeReceipts(desk).unmarked).toBe(2);
  });
});
