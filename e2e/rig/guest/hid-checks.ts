import { performance } from 'node:perf_hooks';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import { createHidScanner } from '#drivers/scanner/hid-scanner.ts';
import type { Scanner } from '#drivers/scanner/scanner.ts';
import { createHidScannerSimulator } from '#drivers/simulator/hid-scanner-simulator.ts';
import { createHidTransport } from '#drivers/transports/hid.ts';
import type { Scan } from '#shared/scan/scan.ts';
import { cpuPercent, expect, ms, until, type Check } from './checks.ts';
import type { PluggedDevice } from '../far-end.ts';
import { hidScannerPath } from './hid-gadget.ts';

const ports = { clock: systemClock, timers: systemTimers, random: systemRandom };
const oneReport = '130000000000000001';
/** 112 characters are two full reports, and the last byte of the second is the last of the code. */
const twoReports = 'https://shop.example/p/'.padEnd(112, '0123456789');
const idleCpuPercentMax = 40;

/** A HID POS scanner through usbhid, hidraw and node-hid; its far end is Linux's HID gadget. */
export function hidChecks(device: PluggedDevice): readonly Check[] {
  const simulator = createHidScannerSimulator();
  const withScanner = async (
    act: (scanner: Scanner, scans: readonly Scan[]) => Promise<string>,
  ): Promise<string> => {
    const scans: Scan[] = [];
    simulator.attach(device.hand());
    await device.plug();
    const scanner = createHidScanner({
      ...ports,
      transport: createHidTransport({ path: hidScannerPath, timers: systemTimers }),
      onScan: (scan) => void scans.push(scan),
      onState: () => undefined,
    });
    scanner.start();
    try {
      await until('scanner online', () => scanner.state().type === 'online', 15_000);
      return await act(scanner, scans);
    } finally {
      await scanner.stop();
      await device.pull();
    }
  };
  return [
    {
      name: 'hid scanner: a code of one report and one of two, with their AIM identifier',
      run: () =>
        withScanner(async (_, scans) => {
          const startedMs = performance.now();
          simulator.scan(oneReport);
          await until('the first code', () => scans.length === 1);
          const tookMs = ms(startedMs);
          simulator.scan(twoReports);
          await until('the second code', () => scans.length === 2);
          const texts = scans.map(({ text }) => text);
          expect(texts.join('|') === `${oneReport}|${twoReports}`, 'both codes', texts);
          expect(
            scans.every(({ aim }) => aim === ']Q1'),
            'AIM',
            scans,
          );
          return `first code after ${tookMs} ms`;
        }),
    },
    {
      name: 'hid scanner: unplugged between the reports of a code, put back: offline, online, nothing torn',
      run: () =>
        withScanner(async (scanner, scans) => {
          const [first] = simulator.reportsOf(twoReports);
          if (first !== undefined) simulator.sendReport(first);
          const pulledMs = performance.now();
          await device.pull();
          await until('scanner offline', () => scanner.state().type === 'offline');
          const noticedMs = ms(pulledMs);
          await device.plug();
          await until('scanner online again', () => scanner.state().type === 'online', 20_000);
          simulator.scan(oneReport);
          await until('the code after it', () => scans.length > 0);
          const texts = scans.map(({ text }) => text);
          expect(texts.join() === oneReport, 'only the whole code', texts);
          await device.pull();
          await until('offline again', () => scanner.state().type === 'offline');
          const cpu = await cpuPercent(1_000);
          expect(cpu < idleCpuPercentMax, `at most ${idleCpuPercentMax} % of a core`, cpu);
          return `noticed in ${noticedMs} ms; ${cpu} % of a core after`;
        }),
    },
  ];
}
