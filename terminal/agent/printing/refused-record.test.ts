import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createPrinterDesk,
  markedReceipt,
  type PrinterDesk,
} from '#drivers/contract/printer-desk.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import { systemClock } from '#drivers/core/system-ports.ts';
import { err } from '#shared/result/result.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { createSpool, type Spool } from '#terminal/agent/printing/spool.ts';
import { findJob, type PrintJobRow } from '#terminal/agent/printing/spool-view.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

/** The real journal, the real driver and a printer whose paper is the truth; the disk refuses what a test says. */
let folder: ReturnType<typeof tempFolder>;
let opened: ReturnType<typeof openTestJournal>;
let desk: PrinterDesk;
let refuses: (fact: EntryFact) => boolean;
let life: { readonly printer: ReceiptPrinter; readonly spool: Spool } | undefined;

beforeEach(async () => {
  folder = tempFolder();
  opened = openTestJournal(folder.path, systemClock);
  desk = await createPrinterDesk({ lacks: [] });
  await desk.time.settle(desk.printer.stop());
  refuses = () => false;
});
afterEach(async () => {
  await die();
  opened.journal.close();
  opened.store.close();
  folder.remove();
});

/** A life ends without a word of its own: what it still wants to write finds no disk. */
async function die(): Promise<void> {
  if (life === undefined) return;
  const { printer, spool } = life;
  life = undefined;
  refuses = everything;
  await desk.time.settle(Promise.all([printer.stop(), spool.stop()]));
}

async function live(refusedNow: typeof refuses = () => false): Promise<void> {
  refuses = refusedNow;
  const { journal } = opened;
  const append: Journal['append'] = (facts, beside) =>
    facts.some((fact) => refuses(fact))
      ? err({ type: 'store-full', detail: 'planted' })
      : journal.append(facts, beside);
  const { timers } = desk.time;
  const printer = createReceiptPrinter({
    ...desk,
    ...desk.time,
    transport: desk.wire.transport,
    width: 32,
    random: createSeededRandom(2),
    onLateProcessId: (processId) => spool.confirmLate(processId),
  });
  const spool = createSpool({
    journal: { ...journal, append },
    clock: systemClock,
    timers,
    printer: () => printer,
    contentOf: () => markedReceipt(''),
  });
  life = { printer, spool };
  // As the agent does.
  journal.onAppended(() => spool.wake());
  printer.start();
  spool.start();
  await desk.time.advance(20_000);
}

const everything = (): boolean => true;
const first = 'prt_01KAN7D5Q00000000000000001';
const second = 'prt_01KAN7D5Q00000000000000002';

const queue = (jobId: string): void =>
  void opened.journal.append([
    { type: 'print.queued', body: { jobId, kind: 'test', copy: 1, reason: 'test' } },
  ]);
const attempted = (jobId: string, processId: string, cutBefore: number): void =>
  void opened.journal.append([
    { type: 'print.attempted', body: { jobId, attempt: 1, processId, cutBefore } },
  ]);
const jobOf = (jobId: string): PrintJobRow | undefined => findJob(opened.journal.read, jobId);
const voids = (): number =>
  desk.simulator.receipts().filter(({ lines }) => lines.join().includes('作废')).length;
const wholes = (): number =>
  desk.simulator.receipts().filter(({ lines, qrTexts }) => lines.length > 0 && qrTexts.length > 0)
    .length;

/** A former run began this paper, and a line of it came out. */
function leaveTorn(): void {
  queue(first);
  attempted(first, '   !', desk.simulator.cutCount());
  desk.simulator.feed(Buffer.from('torn\n', 'latin1'));
}

describe('the disk refuses what became of a paper', () => {
  test('a full disk at the start: the printer is not asked, nothing is cut, and no later run calls the paper printed', async () => {
    leaveTorn();
    await live(everything);
    expect(desk.simulator.cutCount()).toBe(0);
    await die();
    await live();
    expect(jobOf(first)).toMatchObject({ state: 'unknown', code: 'receipt-interrupted' });
    expect(voids()).toBe(1);
    await die();
    await live();
    expect(jobOf(first)).toMatchObject({ state: 'unknown', code: 'receipt-interrupted' });
    expect(voids()).toBe(1);
  });

  test('a disk that has room again in the same run: the paper becomes unknown and is declared void, once', async () => {
    leaveTorn();
    await live(everything);
    expect(jobOf(first)?.state).toBe('writing');
    refuses = () => false;
    await desk.time.advance(20_000);
    expect(jobOf(first)).toMatchObject({ state: 'unknown', code: 'receipt-interrupted' });
    expect(voids()).toBe(1);
  });

  test('a disk that fills up before the answer: asked again, never proved by the stroke that voided it', async () => {
    leaveTorn();
    await live(({ type, body }) => type === 'print.unknown' && body.code === 'receipt-interrupted');
    expect(jobOf(first)).toMatchObject({ state: 'unknown', code: 'print-interrupted' });
    expect(desk.simulator.cutCount()).toBe(0);
    refuses = () => false;
    await desk.time.advance(20_000);
    expect(jobOf(first)).toMatchObject({ state: 'unknown', code: 'receipt-interrupted' });
    expect(voids()).toBe(1);
  });

  test('the till dies between the stroke that voids its own torn paper and the entry after it: unknown, not printed', async () => {
    // From the stroke on the disk takes nothing any more.
    await live(() => desk.simulator.cutCount() > 0);
    desk.wire.setFaults({ pullAtByte: desk.wire.deliveredByteCount() + 150 });
    queue(first);
    await desk.time.advance(1_000);
    desk.wire.setFaults({});
    await desk.wire.far.plug();
    await desk.time.advance(20_000);
    expect(voids()).toBe(1);
    await die();
    await live();
    expect(jobOf(first)).toMatchObject({ state: 'unknown', code: 'receipt-interrupted' });
  });

  test('an outcome that the disk refused is written when there is room, before another paper begins', async () => {
    queue(first);
    queue(second);
    await live(({ type }) => type === 'print.confirmed');
    expect(jobOf(first)?.state).toBe('writing');
    expect(wholes()).toBe(1);
    refuses = () => false;
    await desk.time.advance(20_000);
    expect([jobOf(first)?.state, jobOf(second)?.state]).toEqual(['printed', 'printed']);
    expect(wholes()).toBe(2);
  });

  test('another paper came out after the one that was left: its stroke proves nothing of the first', async () => {
    leaveTorn();
    queue(second);
    attempted(second, '   "', desk.simulator.cutCount());
    opened.journal.append([{ type: 'print.confirmed', body: { jobId: second, level: 4 } }]);
    desk.simulator.feed(Uint8Array.of(0x1d, 0x56, 0x00));
    await live();
    expect(jobOf(first)).toMatchObject({ state: 'unknown', code: 'print-interrupted' });
  });

  test('the last paper of a former run, whole and cut, is still proved by the cutter', async () => {
    leaveTorn();
    desk.simulator.feed(Uint8Array.of(0x1d, 0x56, 0x00));
    await live();
    expect(jobOf(first)).toMatchObject({ state: 'printed', level: 4 });
  });
});
