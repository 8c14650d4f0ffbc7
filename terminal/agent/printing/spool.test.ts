import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createMemoryCounter,
  deviceState as deviceStateOn,
  receiptIs as receiptIsOn,
} from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench;
let desk = createMemoryCounter();

beforeEach(async () => {
  desk = createMemoryCounter();
  bench = await openTillBench({ transports: desk.transports, devices: desk.devices });
  await deviceState('printer', 'online');
  await deviceState('scanner', 'online');
});
afterEach(() => bench.close());

const deviceState = (
  role: Parameters<typeof deviceStateOn>[1],
  state: Parameters<typeof deviceStateOn>[2],
): Promise<void> => deviceStateOn(bench, role, state);
const receiptIs = (state: string): Promise<void> => receiptIsOn(bench, state);
const papers = (): readonly string[] => desk.papers();

async function sellCash(amountFen: number): Promise<string> {
  await bench.ask('till.setAmount', { amountFen });
  await bench.ask('till.payCash', { tenderedFen: amountFen });
  return (await bench.screen('cash')).orderId;
}

describe('printing', () => {
  test('scanner to paper: a scan pays, the receipt says so with a claim QR, and is confirmed as printed', async () => {
    await bench.ask('till.setAmount', { amountFen: 1_234 });
    desk.scanner.scan('130000000000000001');
    const { orderId } = await bench.screen('paid');
    await receiptIs('printed');
    const [paper = ''] = papers();
    for (const words of ['绿点小店', '收款成功', '微信支付', '￥12.34', orderId, '预计积分'])
      expect(paper).toContain(words);
    expect(desk.printer.receipts()[0]?.qrTexts[0]).toMatch(/^http:\/\/claim\.test\/[0-9A-Z]{16}$/);
    expect(desk.printer.unknownCommands()).toEqual([]);
    expect(desk.printer.drawerKickCount()).toBe(0);
  });

  test('paid by way of the results: the customer at the counter gets his receipt, once', async () => {
    const { ask, cloud, screen, until } = bench;
    cloud.nextCharge({ status: 'paid', afterQueries: 999 });
    await ask('till.setAmount', { amountFen: 1_730 });
    await ask('till.scan', { text: '130000000000000002' });
    const { orderId } = await screen('waiting');
    await until('the payer is asked', () => cloud.bodies.length === 1);
    const told = { orderId, result: 'paid', attempt: 1, channel: 'simulator', channelRef: 'r' };
    for (const cursor of [1, 2]) cloud.results.push({ ...told, result: 'paid', cursor, atMs: 1 });
    // The results are pulled when the line is back; queries alone would go on without an end.
    await cloud.goDown();
    await until('the outage', async () => !(await bench.status()).online);
    await cloud.comeBack();
    await screen('paid', 10_000);
    await receiptIs('printed');
    expect(papers()).toHaveLength(1);
    expect(papers()[0]).toContain(orderId);
  });

  test('cash opens the drawer once, as a job of its own', async () => {
    await sellCash(500);
    await receiptIs('printed');
    expect(desk.printer.drawerKickCount()).toBe(1);
    expect(papers()[0]).toContain('已收现金');
  });

  test('a reprint is marked 补打 第1次 and then 第2次; the original is not', async () => {
    const orderId = await sellCash(500);
    await receiptIs('printed');
    await bench.ask('orders.reprint', { orderId });
    await bench.until('a second paper', () => papers().length === 2, 15_000);
    await bench.ask('orders.reprint', { orderId });
    await bench.until('a third paper', () => papers().length === 3, 15_000);
    expect(papers()[0]).not.toContain('补打');
    expect(papers()[1]).toContain('补打 第1次');
    expect(papers()[2]).toContain('补打 第2次');
    expect(await bench.ask('orders.get', { orderId })).toMatchObject({ receiptCopies: 3 });
  });

  test('paper out: the sale is done, the receipt waits, and comes out once when paper is in', async () => {
    desk.printer.setSwitches({ paperOut: true });
    await deviceState('printer', 'paper-out');
    await sellCash(700);
    await receiptIs('queued');
    expect(papers()).toEqual([]);
    desk.printer.setSwitches({ paperOut: false });
    await receiptIs('printed');
    expect(papers()).toHaveLength(1);
  });

  test('no cable: the sale is done all the same; plugged in again the receipt comes out once', async () => {
    await desk.printerWire.far.pull();
    await deviceState('printer', 'absent');
    await sellCash(700);
    await receiptIs('queued');
    await desk.printerWire.far.plug();
    await receiptIs('printed');
    expect(papers()).toHaveLength(1);
    expect(desk.printer.drawerKickCount()).toBe(0);
  });

  test('a cable that comes out in the middle: unknown, an exception, and no second paper by itself', async () => {
    await sellCash(500);
    await receiptIs('printed');
    const arrived = desk.printerWire.deliveredByteCount();
    desk.printerWire.setFaults({ pullAtByte: arrived + 400 });
    const orderId = await sellCash(700);
    await deviceState('printer', 'absent');
    await desk.printerWire.far.plug();
    await receiptIs('unknown');
    expect(await bench.ask('exceptions.list', {})).toMatchObject({ rows: [{ orderId }] });
    await deviceState('printer', 'online');
    const attempts = JSON.stringify(bench.cloud.batches).split('print.attempted').length;
    await bench.ask('orders.reprint', { orderId });
    await bench.until(
      'the reprint',
      () => papers().some((paper) => paper.includes('补打 第1次') && paper.includes(orderId)),
      15_000,
    );
    expect(
      papers().filter((paper) => paper.includes('收银员') && paper.includes(orderId)).length,
    ).toBeLessThanOrEqual(2);
    expect(attempts).toBeGreaterThan(1);
  });

  test('the day slip carries the four sums and the 8 digits of the chain head', async () => {
    await sellCash(700);
    await receiptIs('printed');
    await bench.ask('today.printSlip', {});
    await bench.until('the slip', () => papers().length === 2, 15_000);
    expect(papers()[1]).toMatch(/账本尾号\s+[0-9a-f]{8}/);
    expect(papers()[1]).toMatch(/现金\s+￥7\.00/);
  });

  test('a receipt that waited for the cover comes out once after a restart', async () => {
    desk.printer.setSwitches({ coverOpen: true });
    await deviceState('printer', 'cover-open');
    const orderId = await sellCash(900);
    await bench.restart();
    desk.printer.setSwitches({ coverOpen: false });
    await bench.until('printed once', () => papers().length === 1, 15_000);
    expect(papers()[0]).toContain(orderId);
  });
});
