import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SerialPort } from 'serialport';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import type { Transport } from '#drivers/core/transport.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import { createSerialScanner } from '#drivers/scanner/serial-scanner.ts';
import { createSerialTransport } from '#drivers/transports/serial.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { expect, ms, until, type Check } from './checks.ts';
import { linesOnPaper, type Host } from './host.ts';
import { receiptOfBytes } from './receipts.ts';

const ports = { clock: systemClock, timers: systemTimers, random: systemRandom };
const ftdi = /^\/dev\/ttyUSB\d+$/;

/** The FTDI cable: the kernel's ftdi_sio here, QEMU's usb-serial and the host's simulators at the far end. */
export function cableChecks(host: Host): readonly Check[] {
  let path = '';
  const transport = () => createSerialTransport({ path, baud: 115_200, timers: systemTimers });
  const withPrinter = async <T>(
    act: (printer: ReceiptPrinter) => Promise<T>,
    msPerLine = 0,
  ): Promise<T> => {
    await host.ask('cable.end', { end: 'printer', msPerLine });
    const printer = createReceiptPrinter({ ...ports, transport: transport(), width: 48 });
    printer.start();
    try {
      await until('printer online', () => printer.status().state === 'online', 15_000);
      return await act(printer);
    } finally {
      await printer.stop();
    }
  };

  return [
    {
      name: 'ftdi: listed with its ids',
      run: async () => {
        const found = await until('a ttyUSB in the list', () => findPort(ftdi), 15_000);
        path = found.path;
        expect(found.vendorId === '0403' && found.productId === '6001', 'FTDI 0403:6001', found);
        return `${found.path} ${found.vendorId}:${found.productId} ${found.serialNumber}`;
      },
    },
    {
      name: 'ftdi: opens; a second opening is refused as busy; a path without device as missing',
      run: async () => {
        const first = getOrThrow(await transport().open());
        const second = await transport().open();
        await first.close();
        expect(!second.ok && second.error.type === 'device-busy', 'device-busy', second);
        const ghost = createSerialTransport({
          path: '/dev/ttyUSB7',
          baud: 9600,
          timers: systemTimers,
        });
        const missing = await ghost.open();
        expect(!missing.ok && missing.error.type === 'device-missing', 'device-missing', missing);
        return '';
      },
    },
    {
      name: 'ftdi: 20 KB of receipt printed, confirmed by process id and cut counter, line by line',
      run: () => withPrinter((printer) => printLongReceipt(host, printer)),
    },
    {
      name: 'ftdi: unplugged in the middle of a receipt, put back: one unmarked receipt or a known doubt',
      run: () => withPrinter((printer) => pullInReceipt(host, printer), 40),
    },
    {
      name: 'ftdi: scanner heard, unplugged, put back, heard again; nothing twice',
      run: () => scanAcrossUnplug(host, transport()),
    },
  ];
}

async function printLongReceipt(host: Host, printer: ReceiptPrinter): Promise<string> {
  const { commands, lines, bytes } = receiptOfBytes('甲', 20_480);
  const startedMs = performance.now();
  const outcome = await printer.print({ jobId: 'big', processId: 1, commands });
  const tookMs = ms(startedMs);
  expect(outcome.type === 'confirmed' && outcome.level === 4, 'confirmed 4', outcome);
  const paper = await host.ask('printer.paper', {});
  expect(paper.receipts.length === 1, 'one receipt', paper.receipts.length);
  expect(paper.unknownCommands.length === 0, 'no unknown command', paper.unknownCommands);
  const printed = paper.receipts[0]?.lines ?? [];
  const differs = lines.findIndex((line, at) => printed[at] !== line);
  expect(differs < 0, `line ${differs}`, [lines[differs], printed[differs]]);
  return `${bytes} bytes, ${lines.length} lines, ${tookMs} ms`;
}

async function pullInReceipt(host: Host, printer: ReceiptPrinter): Promise<string> {
  const { commands, lines } = receiptOfBytes('乙', 6_000);
  const job = printer.print({ jobId: 'torn', processId: 1, commands });
  await until('some lines on paper', async () => (await linesOnPaper(host)) >= 5, 15_000);
  const pulledMs = performance.now();
  await host.ask('cable.pull', {});
  await until('printer offline', () => printer.status().state === 'offline');
  const noticedMs = ms(pulledMs);
  await sleep(300);
  await host.ask('cable.plug', {});
  const outcome = await job;
  await until('printer online again', () => printer.status().state === 'online', 20_000);
  const whole = async (): Promise<number> =>
    (await host.ask('printer.paper', {})).receipts.filter(
      (receipt) => receipt.cut && receipt.lines.length >= lines.length,
    ).length;
  const count = await whole();
  expect(count <= 1, 'at most one receipt', count);
  if (outcome.type === 'confirmed') expect(count === 1, 'confirmed, so it is on paper', outcome);
  else expect(outcome.type === 'unknown', 'never not-sent after lines came out', outcome);
  const next = receiptOfBytes('丙', 500);
  const after = await printer.print({ jobId: 'next', processId: 2, commands: next.commands });
  expect(after.type === 'confirmed', 'prints again after it', after);
  return `noticed in ${noticedMs} ms; outcome ${JSON.stringify(outcome)}; whole receipts ${count}`;
}

async function scanAcrossUnplug(host: Host, transport: Transport): Promise<string> {
  await host.ask('cable.end', { end: 'scanner' });
  const scans: string[] = [];
  const scanner = createSerialScanner({
    ...ports,
    transport,
    onScan: ({ text }) => void scans.push(text),
    onState: () => undefined,
  });
  scanner.start();
  try {
    await until('scanner online', () => scanner.state().type === 'online', 15_000);
    await host.ask('scanner.scan', { code: '130000000000000001' });
    await until('the first code', () => scans.length === 1);
    const pulledMs = performance.now();
    await host.ask('cable.pull', {});
    await until('scanner offline', () => scanner.state().type === 'offline');
    const noticedMs = ms(pulledMs);
    await host.ask('cable.plug', {});
    await until('scanner online again', () => scanner.state().type === 'online', 20_000);
    await host.ask('scanner.scan', { code: '280000000000000002' });
    await until('the second code', () => scans.length === 2);
    expect(scans.join() === '130000000000000001,280000000000000002', 'codes', scans);
    return `unplug noticed in ${noticedMs} ms`;
  } finally {
    await scanner.stop();
  }
}

async function findPort(pattern: RegExp) {
  return (await SerialPort.list()).find(({ path }) => pattern.test(path));
}
