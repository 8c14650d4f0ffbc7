import { afterEach, describe, expect, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { nextProcessId, processIdText } from '#terminal/agent/printing/process-id.ts';
import { cashFact, openedFact, orderIdOf } from '#terminal/agent/testing/facts.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import {
  createMemoryCounter,
  deviceState,
  receiptIs,
} from '#terminal/agent/testing/memory-counter.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const processId = nextProcessId(41);
const orderId = orderIdOf(7);

/** What a till leaves behind that died between the first byte of a receipt and its confirmation. */
function leaveHalfPrinted(dataDir: string, cutBefore?: number): void {
  const { journal } = openTestJournal(dataDir);
  const jobId = 'prt_01KAN7D5Q00000000000000001';
  getOrThrow(
    journal.append([
      openedFact(7),
      cashFact(7),
      { type: 'print.queued', body: { jobId, kind: 'receipt', orderId, copy: 1 } },
      {
        type: 'print.attempted',
        body: {
          jobId,
          attempt: 1,
          processId: processIdText(processId),
          ...(cutBefore === undefined ? {} : { cutBefore }),
        },
      },
    ]),
  );
  journal.close();
}

const receiptOf = async ({ ask }: TillBench): Promise<string> => {
  const row = await ask('orders.get', { orderId });
  return 'receipt' in row ? row.receipt : row.refused;
};

/** The answer of a printer to GS ( H: 37 22, the four characters of the process id, 00. */
const lateAnswer = Uint8Array.from([0x37, 0x22, ...Buffer.from(processIdText(processId)), 0x00]);

describe('a receipt that may or may not be on paper', () => {
  test('print-interrupted: a job that was being written when the till died is never printed again by itself', async () => {
    const desk = createMemoryCounter();
    const here = (bench = await openTillBench(desk));
    await here.restart((dataDir) => leaveHalfPrinted(dataDir));
    await deviceState(here, 'printer', 'online');
    expect(await receiptOf(here)).toBe('unknown');
    expect(await here.ask('exceptions.list', {})).toMatchObject({
      rows: [{ orderId, code: 'print-interrupted' }],
    });
    await here.until('told', () => here.cloud.delivered().includes('print.unknown'), 15_000);
    expect(desk.papers()).toEqual([]);
    await here.ask('orders.reprint', { orderId });
    await here.until('the reprint', () => desk.papers().length === 1, 15_000);
    expect(desk.papers()[0]).toContain('补打 第1次');
  });

  test('a process id that comes late turns unknown into printed, and the exception is gone', async () => {
    const desk = createMemoryCounter();
    const here = (bench = await openTillBench(desk));
    await here.restart((dataDir) => leaveHalfPrinted(dataDir));
    await deviceState(here, 'printer', 'online');
    expect(await receiptOf(here)).toBe('unknown');
    desk.printerWire.far.send(lateAnswer);
    await here.until('printed', async () => (await receiptOf(here)) === 'printed', 15_000);
    expect(await here.ask('exceptions.list', {})).toEqual({ rows: [] });
    desk.printerWire.far.send(lateAnswer);
    await here.until('told', () => here.cloud.delivered().includes('print.confirmed'), 15_000);
    expect(here.cloud.delivered().filter((type) => type === 'print.confirmed')).toHaveLength(1);
    expect(desk.papers()).toEqual([]);
  });

  test('the till died after the cut: the cutter counted it, and the receipt is printed, not in doubt', async () => {
    const desk = createMemoryCounter();
    const here = (bench = await openTillBench(desk));
    await here.restart((dataDir) => {
      leaveHalfPrinted(dataDir, desk.printer.cutCount());
      // The paper that the dead till had sent comes out while nobody looks.
      desk.printer.feed(Buffer.from('收款成功\n', 'latin1'));
      desk.printer.feed(Uint8Array.of(0x1d, 0x56, 0x00));
    });
    await here.until('printed', async () => (await receiptOf(here)) === 'printed', 15_000);
    expect(await here.ask('exceptions.list', {})).toEqual({ rows: [] });
    expect(desk.papers()).toHaveLength(1);
  });

  test('the till died before the cut: the paper is proved unfinished, declared void, and the next sale prints on clean paper', async () => {
    const desk = createMemoryCounter();
    const here = (bench = await openTillBench(desk));
    await here.restart((dataDir) => {
      leaveHalfPrinted(dataDir, desk.printer.cutCount());
      // It died inside an image: the printer waits for its dots, and would swallow every question.
      desk.printer.feed(Uint8Array.of(0x41, 0x0a, 0x1d, 0x76, 0x30, 0, 4, 0, 8, 0, 0xff));
    });
    await here.until(
      'proved',
      async () => {
        const list = await here.ask('exceptions.list', {});
        return 'rows' in list && list.rows[0]?.code === 'receipt-interrupted';
      },
      20_000,
    );
    expect(await receiptOf(here)).toBe('unknown');
    await here.until('void', () => desk.papers().join().includes('作废'), 15_000);
    await here.ask('till.setAmount', { amountFen: 800 });
    await here.ask('till.payCash', { tenderedFen: 800 });
    await receiptIs(here, 'printed');
    expect(desk.papers().at(-1)).not.toContain('作废');
    expect(desk.papers().filter((paper) => paper.includes('已收现金'))).toHaveLength(1);
  });

  test('a process id that nobody asked for changes nothing', async () => {
    const desk = createMemoryCounter();
    const here = (bench = await openTillBench(desk));
    await here.restart((dataDir) => leaveHalfPrinted(dataDir));
    await deviceState(here, 'printer', 'online');
    const other = Uint8Array.from([0x37, 0x22, ...Buffer.from(processIdText(9_999)), 0x00]);
    desk.printerWire.far.send(other);
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
    expect(await receiptOf(here)).toBe('unknown');
  });

  test('a printer that falls silent in the middle: the sale stands, the receipt is unknown, paper came once, the next sale goes on', async () => {
    const desk = createMemoryCounter();
    const here = (bench = await openTillBench({ ...desk, ...fastWorld(5) }));
    await deviceState(here, 'printer', 'online');
    desk.printer.onChange(() => {
      const begun = desk.papers().some((paper) => paper.includes('已收现金'));
      if (begun && !desk.printer.switches().silent) desk.printer.setSwitches({ silent: true });
    });
    await here.ask('till.setAmount', { amountFen: 700 });
    await here.ask('till.payCash', { tenderedFen: 1_000 });
    const first = await here.screen('cash');
    expect(first).toMatchObject({ amountFen: 700, changeFen: 300 });
    await receiptIs(here, 'unknown');
    await deviceState(here, 'printer', 'offline');
    expect(await here.ask('exceptions.list', {})).toMatchObject({
      rows: [{ orderId: first.orderId, code: 'receipt-interrupted' }],
    });
    await here.ask('till.setAmount', { amountFen: 800 });
    await here.ask('till.payCash', { tenderedFen: 800 });
    expect((await here.screen('cash')).orderId).not.toBe(first.orderId);
    const outOfPrinter = desk.papers().filter((paper) => paper.includes('已收现金'));
    expect(outOfPrinter).toHaveLength(1);
  });
});
