import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import type { WireHarness } from '#drivers/contract/wire-harness.ts';
import type { Scan } from '#shared/scan/scan.ts';
import type { Scanner, ScannerDeps } from '#drivers/scanner/scanner.ts';

/** A scanner of one kind and the simulator that plays its far end. */
export interface ScannerKind {
  readonly create: (deps: ScannerDeps) => Scanner;
  readonly simulate: (wire: WireHarness) => ScannerFarEnd;
}

export interface ScannerFarEnd {
  scan(code: string | Uint8Array): void;
  /** The first part of a code whose rest never comes. */
  sendTorn(code: string): void;
}

const wechatCode = '134567890123456789';

/** What every scanner must do, whatever its wire and its language. */
export function registerScannerContract(
  createWire: () => Promise<WireHarness>,
  kind: ScannerKind,
): void {
  describe('scanner contract', () => {
    let wire: WireHarness;
    let scanner: Scanner;
    let far: ScannerFarEnd;
    let scans: Scan[];
    let problems: string[];
    const texts = (): readonly string[] => scans.map((scan) => scan.text);

    beforeEach(async () => {
      scans = [];
      problems = [];
      wire = await createWire();
      far = kind.simulate(wire);
      scanner = kind.create({
        transport: wire.transport,
        clock: wire.clock,
        timers: wire.timers,
        random: createSeededRandom(1),
        onScan: (scan) => scans.push(scan),
        onState: () => undefined,
        onProblem: (code) => problems.push(code),
      });
      scanner.start();
      await wire.until(() => scanner.state().type === 'online');
    });
    afterEach(async () => {
      await wire.settle(scanner.stop());
      await wire.close();
    });

    it('tells a code once, with the kind of print it was read from', async () => {
      far.scan(wechatCode);
      await wire.until(() => scans.length === 1);
      await wire.pause(300);
      expect(scans).toEqual([{ text: wechatCode, aim: ']Q1', symbology: 'qr' }]);
    });

    it('reads many codes in a row, in order, each once', async () => {
      const codes = Array.from({ length: 50 }, (_, index) => `6900000000${100 + index}`);
      for (const code of codes) far.scan(code);
      await wire.until(() => scans.length >= codes.length);
      expect(texts()).toEqual(codes);
    });

    it('reads a member code of 262 digits', async () => {
      const code = '99'.padEnd(262, '3');
      far.scan(code);
      await wire.until(() => scans.length === 1);
      expect(texts()).toEqual([code]);
    });

    it('reads Chinese text as UTF-8 and as GB 18030', async () => {
      far.scan('苹果');
      far.scan(Uint8Array.from([0xc6, 0xbb, 0xb9, 0xfb]));
      await wire.until(() => scans.length === 2);
      expect(texts()).toEqual(['苹果', '苹果']);
    });

    it('reports an over-long code once and reads the next', async () => {
      far.scan('9'.repeat(2_000));
      far.scan('7');
      await wire.until(() => scans.length === 1);
      expect([texts(), problems]).toEqual([['7'], ['scan-unreadable']]);
    });

    it('reports a torn code, and its rest is not joined to the next code', async () => {
      far.scan('1');
      far.sendTorn('9'.repeat(80));
      await wire.until(() => problems.length === 1);
      far.scan('6789');
      await wire.until(() => scans.length === 2);
      expect(texts()).toEqual(['1', '6789']);
    });

    it('comes back after the cable was out, and never joins halves of two connections', async () => {
      far.scan('1');
      await wire.until(() => scans.length === 1);
      far.sendTorn('1'.repeat(80));
      await wire.pause(30);
      await wire.far.pull();
      await wire.until(() => scanner.state().type === 'offline');
      await wire.far.plug();
      await wire.until(() => scanner.state().type === 'online');
      far.scan('6789');
      await wire.until(() => scans.length === 2);
      // The half that the cable cut is forgotten with it: nobody is asked to scan again.
      expect([texts(), problems]).toEqual([['1', '6789'], []]);
    });

    it('keeps no payment code in its log', async () => {
      far.scan(wechatCode);
      await wire.until(() => scans.length === 1);
      const log = scanner.recentBytes().join('\n');
      expect(log.length).toBeGreaterThan(0);
      expect(log).not.toContain('34567');
      expect(log).not.toContain('0123');
    });
  });
}
