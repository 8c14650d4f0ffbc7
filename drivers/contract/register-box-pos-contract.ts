import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import type { BoxKind } from '#drivers/contract/box-kinds.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import type { WireHarness } from '#drivers/contract/wire-harness.ts';
import type { BoxLateOutcome, BoxPos, BoxSale, BoxStatus } from '#drivers/ecr/box-pos.ts';

const saleOf = (number: number, amountFen = 1_250): BoxSale => ({
  merchantOrderNo: `01KAN7XW5K3V9C2M4P6R8T0${String(number).padStart(5, '0')}`,
  amountFen: fen(amountFen),
});

/** What a box POS must do on any wire and in any protocol: the outcome agrees with the books of the box. */
export function registerBoxPosContract(
  kind: BoxKind,
  createWire: () => Promise<WireHarness>,
): void {
  describe(`box POS contract, ${kind.name}`, () => {
    let wire: WireHarness;
    let box: BoxPos;
    let simulator: ReturnType<BoxKind['createSimulator']>;
    let late: BoxLateOutcome[];
    let statuses: BoxStatus[];

    const startBox = async (): Promise<void> => {
      box = kind.createBox({
        transport: wire.transport,
        clock: wire.clock,
        timers: wire.timers,
        random: createSeededRandom(1),
        onLateOutcome: (news) => late.push(news),
        onStatus: (status) => statuses.push(status),
      });
      box.start();
      await wire.until(() => box.status().state === 'idle');
    };
    beforeEach(async () => {
      late = [];
      statuses = [];
      wire = await createWire();
      simulator = kind.createSimulator({ timers: wire.timers, clock: wire.clock });
      simulator.attach(wire.far);
      await startBox();
    });
    afterEach(async () => {
      await wire.settle(box.stop());
      simulator.stop?.();
      await wire.close();
    });
    const sell = (number: number, amountFen?: number) =>
      wire.settle(box.sale(saleOf(number, amountFen)));

    it('takes a sale, with the box’s own number and amount as evidence, and is idle again', async () => {
      const outcome = await sell(1);
      const [entry] = simulator.books();
      expect(simulator.books()).toHaveLength(1);
      expect(outcome).toMatchObject({
        type: 'approved',
        evidence: { boxRef: entry?.ref, amountFen: 1_250 },
      });
      expect(box.status()).toMatchObject({ state: 'idle', link: { type: 'online' } });
      expect(statuses.some(({ state, progress }) => state === 'busy' && progress?.sent)).toBe(true);
    });

    it('says when it was paid by the box’s clock, to the second', async () => {
      const outcome = await sell(1);
      const paidAtMs = outcome.type === 'approved' ? outcome.evidence.paidAtMs : null;
      expect(Math.abs((paidAtMs ?? 0) - (simulator.books()[0]?.atMs ?? 0))).toBeLessThan(1_000);
    });

    it('takes many sales one after the other, each once', async () => {
      for (let number = 1; number <= 5; number += 1) {
        expect(await sell(number, 100 + number)).toMatchObject({ type: 'approved' });
      }
      expect(simulator.books().map(({ amountFen }) => amountFen)).toEqual([
        101, 102, 103, 104, 105,
      ]);
    });

    it('tells a decline, a cancel by the customer and a missing mobile line apart: no money moved', async () => {
      simulator.script(
        { type: 'decline', reason: 'bank' },
        { type: 'decline', reason: 'user' },
        { type: 'decline', reason: 'network' },
      );
      const codes: string[] = [];
      for (let number = 1; number <= 3; number += 1) {
        const outcome = await sell(number);
        codes.push(outcome.type === 'declined' ? outcome.code : outcome.type);
      }
      expect(codes).toEqual(['box-declined', 'box-cancelled', 'box-no-network']);
      expect(simulator.books()).toEqual([]);
      expect(await sell(4)).toMatchObject({ type: 'approved' });
    });

    it('waits for the customer, and refuses a second sale meanwhile without a byte', async () => {
      simulator.script({ type: 'ask-customer' });
      const first = box.sale(saleOf(1));
      await wire.until(() => box.status().progress?.acknowledged === true);
      expect(simulator.screen()).toMatchObject({ type: 'waiting', amountFen: 1_250 });
      expect(await wire.settle(box.sale(saleOf(2)))).toEqual({
        type: 'not-sent',
        code: 'box-busy',
      });
      simulator.customerPays('card');
      expect(await wire.settle(first)).toMatchObject({ type: 'approved' });
      expect(simulator.books()).toHaveLength(1);
    });

    it('says not-sent while the cable is out, and sells again after it is back', async () => {
      await wire.far.pull();
      await wire.until(() => box.status().state === 'offline');
      expect(await sell(1)).toEqual({ type: 'not-sent', code: 'device-missing' });
      await wire.far.plug();
      await wire.until(() => box.status().state === 'idle');
      expect(await sell(2)).toMatchObject({ type: 'approved' });
      expect(simulator.books()).toHaveLength(1);
    });

    it('cable out while the customer pays: unknown, blocked, and the query says paid', async () => {
      simulator.script({ type: 'ask-customer' });
      const outcome = box.sale(saleOf(1));
      await wire.until(() => box.status().progress?.acknowledged === true);
      await wire.far.pull();
      expect(await wire.settle(outcome)).toEqual({ type: 'unknown', code: 'device-missing' });
      simulator.customerPays();
      expect(box.status()).toMatchObject({ state: 'blocked', progress: { queryCount: 0 } });
      expect(await sell(2)).toEqual({ type: 'not-sent', code: 'box-blocked' });
      await wire.far.plug();
      await wire.until(() => box.status().link.type === 'online');
      expect(await wire.settle(box.query(saleOf(1)))).toMatchObject({
        type: 'approved',
        evidence: { amountFen: 1_250 },
      });
      expect(simulator.books()).toHaveLength(1);
      expect(await sell(3)).toMatchObject({ type: 'approved' });
      expect(late).toEqual([]);
    });

    it('cable out before the customer pays, who then leaves: the query says no money moved', async () => {
      simulator.script({ type: 'ask-customer' });
      const outcome = box.sale(saleOf(1));
      await wire.until(() => box.status().progress?.acknowledged === true);
      await wire.far.pull();
      expect(await wire.settle(outcome)).toMatchObject({ type: 'unknown' });
      simulator.customerCancels();
      await wire.far.plug();
      await wire.until(() => box.status().link.type === 'online');
      expect(await wire.settle(box.query(saleOf(1)))).toMatchObject({ type: 'declined' });
      expect(simulator.books()).toEqual([]);
      expect(box.status().state).toBe('idle');
    });

    it('gives back a whole sale as an intent of its own, once', async () => {
      const sold = await sell(1);
      const { boxRef } = sold.type === 'approved' ? sold.evidence : { boxRef: '' };
      const reversal = {
        ...saleOf(2),
        originalOrderNo: saleOf(1).merchantOrderNo,
        originalBoxRef: boxRef,
      };
      expect(await wire.settle(box.voidSale(reversal))).toMatchObject({
        type: 'approved',
        evidence: { amountFen: 1_250 },
      });
      const kinds = simulator.books().map((entry) => [entry.kind, entry.amountFen]);
      expect(kinds).toEqual([
        ['sale', 1_250],
        ['void', 1_250],
      ]);
    });

    it('refunds a part, or says before any byte that the box cannot', async () => {
      const sold = await sell(1);
      const { boxRef } = sold.type === 'approved' ? sold.evidence : { boxRef: '' };
      const outcome = await wire.settle(
        box.refund({
          ...saleOf(2, 250),
          originalOrderNo: saleOf(1).merchantOrderNo,
          originalBoxRef: boxRef,
          originalAmountFen: fen(1_250),
        }),
      );
      if (kind.can.refundPart) expect(outcome).toMatchObject({ type: 'approved' });
      else expect(outcome).toEqual({ type: 'not-sent', code: 'box-cannot' });
      const refunded = simulator.books().filter((entry) => entry.kind === 'refund');
      expect(refunded.map((entry) => entry.amountFen)).toEqual(kind.can.refundPart ? [250] : []);
    });

    it('asks the box to give a sale up where it can; the sale’s own outcome decides', async () => {
      simulator.script({ type: 'ask-customer' });
      const outcome = box.sale(saleOf(1));
      await wire.until(() => box.status().progress?.acknowledged === true);
      const asked = await wire.settle(box.close(saleOf(1)));
      if (kind.can.close) {
        expect(asked).toEqual({ type: 'asked' });
      } else {
        expect(asked).toEqual({ type: 'not-sent', code: 'box-cannot' });
        simulator.customerCancels();
      }
      expect(await wire.settle(outcome)).toMatchObject({ type: 'declined', code: 'box-cancelled' });
      expect(simulator.books()).toEqual([]);
    });

    it('after a restart of the program a query finds the sale of the earlier run', async () => {
      simulator.script({ type: 'ask-customer' });
      const startedAtMs = wire.clock.nowMs();
      const outcome = box.sale(saleOf(1));
      await wire.until(() => box.status().progress?.acknowledged === true);
      await wire.settle(box.stop());
      expect(await wire.settle(outcome)).toMatchObject({ type: 'unknown' });
      simulator.customerPays();
      await startBox();
      const found = await wire.settle(box.query({ ...saleOf(1), startedAtMs }));
      expect(found).toMatchObject({ type: 'approved', evidence: { amountFen: 1_250 } });
      expect(simulator.books()).toHaveLength(1);
    });

    it('keeps no run of digits in its log', async () => {
      await sell(1);
      const log = box.recentBytes().map((line) => line.split(' ').slice(3).join(' '));
      expect(log.join('')).not.toMatch(/\d{7}/);
      expect(log.length).toBeGreaterThan(2);
    });
  });
}
