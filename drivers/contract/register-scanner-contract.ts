import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '#drivers/contract/manual-time.ts';
import type { WireHarness } from '#drivers/contract/wire-harness.ts';
import { createSerialScanner, type SerialScanner } from '#drivers/scanner/serial-scanner.ts';
import {
  createScannerSimulator,
  type ScannerSimulator,
  type ScannerSimulatorDeps,
} from '#drivers/simulator/scanner-simulator.ts';

const wechatCode = '134567890123456789';

/** What a serial scanner must do on any wire. */
export function registerScannerContract(createWire: () => Promise<WireHarness>): void {
  describe('serial scanner contract', () => {
    let wire: WireHarness;
    let scanner: SerialScanner;
    let scans: string[];
    let problems: string[];

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
        onScan: (text) => scans.push(text),
        onState: () => undefined,
        onProblem: (code) => problems.push(code),
      });
      scanner.start();
      await wire.until(() => scanner.state().type === 'online');
      return simulator;
    };
    beforeEach(async () => {
      scans = [];
      problems = [];
      wire = await createWire();
    });
    afterEach(async () => {
      await wire.settle(scanner.stop());
      await wire.close();
    });

    it.each(['cr', 'lf', 'crlf', 'none'] as const)(
      'reads codes that end with %s',
      async (suffix) => {
        const simulator = await begin({ suffix });
        simulator.scan(wechatCode);
        await wire.until(() => scans.length === 1);
        expect(scans).toEqual([wechatCode]);
      },
    );

    it('reads a code that comes byte by byte, with prefix and AIM id', async () => {
      const simulator = await begin(
        { prefix: '\x02', aimId: ']Q1', chunkBytes: 1, chunkPauseMs: 3 },
        [2],
      );
      simulator.scan(wechatCode);
      await wire.until(() => scans.length === 1);
      expect(scans).toEqual([wechatCode]);
    });

    it('reads many codes in a row, in order, each once', async () => {
      const simulator = await begin();
      const codes = Array.from({ length: 50 }, (_, index) => `6900000000${100 + index}`);
      for (const code of codes) simulator.scan(code);
      await wire.until(() => scans.length >= codes.length);
      expect(scans).toEqual(codes);
    });

    it('reads Chinese text as UTF-8 and as GB18030', async () => {
      const simulator = await begin();
      simulator.scan('苹果');
      simulator.sendRaw(Uint8Array.from([0xc6, 0xbb, 0xb9, 0xfb, 0x0d]));
      await wire.until(() => scans.length === 2);
      expect(scans).toEqual(['苹果', '苹果']);
    });

    it('reports an unreadable code and reads the next', async () => {
      const simulator = await begin();
      simulator.scan('9'.repeat(2_000));
      simulator.scan('7');
      await wire.until(() => scans.length === 1);
      expect([scans, problems]).toEqual([['7'], ['scan-unreadable']]);
    });

    it('comes back after the cable was out, and never joins halves of two connections', async () => {
      const simulator = await begin();
      simulator.scan('1');
      await wire.until(() => scans.length === 1);
      simulator.sendRaw(Buffer.from('1345'));
      await wire.pause(30);
      await wire.far.pull();
      await wire.until(() => scanner.state().type === 'offline');
      await wire.far.plug();
      await wire.until(() => scanner.state().type === 'online');
      simulator.scan('6789');
      await wire.until(() => scans.length === 2);
      expect(scans).toEqual(['1', '6789']);
    });

    it('keeps no payment code in its log, even when it comes byte by byte', async () => {
      const simulator = await begin({ chunkBytes: 1, chunkPauseMs: 1 });
      simulator.scan(wechatCode);
      await wire.until(() => scans.length === 1);
      const log = scanner
        .recentBytes()
        .map((line) => line.split(' ').at(-1) ?? '')
        .join('');
      expect(log).toContain('1345');
      expect(log).not.toContain('13456');
      expect(log).not.toMatch(/[6-9]/);
    });
  });
}
