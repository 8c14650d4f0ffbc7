import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { longReceipt, smallReceipt } from '#drivers/contract/receipts.ts';
import type { WireHarness } from '#drivers/contract/wire-harness.ts';
import type { PrinterStatus } from '#drivers/printer/status/printer-status.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import {
  createPrinterSimulator,
  type PrinterSimulator,
  type PrinterSimulatorDeps,
} from '#drivers/simulator/printer/printer-simulator.ts';

/** What a receipt printer must do on any wire: the outcome agrees with the paper. */
export function registerPrinterContract(createWire: () => Promise<WireHarness>): void {
  describe('receipt printer contract', () => {
    let wire: WireHarness;
    let simulator: PrinterSimulator;
    let printer: ReceiptPrinter;
    let late: number[];
    let states: PrinterStatus['state'][];

    const begin = async (model: Partial<PrinterSimulatorDeps> = {}): Promise<void> => {
      simulator = createPrinterSimulator({ width: 32, timers: wire.timers, ...model });
      simulator.attach(wire.far);
      printer = createReceiptPrinter({
        transport: wire.transport,
        width: 32,
        clock: wire.clock,
        timers: wire.timers,
        random: createSeededRandom(1),
        onLateProcessId: (processId) => late.push(processId),
        onStatus: (status) => states.push(status.state),
      });
      printer.start();
      await wire.until(() => printer.status().state === 'online');
    };
    beforeEach(async () => {
      late = [];
      states = [];
      wire = await createWire();
    });
    afterEach(async () => {
      await wire.settle(printer.stop());
      await wire.close();
    });
    const print = (processId: number, commands = smallReceipt(`单${processId}`)) =>
      printer.print({ jobId: `job ${processId}`, processId, commands });

    it('confirms printed and cut (level 4) when id and cutter counter say so', async () => {
      await begin();
      expect(await wire.settle(print(1))).toEqual({ type: 'confirmed', level: 4 });
      expect(simulator.receipts()).toMatchObject([
        { lines: ['单1', '苹果 ￥                    12.50', ''], cut: true, rasterRows: 8 },
      ]);
      expect(simulator.receipts()[0]?.qrTexts).toEqual(['https://g.example/r/1']);
      expect(simulator.unknownCommands()).toEqual([]);
      expect(printer.status()).toMatchObject({ state: 'online', confidence: 4 });
    });

    it('prints many jobs one after the other and never opens the drawer by itself', async () => {
      await begin();
      const outcomes = await wire.settle(
        Promise.all([1, 2, 3, 4, 5].map((id) => print(id, longReceipt(`单${id}`)))),
      );
      expect(outcomes.every((outcome) => outcome.type === 'confirmed')).toBe(true);
      expect(simulator.receipts().map((receipt) => receipt.lines[0])).toEqual(
        [1, 2, 3, 4, 5].map((id) => `单${id}`),
      );
      expect(simulator.drawerKickCount()).toBe(0);
    });

    it('claims no more than the printer can prove', async () => {
      await begin({ lacks: ['process-id', 'cut-counter'] });
      expect(await wire.settle(print(1))).toEqual({ type: 'confirmed', level: 2 });
      expect(printer.status().confidence).toBe(2);
    });

    it('says sent (level 1), not printed, for a printer that answers nothing at all', async () => {
      await begin({ lacks: ['real-time-status', 'process-id', 'fence', 'cut-counter'] });
      expect(await wire.settle(print(1))).toEqual({ type: 'confirmed', level: 1 });
      await wire.until(() => simulator.receipts()[0]?.cut === true);
    });

    it('refuses to begin without paper or with the cover open: not sent, and not one byte of it on paper', async () => {
      await begin();
      await wire.settle(print(1));
      simulator.clearPaper();
      simulator.setSwitches({ paperOut: true });
      expect(await wire.settle(print(2))).toEqual({ type: 'not-sent', code: 'printer-paper-out' });
      simulator.setSwitches({ paperOut: false, coverOpen: true });
      expect(await wire.settle(print(3))).toEqual({ type: 'not-sent', code: 'printer-cover-open' });
      simulator.setSwitches({ coverOpen: false });
      expect(await wire.settle(print(4))).toMatchObject({ type: 'confirmed' });
      expect(simulator.receipts().map((receipt) => receipt.lines[0])).toEqual(['单4']);
      expect(states).toContain('paper-out');
      expect(states).toContain('cover-open');
    });

    it('waits when paper ends inside a receipt and goes on with the new roll: one receipt, sent once', async () => {
      await begin();
      await wire.settle(print(1));
      simulator.clearPaper();
      simulator.loadPaper(10);
      const outcome = print(2, longReceipt('长单'));
      await wire.until(() => printer.status().state === 'paper-out');
      expect(await wire.settle(printer.kickDrawer())).toMatchObject({ type: 'confirmed' });
      await wire.until(() => simulator.drawerKickCount() === 1);
      simulator.setSwitches({ paperOut: false });
      expect(await wire.settle(outcome)).toEqual({ type: 'confirmed', level: 4 });
      expect(simulator.receipts()).toHaveLength(1);
      expect(simulator.receipts()[0]?.lines).toHaveLength(45);
      expect(printer.status().state).toBe('online');
    });

    it('kicks the drawer as a job of its own, once, passing the parser (level 2)', async () => {
      await begin();
      await wire.settle(print(1));
      expect(await wire.settle(printer.kickDrawer())).toEqual({ type: 'confirmed', level: 2 });
      expect(simulator.drawerKickCount()).toBe(1);
      expect(simulator.receipts()).toHaveLength(1);
    });

    it('answers not-sent while the cable is out, and prints again after it is back', async () => {
      await begin();
      await wire.settle(print(1));
      await wire.far.pull();
      await wire.until(() => printer.status().state === 'offline');
      expect(await wire.settle(print(2))).toEqual({ type: 'not-sent', code: 'device-missing' });
      expect(await wire.settle(printer.kickDrawer())).toEqual({
        type: 'not-sent',
        code: 'device-missing',
      });
      await wire.far.plug();
      await wire.until(() => printer.status().state === 'online');
      expect(await wire.settle(print(3))).toMatchObject({ type: 'confirmed' });
      expect(simulator.receipts().map((receipt) => receipt.lines[0])).toEqual(['单1', '单3']);
    });

    it('refuses a receipt that no printer can take, before any byte', async () => {
      await begin();
      const outcome = print(1, [{ type: 'qr', text: 'x'.repeat(600) }]);
      expect(await wire.settle(outcome)).toEqual({ type: 'not-sent', code: 'receipt-invalid' });
      expect(await wire.settle(print(0))).toEqual({ type: 'not-sent', code: 'receipt-invalid' });
    });

    it('reports a process id of an earlier run of the program', async () => {
      await begin();
      await wire.settle(print(1));
      wire.far.send(Uint8Array.from([0x37, 0x22, 0x20, 0x20, 0x20, 0x2a, 0x00]));
      await wire.until(() => late.length > 0);
      expect(late).toEqual([10]);
    });

    it('ends every promise when stopped in the middle of a job', async () => {
      await begin();
      await wire.settle(print(1));
      simulator.loadPaper(3);
      const outcome = print(2, longReceipt('停'));
      const queued = print(3);
      await wire.until(() => printer.status().state === 'paper-out');
      await wire.settle(printer.stop());
      expect(await wire.settle(outcome)).toMatchObject({ type: 'unknown' });
      expect(await wire.settle(queued)).toEqual({ type: 'not-sent', code: 'device-missing' });
    });
  });
}
