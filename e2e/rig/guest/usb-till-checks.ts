import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { createEcrHubSimulator, type EcrHubSimulator } from '#drivers/simulator/box/box-ecr-hub.ts';
import { createHidScannerSimulator } from '#drivers/simulator/hid-scanner-simulator.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
} from '#drivers/simulator/printer/printer-simulator.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { Config } from '#terminal/agent/config.ts';
import { expect, until, type Check } from './checks.ts';
import type { PluggedDevice } from '../far-end.ts';
import { boxPath, usbPrinterPath, type Devices } from './devices.ts';
import { hidScannerPath } from './hid-gadget.ts';
import { devicesReady, expectTruth, receiptSettled } from './receipt-truth.ts';

interface UsbTill {
  readonly bench: TillBench;
  readonly scan: (code: string) => void;
  readonly printer: PrinterSimulator;
  readonly box: EcrHubSimulator;
}

const config: Config['devices'] = [
  { role: 'scanner', name: '扫码枪', transport: { type: 'hid', path: hidScannerPath } },
  {
    role: 'printer',
    name: '小票机',
    transport: { type: 'usb-lp', path: usbPrinterPath },
  },
  {
    role: 'box-pos',
    name: '刷卡盒子',
    transport: { type: 'serial', path: boxPath },
    protocol: 'ecr-hub',
    appId: 'rig',
  },
];
/** By the guest's clock, which goes on while a busy host lets the guest stand still. */
const stepMsMax = 60_000;

/** The whole agent with a HID scanner, a USB printer and a box POS, all on one machine. */
export function usbTillChecks(devices: Devices): readonly Check[] {
  return [
    {
      name: 'usb till: a code from the HID scanner pays, the USB printer confirms its receipt',
      run: () =>
        withUsbTill(devices, async ({ bench, scan, printer }) => {
          await bench.ask('till.setAmount', { amountFen: 1_280 });
          scan('130000000000000001');
          const { orderId } = await bench.screen('paid', stepMsMax);
          const said = await receiptSettled(bench);
          const truth = await expectTruth(bench, said, { receipts: printer.receipts(), orderId });
          expect(said !== 'unknown', 'no doubt without a fault', said);
          expect(bench.cloud.bodies.length === 1, 'one charge', bench.cloud.bodies);
          return truth;
        }),
    },
    {
      name: 'usb till: line down, box unplugged after its ACK, customer pays, box back: paid once, one receipt',
      run: () =>
        withUsbTill(devices, async ({ bench, printer, box }) => {
          await bench.cloud.goDown();
          box.script({ type: 'ask-customer' });
          await bench.ask('till.setAmount', { amountFen: 3_850 });
          const answer = await bench.ask('till.payBox', {});
          expect(!('refused' in answer), 'the box takes it', answer);
          const { orderId } = await bench.screen('box-waiting', stepMsMax);
          await until('the customer is asked', () => box.screen().type === 'waiting');
          await until('the ACK', async () => {
            const { screen } = await bench.till();
            return screen.type === 'box-waiting' && screen.acknowledged === true;
          });
          await devices.box.pull();
          await until('the till is in doubt', async () => {
            const { screen } = await bench.till();
            return screen.type === 'box-waiting' && screen.phase === 'unknown';
          });
          box.customerPays('card');
          await devices.box.plug();
          await bench.screen('box-paid', stepMsMax);
          const said = await receiptSettled(bench);
          const truth = await expectTruth(bench, said, { receipts: printer.receipts(), orderId });
          expect(said !== 'unknown', 'no doubt without a fault', said);
          expect(box.books().length === 1, 'charged once', box.books());
          return truth;
        }),
    },
  ];
}

async function withUsbTill(
  devices: Devices,
  act: (till: UsbTill) => Promise<string>,
): Promise<string> {
  const printer = createPrinterSimulator({ width: 48, timers: systemTimers });
  const scanner = createHidScannerSimulator();
  const box = createEcrHubSimulator({ timers: systemTimers, clock: systemClock });
  const ends = { usbPrinter: printer, hidScanner: scanner, box };
  for (const [name, end] of Object.entries(ends)) end.attach(devices[name as keyof Devices].hand());
  const cables = Object.values(devices) as PluggedDevice[];
  for (const cable of cables) await cable.plug();
  const bench = await openTillBench({ devices: config });
  try {
    await devicesReady(bench, ['scanner', 'printer', 'box-pos']);
    return await act({ bench, scan: (code) => scanner.scan(code), printer, box });
  } finally {
    await bench.close();
    box.stop();
    for (const cable of cables) await cable.pull();
  }
}
