import { describe, expect, it } from 'vitest';
import {
  createManualTime,
  createSeededRandom,
  type ManualTime,
} from '#drivers/contract/manual-time.ts';
import { longReceipt, smallReceipt } from '#drivers/contract/receipts.ts';
import { nulFlush } from '#drivers/printer/encode/escpos-bytes.ts';
import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';
import type { PrintOutcome } from '#drivers/printer/job/print-outcome.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { PrinterAbility } from '#drivers/simulator/printer-answers.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
} from '#drivers/simulator/printer-simulator.ts';
import { createMemoryWire, type MemoryWire } from '#drivers/transports/memory.ts';

interface Desk {
  readonly time: ManualTime;
  readonly wire: MemoryWire;
  readonly simulator: PrinterSimulator;
  readonly printer: ReceiptPrinter;
  readonly late: number[];
}

interface Model {
  readonly lacks: readonly PrinterAbility[];
  readonly msPerLine?: number;
}

const cableOutMs = 1_000;

async function createDesk(
  model: Model,
  knowledge: 'known' | 'probed' = 'known',
  earlierHex = '',
): Promise<Desk> {
  const time = createManualTime();
  const wire = createMemoryWire({ timers: time.timers });
  const simulator = createPrinterSimulator({ width: 32, timers: time.timers, ...model });
  simulator.attach(wire.far);
  if (earlierHex !== '') {
    const earlier = await wire.transport.open();
    if (earlier.ok) {
      await earlier.value.write(Buffer.from(earlierHex.replaceAll(' ', ''), 'hex'));
      await earlier.value.close();
    }
  }
  const late: number[] = [];
  const lacks = new Set(model.lacks);
  const printer = createReceiptPrinter({
    transport: wire.transport,
    width: 32,
    clock: time.clock,
    timers: time.timers,
    random: createSeededRandom(1),
    ...(knowledge === 'probed' ? {} : { capabilities: capabilitiesOf(lacks) }),
    onLateProcessId: (processId) => late.push(processId),
  });
  printer.start();
  await time.advance(400);
  return { time, wire, simulator, printer, late };
}

const capabilitiesOf = (lacks: ReadonlySet<PrinterAbility>): PrinterCapabilities => ({
  realTimeStatus: !lacks.has('real-time-status'),
  processId: !lacks.has('process-id'),
  fence: !lacks.has('fence'),
  cutCounter: !lacks.has('cut-counter'),
  autoStatus: !lacks.has('auto-status'),
});

const receipt = (mark: string): readonly ReceiptCommand[] => [
  ...(mark === '' ? [] : [{ type: 'text', text: mark, size: 'double' } as const]),
  ...smallReceipt('水果店'),
];

const print = (desk: Desk, processId: number, mark: string): Promise<PrintOutcome> =>
  desk.time.settle(desk.printer.print({ jobId: 'order 1', processId, commands: receipt(mark) }));

/** Pieces of paper that a customer would take for the receipt. */
function completeReceipts(desk: Desk): { readonly marked: number; readonly unmarked: number } {
  const whole = desk.simulator.receipts().filter(({ lines, qrTexts, cut }) => {
    const text = lines.join('\n');
    const all = text.includes('水果店') && text.includes('12.50') && qrTexts.length > 0;
    return all && cut && !text.includes('作废');
  });
  const marked = whole.filter((piece) => piece.lines.join('').includes('补打')).length;
  return { marked, unmarked: whole.length - marked };
}

/** One sale as the spool would handle it: pull the cable at a byte, put it back, print again if it must. */
async function sellWithPull(model: Model, pullAtByte: number | null): Promise<Desk> {
  const desk = await createDesk(model);
  desk.wire.far.onPresence((present) => {
    if (!present) desk.time.timers.after(cableOutMs, () => void desk.wire.far.plug());
  });
  if (pullAtByte !== null) {
    desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + pullAtByte });
  }
  const outcome = await print(desk, 1, '');
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
  expect(await print(desk, 2, mark)).toMatchObject({ type: 'confirmed' });
  return desk;
}

async function waitOnline(desk: Desk): Promise<void> {
  while (desk.printer.status().state !== 'online') {
    await new Promise<void>((resolve) => void desk.time.timers.after(100, resolve));
  }
}

async function jobByteCount(model: Model): Promise<number> {
  const desk = await createDesk(model);
  const before = desk.wire.deliveredByteCount();
  expect((await print(desk, 1, '')).type).toBe('confirmed');
  return desk.wire.deliveredByteCount() - before;
}

const models: readonly (readonly [string, Model])[] = [
  ['answers everything', { lacks: [] }],
  ['answers everything, prints slowly', { lacks: [], msPerLine: 100 }],
  ['forgets ids while nobody listens', { lacks: ['late-process-id'], msPerLine: 100 }],
  ['has no cutter counter', { lacks: ['cut-counter', 'late-process-id'] }],
  ['cannot clear its buffers', { lacks: ['buffer-clear'] }],
  ['knows only GS r', { lacks: ['process-id', 'cut-counter', 'buffer-clear'] }],
  [
    'answers nothing',
    { lacks: ['real-time-status', 'process-id', 'fence', 'cut-counter', 'buffer-clear'] },
  ],
];

describe('the cable is pulled at every byte of a job and put back', () => {
  it.each(models)(
    'a printer that %s never leaves two unmarked receipts, and the outcome is true',
    async (_, model) => {
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
      const desk = await createDesk(model);
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
    const desk = await createDesk({ lacks: [] });
    await print(desk, 1, '');
    await print(desk, 2, '');
    expect(completeReceipts(desk).unmarked).toBe(2);
  });
});

describe('recovery after a pull', () => {
  it('a receipt that was whole in the printer is confirmed by the id it kept: nothing is cleared', async () => {
    const desk = await createDesk({ lacks: [], msPerLine: 300 });
    const outcome = desk.printer.print({ jobId: 'a', processId: 1, commands: receipt('') });
    await desk.time.advance(100);
    await desk.wire.far.pull();
    await desk.time.advance(4_000);
    await desk.wire.far.plug();
    expect(await desk.time.settle(outcome)).toEqual({ type: 'confirmed', level: 4 });
    expect(completeReceipts(desk)).toEqual({ unmarked: 1, marked: 0 });
  });

  it('a receipt proved unfinished is declared void on its own paper and cut off', async () => {
    const desk = await createDesk({ lacks: [] });
    desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + 150 });
    const outcome = desk.printer.print({ jobId: 'a', processId: 1, commands: receipt('') });
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

  it('a cable that stays out answers after a minute, and the next job flushes what hangs', async () => {
    const desk = await createDesk({ lacks: ['cut-counter', 'buffer-clear'] });
    desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + 40 });
    const job = { jobId: 'long', processId: 1, commands: longReceipt('水果店') };
    const outcome = await desk.time.settle(desk.printer.print(job));
    expect(outcome).toEqual({ type: 'unknown', code: 'receipt-interrupted' });
    await desk.wire.far.plug();
    await desk.time.settle(waitOnline(desk));
    const before = desk.wire.deliveredByteCount();
    expect(await print(desk, 2, '补打 第2次')).toMatchObject({ type: 'confirmed', level: 3 });
    expect(desk.wire.deliveredByteCount() - before).toBeGreaterThan(nulFlush().length);
    expect(completeReceipts(desk)).toEqual({ unmarked: 0, marked: 1 });
  });

  it('a late id of a job that was answered unknown is reported', async () => {
    const desk = await createDesk({ lacks: ['cut-counter'], msPerLine: 100 });
    desk.wire.setFaults({ toHost: { silent: true } });
    const silent = desk.printer.print({ jobId: 'a', processId: 1, commands: receipt('') });
    expect((await desk.time.settle(silent)).type).toBe('not-sent');
    desk.wire.setFaults({});
    await desk.time.settle(waitOnline(desk));
    const outcome = desk.printer.print({ jobId: 'b', processId: 2, commands: receipt('') });
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
    const desk = await createDesk({ lacks: ['process-id'] }, 'probed');
    const outcome = desk.printer.print({ jobId: 'a', processId: 1, commands: receipt('') });
    expect(await desk.time.settle(outcome)).toEqual({ type: 'confirmed', level: 4 });
  });

  it('a printer left inside an image by an earlier run is freed before it is judged', async () => {
    const desk = await createDesk({ lacks: [] }, 'probed', '1D 76 30 00 30 00 15 00 FF');
    expect(await print(desk, 1, '')).toEqual({ type: 'confirmed', level: 4 });
    expect(completeReceipts(desk)).toEqual({ unmarked: 1, marked: 0 });
  });
});

describe('silence', () => {
  it('says unknown when a printer that used to answer prints without a word', async () => {
    const desk = await createDesk({ lacks: [] });
    // The questions before the job still get answers; then the printer falls silent.
    desk.simulator.onChange(() => {
      const begun = desk.simulator.receipts().some((piece) => piece.lines.includes('水果店'));
      if (begun && !desk.simulator.switches().silent) desk.simulator.setSwitches({ silent: true });
    });
    expect(await print(desk, 1, '')).toEqual({ type: 'unknown', code: 'receipt-unconfirmed' });
    expect(completeReceipts(desk)).toEqual({ unmarked: 1, marked: 0 });
  });

  it('a printer that falls silent is shown offline, and its connection is made anew', async () => {
    const desk = await createDesk({ lacks: [] });
    desk.simulator.setSwitches({ silent: true });
    await desk.time.advance(10_000);
    expect(desk.printer.status()).toMatchObject({ state: 'offline', code: 'printer-silent' });
    desk.simulator.setSwitches({ silent: false });
    await desk.time.settle(waitOnline(desk));
    expect(await print(desk, 1, '')).toEqual({ type: 'confirmed', level: 4 });
  });

  it('a printer that stays without paper for half an hour is given up: cleared, and unfinished', async () => {
    const desk = await createDesk({ lacks: [] });
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
