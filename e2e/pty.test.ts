import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeWithPty } from '#drivers/contract/pty.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { createPrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { createPtyWire } from '#drivers/simulator/pty-wire.ts';
import { createScannerSimulator } from '#drivers/simulator/scanner-simulator.ts';
import { deviceState, receiptIs } from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

/** The line prints slowly enough that a cable can come out in the middle of a receipt. */
const msPerLine = 60;

/** A till whose scanner and printer hang on real pseudo terminals, opened by the serial port library. */
interface PtyTill {
  readonly bench: TillBench;
  readonly printerWire: FarWire;
  readonly scan: (code: string) => void;
  readonly papers: () => readonly string[];
  readonly printer: ReturnType<typeof createPrinterSimulator>;
  readonly close: () => Promise<void>;
}

async function openPtyTill(): Promise<PtyTill> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-pty-till-'));
  const [printerPath, scannerPath] = [join(folder, 'printer'), join(folder, 'scanner')];
  const printerWire = await createPtyWire(printerPath);
  const scannerWire = await createPtyWire(scannerPath);
  const printer = createPrinterSimulator({ width: 48, timers: systemTimers, msPerLine });
  const scanner = createScannerSimulator({ timers: systemTimers, chunkBytes: 5, chunkPauseMs: 3 });
  printer.attach(printerWire);
  scanner.attach(scannerWire);
  const bench = await openTillBench({
    devices: [
      { role: 'scanner', name: '扫码枪', transport: { type: 'serial', path: scannerPath } },
      { role: 'printer', name: '小票机', transport: { type: 'serial', path: printerPath } },
      { role: 'drawer', name: '钱箱', transport: { type: 'printer' } },
    ],
  });
  await deviceState(bench, 'printer', 'online');
  await deviceState(bench, 'scanner', 'online');
  return {
    bench,
    printerWire,
    printer,
    scan: (code) => scanner.scan(code),
    papers: () => printer.receipts().map(({ lines }) => lines.join('\n')),
    close: async () => {
      await bench.close();
      await printerWire.close();
      await scannerWire.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Papers that a customer would take for the original receipt of this order: whole, cut, and not marked. */
const originals = ({ printer }: PtyTill, orderId: string): number =>
  printer.receipts().filter(({ lines, cut }) => {
    const text = lines.join('\n');
    return cut && text.includes(orderId) && text.includes('电话') && !/补打|作废/.test(text);
  }).length;

const lineCount = (till: PtyTill): number => till.papers().join('\n').split('\n').length;

describeWithPty(describe, 'a till on pseudo terminals', () => {
  let till: PtyTill;
  beforeEach(async () => {
    till = await openPtyTill();
  });
  afterEach(() => till.close());

  test('a scan pays, and the receipt is on paper, once, confirmed by the printer', async () => {
    const { bench } = till;
    await bench.ask('till.setAmount', { amountFen: 1_280 });
    till.scan('130000000000000001');
    const { orderId } = await bench.screen('paid');
    await receiptIs(bench, 'printed');
    expect(bench.cloud.bodies).toMatchObject([{ amountFen: 1_280, wallet: 'wechat' }]);
    expect(originals(till, orderId)).toBe(1);
    expect(till.papers()[0]).toContain('￥12.80');
    expect(till.printer.unknownCommands()).toEqual([]);
  });

  test('the cable pulled in the middle of a receipt and put back: exactly one unmarked receipt', async () => {
    const { bench } = till;
    await bench.ask('till.setAmount', { amountFen: 990 });
    till.scan('130000000000000002');
    const { orderId } = await bench.screen('paid');
    await bench.until('some lines are out', () => lineCount(till) >= 4, 15_000);
    await till.printerWire.pull();
    await deviceState(bench, 'printer', 'absent');
    await till.printerWire.plug();
    await deviceState(bench, 'printer', 'online');
    await receiptIs(bench, 'printed');
    expect(originals(till, orderId)).toBe(1);
    expect(till.papers().filter((paper) => paper.includes(orderId))).toHaveLength(1);
    expect(await bench.ask('exceptions.list', {})).toEqual({ rows: [] });
    expect(bench.cloud.bodies).toHaveLength(1);
  });

  test('the cable is out at the sale: it is taken all the same, and its receipt comes once the cable is back', async () => {
    const { bench } = till;
    await till.printerWire.pull();
    await deviceState(bench, 'printer', 'absent');
    await bench.ask('till.setAmount', { amountFen: 500 });
    till.scan('130000000000000003');
    const { orderId } = await bench.screen('paid');
    await receiptIs(bench, 'queued');
    await till.printerWire.plug();
    await receiptIs(bench, 'printed');
    expect(originals(till, orderId)).toBe(1);
  });
});
