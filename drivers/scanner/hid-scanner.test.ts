import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import {
  registerScannerContract,
  type ScannerKind,
} from '#drivers/contract/register-scanner-contract.ts';
import { createMemoryHarness, type WireHarness } from '#drivers/contract/wire-harness.ts';
import { createHidScanner } from '#drivers/scanner/hid-scanner.ts';
import type { Scanner } from '#drivers/scanner/scanner.ts';
import type { Scan } from '#shared/scan/scan.ts';
import {
  createHidScannerSimulator,
  type HidScannerModel,
} from '#drivers/simulator/hid-scanner-simulator.ts';

const hid = (model: HidScannerModel): ScannerKind => ({
  create: createHidScanner,
  simulate: (wire) => {
    const simulator = createHidScannerSimulator(model);
    simulator.attach(wire.far);
    return {
      scan: (code) => {
        for (const report of simulator.reportsOf(code)) simulator.sendReport(report);
      },
      sendTorn: (code) => {
        const [first] = simulator.reportsOf(code);
        if (first !== undefined) simulator.sendReport(first);
      },
    };
  },
});

// The memory wire keeps chunk borders, as the HID transport does: one report per chunk.
describe('reports with their id', () => registerScannerContract(createMemoryHarness, hid({})));
describe('reports without their id', () =>
  registerScannerContract(createMemoryHarness, hid({ reportId: 'dropped' })));
describe('reports of the moved layout', () =>
  registerScannerContract(createMemoryHarness, hid({ layout: 'moved' })));

describe('HID scanners that name the print in their own way', () => {
  let wire: WireHarness;
  let scanner: Scanner;
  let scans: Scan[];

  beforeEach(async () => {
    scans = [];
    wire = await createMemoryHarness();
    scanner = createHidScanner({
      transport: wire.transport,
      clock: wire.clock,
      timers: wire.timers,
      random: createSeededRandom(1),
      vendor: 'honeywell',
      onScan: (scan) => scans.push(scan),
      onState: () => undefined,
    });
    scanner.start();
    await wire.until(() => scanner.state().type === 'online');
  });
  afterEach(async () => {
    await wire.settle(scanner.stop());
    await wire.close();
  });

  it('takes the vendor byte where there is no AIM identifier', async () => {
    const simulator = createHidScannerSimulator({ aim: null, vendorSymbology: 0x64 });
    simulator.attach(wire.far);
    simulator.scan('6901234567892');
    await wire.until(() => scans.length === 1);
    expect(scans).toEqual([{ text: '6901234567892', symbology: 'ean-13' }]);
  });

  it('takes a suffix off that the scanner was set up to send', async () => {
    const simulator = createHidScannerSimulator({ suffix: '\r\n' });
    simulator.attach(wire.far);
    simulator.scan('7');
    await wire.until(() => scans.length === 1);
    expect(scans).toEqual([{ text: '7', aim: ']Q1', symbology: 'qr' }]);
  });
});
