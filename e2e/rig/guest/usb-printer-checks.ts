import { performance } from 'node:perf_hooks';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
} from '#drivers/simulator/printer/printer-simulator.ts';
import { createUsbLpTransport } from '#drivers/transports/usb-lp.ts';
import { expect, ms, until, type Check } from './checks.ts';
import type { PluggedDevice } from '../far-end.ts';
import { usbPrinterPath } from './devices.ts';
import { receiptOfBytes } from './receipts.ts';

const ports = { clock: systemClock, timers: systemTimers, random: systemRandom };
/** Runs `act` with our driver over /dev/usb/lp0 and a fresh simulator at the far end of `device`. */
async function withPrinter<T>(
  device: PluggedDevice,
  msPerLine: number,
  act: (printer: ReceiptPrinter, simulator: PrinterSimulator) => Promise<T>,
): Promise<T> {
  const simulator = createPrinterSimulator({ width: 32, timers: systemTimers, msPerLine });
  simulator.attach(device.hand());
  await device.plug();
  const transport = createUsbLpTransport({ path: usbPrinterPath, timers: systemTimers });
  const printer = createReceiptPrinter({ ...ports, transport, width: 32 });
  printer.start();
  try {
    await until('printer online', () => printer.status().state === 'online', 15_000);
    return await act(printer, simulator);
  } catch (failure) {
    const bytes = printer.recentBytes().slice(-6).join(' / ');
    throw new Error(`${String(failure)}; last bytes: ${bytes}`, { cause: failure });
  } finally {
    await printer.stop();
    await device.pull();
  }
}

/** A 58 mm printer on USB: the kernel's usblp on our side, its printer gadget on the other. */
export function usbPrinterChecks(device: PluggedDevice): readonly Check[] {
  return [
    {
      name: 'usb printer: 20 KB over /dev/usb/lp0, confirmed by process id and cut counter',
      run: () =>
        withPrinter(device, 0, async (printer, simulator) => {
          const { commands, lines, bytes } = receiptOfBytes('丁', 20_480, 32);
          const startedMs = performance.now();
          const outcome = await printer.print({ jobId: 'big', processId: 1, commands });
          expect(outcome.type === 'confirmed' && outcome.level === 4, 'confirmed 4', outcome);
          const [receipt] = simulator.receipts();
          const differs = lines.findIndex((line, at) => receipt?.lines[at] !== line);
          expect(differs < 0, `line ${differs}`, [lines[differs], receipt?.lines[differs]]);
          expect(simulator.unknownCommands().length === 0, 'known', simulator.unknownCommands());
          return `${bytes} bytes, ${lines.length} lines, ${ms(startedMs)} ms`;
        }),
    },
    {
      name: 'usb printer: paper out is seen, and the job waits for the new roll: one receipt',
      run: () =>
        withPrinter(device, 0, async (printer, simulator) => {
          simulator.loadPaper(10);
          const { commands, lines } = receiptOfBytes('戊', 1_500, 32);
          const job = printer.print({ jobId: 'roll', processId: 1, commands });
          await until('paper out', () => printer.status().state === 'paper-out');
          simulator.setSwitches({ paperOut: false });
          const outcome = await job;
          expect(outcome.type === 'confirmed', 'confirmed', outcome);
          const count = simulator.receipts().length;
          expect(count === 1, 'one receipt', count);
          return `${lines.length} lines`;
        }),
    },
    {
      name: 'usb printer: unplugged in the middle of a receipt, put back: one receipt or a known doubt',
      run: () => withPrinter(device, 30, (printer, simulator) => pull(device, printer, simulator)),
    },
  ];
}

async function pull(
  device: PluggedDevice,
  printer: ReceiptPrinter,
  simulator: PrinterSimulator,
): Promise<string> {
  const { commands, lines } = receiptOfBytes('己', 4_000, 32);
  const job = printer.print({ jobId: 'torn', processId: 1, commands });
  await until('lines on paper', () => simulator.receipts().flatMap((one) => one.lines).length > 8);
  const pulledMs = performance.now();
  await device.pull();
  await until('printer offline', () => printer.status().state === 'offline');
  const noticedMs = ms(pulledMs);
  await device.plug();
  const outcome = await job;
  const whole = simulator.receipts().filter((one) => one.cut && one.lines.length >= lines.length);
  expect(whole.length <= 1, 'at most one whole receipt', whole.length);
  if (outcome.type === 'confirmed') expect(whole.length === 1, 'confirmed is on paper', outcome);
  else expect(outcome.type === 'unknown', 'never not-sent after lines came out', outcome);
  await until('printer online again', () => printer.status().state === 'online', 20_000);
  const next = receiptOfBytes('庚', 300, 32);
  const after = await printer.print({ jobId: 'next', processId: 2, commands: next.commands });
  expect(after.type === 'confirmed', 'prints again after it', after);
  return `noticed in ${noticedMs} ms; outcome ${JSON.stringify(outcome)}; whole ${whole.length}`;
}
