import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import type { WireHarness } from '#drivers/contract/wire-harness.ts';
import {
  createCustomerDisplay,
  displayTestMs,
  type CustomerDisplay,
} from '#drivers/display/customer-display.ts';
import {
  createDisplaySimulator,
  type DisplaySimulator,
} from '#drivers/simulator/display-simulator.ts';

/** What a customer display must do on any wire. */
export function registerDisplayContract(createWire: () => Promise<WireHarness>): void {
  describe('customer display contract', () => {
    let wire: WireHarness;
    let display: CustomerDisplay;
    let glass: DisplaySimulator;
    const shows = (text: string): Promise<void> => wire.until(() => glass.text() === text);

    beforeEach(async () => {
      wire = await createWire();
      glass = createDisplaySimulator();
      glass.attach(wire.far);
      display = createCustomerDisplay({
        transport: wire.transport,
        clock: wire.clock,
        timers: wire.timers,
        random: createSeededRandom(1),
      });
    });
    afterEach(async () => {
      await wire.settle(display.stop());
      await wire.close();
      expect(glass.strayByteCount()).toBe(0);
    });
    const begin = async (): Promise<void> => {
      display.start();
      await wire.until(() => display.state().type === 'online');
    };

    it('shows an amount with its lamp, the change with another, and nothing at rest', async () => {
      await begin();
      display.show({ kind: 'total', amountFen: 1_250 });
      await shows('12.50');
      await wire.until(() => glass.lamps().join() === 'total');
      display.show({ kind: 'change', amountFen: 750 });
      await shows('7.50');
      await wire.until(() => glass.lamps().join() === 'change');
      display.clear();
      await wire.until(() => glass.text() === '' && glass.lamps().length === 0);
    });

    it('keeps the last of many values and writes at most five a second', async () => {
      await begin();
      await wire.pause(300);
      const before = glass.updateCount();
      for (let amountFen = 1; amountFen <= 100; amountFen += 1) {
        display.show({ kind: 'total', amountFen });
      }
      await shows('1.00');
      expect(glass.updateCount() - before).toBeLessThanOrEqual(2);
    });

    it('shows eight dashes for an amount with too many digits, never a part of it', async () => {
      await begin();
      display.show({ kind: 'total', amountFen: 123_456_789_00 });
      await shows('--------');
    });

    it('after the cable was out and the power gone the present value is there again', async () => {
      await begin();
      display.show({ kind: 'total', amountFen: 888 });
      await shows('8.88');
      await wire.far.pull();
      await wire.until(() => display.state().type === 'offline');
      glass.powerCycle();
      display.show({ kind: 'total', amountFen: 999 });
      await wire.far.plug();
      await shows('9.99');
      expect(glass.lamps()).toEqual(['total']);
    });

    it('a test lights every segment and lamp, then the value returns; offline it says why', async () => {
      expect(display.test()).toEqual({ ok: false, error: 'device-missing' });
      await begin();
      display.show({ kind: 'total', amountFen: 100 });
      await shows('1.00');
      expect(display.test().ok).toBe(true);
      await wire.until(() =>
        glass.cells().every(({ segments, point }) => segments.length === 7 && point),
      );
      await wire.until(() => glass.lamps().length === 4);
      await wire.pause(displayTestMs);
      await shows('1.00');
      await wire.until(() => glass.lamps().join() === 'total');
    });

    it('leaves no amount behind when the till stops', async () => {
      await begin();
      display.show({ kind: 'total', amountFen: 4_200 });
      await shows('42.00');
      await wire.settle(display.stop());
      await shows('');
    });
  });
}
