import { systemTimers } from '#drivers/core/system-ports.ts';
import { createScannerSimulator } from '#drivers/simulator/scanner-simulator.ts';
import { deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import { expect, until, type Check } from './checks.ts';
import { boxPath, type Devices } from './devices.ts';
import { linesOnPaper, type Host } from './host.ts';
import { devicesReady, expectTruth, receiptSettled } from './receipt-truth.ts';

const cablePath = '/dev/ttyUSB0';
/** By the guest's clock, which goes on while a busy host lets the guest stand still. */
const stepMsMax = 60_000;

/**
 * The whole agent in the guest: journal on disk, a scripted cloud on a real socket, its printer on the FTDI cable and
 * its scanner on USB-COM.
 */
export function agentChecks(host: Host, devices: Devices): readonly Check[] {
  const withTill = async <T>(
    msPerLine: number,
    act: (bench: TillBench, scan: (code: string) => void) => Promise<T>,
  ): Promise<T> => {
    await host.ask('cable.end', { end: 'printer', msPerLine });
    await host.ask('cable.plug', {});
    const scanner = createScannerSimulator({ timers: systemTimers });
    scanner.attach(devices.box.hand());
    await devices.box.plug();
    const bench = await openTillBench({
      devices: [
        { role: 'scanner', name: '扫码枪', transport: { type: 'serial', path: boxPath } },
        { role: 'printer', name: '小票机', transport: { type: 'serial', path: cablePath } },
        { role: 'drawer', name: '钱箱', transport: { type: 'printer' } },
      ],
    });
    try {
      await devicesReady(bench, ['scanner', 'printer']);
      return await act(bench, (code) => scanner.scan(code));
    } finally {
      await bench.close();
      await devices.box.pull();
    }
  };

  return [
    {
      name: 'agent: a cash sale: drawer open once, receipt on paper, journal whole after a restart',
      run: () => withTill(0, (bench) => sellForCash(host, bench)),
    },
    {
      name: 'agent: a scan pays, the cable comes out in its receipt and back: one unmarked receipt or a told doubt',
      run: () => withTill(60, (bench, scan) => pullWhilePrinting(host, bench, scan)),
    },
  ];
}

async function sellForCash(host: Host, bench: TillBench): Promise<string> {
  await bench.ask('till.setAmount', { amountFen: 2_350 });
  await bench.ask('till.payCash', { tenderedFen: 5_000 });
  const { orderId, changeFen } = await bench.screen('cash', stepMsMax);
  expect(changeFen === 2_650, 'the change', changeFen);
  const said = await receiptSettled(bench);
  const { drawerKickCount, receipts } = await host.ask('printer.paper', {});
  expect(drawerKickCount === 1, 'one kick', drawerKickCount);
  const truth = await expectTruth(bench, said, { receipts, orderId });
  expect(said !== 'unknown', 'no doubt without a fault', said);
  await until('delivered', () => bench.cloud.delivered().includes('cash.recorded'));
  // The journal checks its chain of hashes when it is opened.
  await bench.restart();
  const list = await bench.ask('orders.list', { limit: 9 });
  expect('rows' in list && list.rows.length === 1, 'the order is still there', list);
  return truth;
}

async function pullWhilePrinting(
  host: Host,
  bench: TillBench,
  scan: (code: string) => void,
): Promise<string> {
  await bench.ask('till.setAmount', { amountFen: 990 });
  scan('130000000000000002');
  const { orderId } = await bench.screen('paid', stepMsMax);
  await until('some lines on paper', async () => (await linesOnPaper(host)) >= 4, 15_000);
  await host.ask('cable.pull', {});
  await deviceState(bench, 'printer', 'absent');
  await host.ask('cable.plug', {});
  await deviceState(bench, 'printer', 'online');
  const said = await receiptSettled(bench);
  const { receipts } = await host.ask('printer.paper', {});
  const truth = await expectTruth(bench, said, { receipts, orderId });
  const charges = bench.cloud.bodies.length;
  expect(charges === 1, 'one charge', charges);
  return truth;
}
