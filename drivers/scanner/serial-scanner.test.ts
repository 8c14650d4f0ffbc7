import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { describeWithPty } from '#drivers/contract/pty.ts';
import {
  registerScannerContract,
  type ScannerKind,
} from '#drivers/contract/register-scanner-contract.ts';
import {
  createMemoryHarness,
  createPtyHarness,
  createTcpHarness,
  type WireHarness,
} from '#drivers/contract/wire-harness.ts';
import type { Scanner } from '#drivers/scanner/scanner.ts';
import { createSerialScanner } from '#drivers/scanner/serial-scanner.ts';
import {
  createScannerSimulator,
  type ScannerSimulator,
  type ScannerSimulatorDeps,
} from '#drivers/simulator/scanner-simulator.ts';

const serial: ScannerKind = {
  create: createSerialScanner,
  simulate: (wire) => {
    const simulator = createScannerSimulator({ timers: wire.timers, aimId: ']Q1' });
    simulator.attach(wire.far);
    return {
      scan: (code) => {
        if (typeof code === 'string') simulator.scan(code);
        else simulator.sendRaw(Uint8Array.from([...code, 0x0d]));
      },
      sendTorn: (code) => simulator.sendRaw(Buffer.from(code)),
    };
  },
};

describe('memory', () => registerScannerContract(createMemoryHarness, serial));
describe('tcp', () => registerScannerContract(createTcpHarness, serial));
describeWithPty(describe, 'serial over a pseudo terminal', () =>
  registerScannerContract(createPtyHarness, serial),
);

const wechatCode = '134567890123456789';

describe('serial scanners of every setting', () => {
  let wire: WireHarness;
  let scanner: Scanner;
  let texts: string[];

  const begin = async (
    model: Partial<ScannerSimulatorDeps> = {},
    prefix: readonly number[] = [],
  ): Promise<ScannerSimulator> => {
    const simulator = createScannerSimulator({ timers: wire.timers, ...model });
    simulator.attach(wire.far);
    scanner = createSerialScanner({
      transport: wire.transport,
      clock: wire.clock,
      timers: wire.timers,
      random: createSeededRandom(1),
      prefix,
      onScan: (scan) => texts.push(scan.text),
      onState: () => undefined,
    });
    scanner.start();
    await wire.until(() => scanner.state().type === 'online');
    return simulator;
  };
  beforeEach(async () => {
    texts = [];
    wire = await createMemoryHarness();
  });
  afterEach(async () => {
    await wire.settle(scanner.stop());
    await wire.close();
  });

  it.each(['cr', 'lf', 'crlf', 'tab', 'none'] as const)(
    'reads codes that end with %s',
    async (suffix) => {
      const simulator = await begin({ suffix });
      simulator.scan(wechatCode);
      await wire.until(() => texts.length === 1);
      expect(texts).toEqual([wechatCode]);
    },
  );

  it('reads a code that comes byte by byte, with prefix and AIM id', async () => {
    const model = { prefix: '\x02', aimId: ']Q1', chunkBytes: 1, chunkPauseMs: 3 };
    const simulator = await begin(model, [2]);
    simulator.scan(wechatCode);
    await wire.until(() => texts.length === 1);
    expect(texts).toEqual([wechatCode]);
  });

  it('keeps no payment code in its log, even when it comes byte by byte', async () => {
    const simulator = await begin({ chunkBytes: 1, chunkPauseMs: 1 });
    simulator.scan(wechatCode);
    await wire.until(() => texts.length === 1);
    const log = scanner
      .recentBytes()
      .map((line) => line.split(' ').at(-1) ?? '')
      .join('');
    expect(log).toContain('1345');
    expect(log).not.toContain('13456');
    expect(log).not.toMatch(/[6-9]/);
  });
});
