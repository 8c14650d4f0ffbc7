import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addFen, fen, sumFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { orderMachine, tallyBucket } from '#shared/order/order-machine.ts';
import type { Order, OrderStateName, OrderTender } from '#shared/order/order.ts';
import { dailyTally } from '#shared/tally/daily-tally.ts';
import { ids, orderAmounts, wallMoments } from '#shared/testing/arbitraries.ts';
import type { OrderId } from '#shared/ids/ids.ts';

const wechat: OrderTender = { type: 'wallet', wallet: 'wechat', codeMask: '13****6789' };
const cash: OrderTender = { type: 'cash', tenderedFen: fen(0), changeFen: fen(0) };
const member: OrderTender = {
  type: 'member-code',
  certificateId: 'crt_01JADFX2A0000000000000000C',
};

const order = (change: Partial<Order>): Order => ({
  orderId: 'ord_01JADFX2A0000000000000000A' as OrderId,
  state: 'paid',
  amountFen: fen(1000),
  voucherFen: fen(0),
  concessionBp: basisPoints(500),
  businessDate: '2026-11-22',
  openedAtMs: Date.parse('2026-11-22T02:00:00Z'),
  cashier: '小王',
  memberId: undefined,
  tender: wechat,
  attempt: 1,
  reason: undefined,
  lastSeq: 1,
  ...change,
});

const at = (hour: number) => ({
  openedAtMs: Date.parse('2026-11-22T00:00:00+08:00') + hour * 3_600_000,
});

describe('dailyTally', () => {
  test('a day: each state in its sum, hours of Shanghai, tenders by amount', () => {
    const tally = dailyTally([
      order({ ...at(10), amountFen: fen(3000), voucherFen: fen(500) }),
      order({ ...at(10), state: 'cash-recorded', tender: cash, amountFen: fen(2000) }),
      order({ ...at(9), state: 'offline-accepted', tender: member, amountFen: fen(700) }),
      order({ ...at(23), state: 'unknown', amountFen: fen(50) }),
      order({ ...at(11), state: 'failed', amountFen: fen(9999) }),
      order({ ...at(12), state: 'draft', tender: undefined }),
      order({
        ...at(12),
        state: 'cash-recorded',
        tender: cash,
        amountFen: fen(1000),
        voucherFen: fen(400),
      }),
    ]);
    expect(tally).toEqual({
      settledFen: 3000,
      cashFen: 3000,
      offlineFen: 700,
      pendingFen: 50,
      turnoverFen: 6750,
      orderCount: 5,
      voucherFen: 900,
      drawerFen: 2600,
      byHour: [
        { hour: 9, scanFen: 700, cashFen: 0 },
        { hour: 10, scanFen: 3000, cashFen: 2000 },
        { hour: 12, scanFen: 0, cashFen: 1000 },
        { hour: 23, scanFen: 50, cashFen: 0 },
      ],
      byTender: [
        { tender: 'wechat', count: 2, amountFen: 3050 },
        { tender: 'cash', count: 2, amountFen: 3000 },
        { tender: 'member-code', count: 1, amountFen: 700 },
      ],
    });
  });

  test('an empty day is all zeros', () => {
    expect(dailyTally([])).toMatchObject({
      turnoverFen: 0,
      orderCount: 0,
      byHour: [],
      byTender: [],
    });
  });

  test('turnover without a tender is a broken invariant', () => {
    expect(() => dailyTally([order({ tender: undefined })])).toThrow(/without a tender/);
  });

  const states = orderMachine.states.filter((state): state is OrderStateName => state !== 'none');
  const anyOrder = fc
    .record({
      orderId: ids('ord'),
      state: fc.constantFrom(...states),
      amountFen: orderAmounts,
      openedAtMs: wallMoments,
      tender: fc.constantFrom(wechat, cash, member),
    })
    .chain((some) =>
      fc
        .integer({ min: 0, max: some.amountFen })
        .map((voucherFen) => order({ ...some, voucherFen: fen(voucherFen) })),
    );

  test('the four sums, the hours and the tenders each add up to the turnover, in any order', () => {
    fc.assert(
      fc.property(fc.array(anyOrder, { maxLength: 40 }), (orders) => {
        const tally = dailyTally(orders);
        const counted = orders.filter(({ state }) => tallyBucket(state) !== undefined);
        expect(tally.turnoverFen).toBe(sumFen(counted.map(({ amountFen }) => amountFen)));
        expect(tally.orderCount).toBe(counted.length);
        expect(sumFen([tally.settledFen, tally.cashFen, tally.offlineFen, tally.pendingFen])).toBe(
          tally.turnoverFen,
        );
        const hours = tally.byHour.map(({ scanFen, cashFen }) => addFen(scanFen, cashFen));
        expect(sumFen(hours)).toBe(tally.turnoverFen);
        expect(sumFen(tally.byTender.map(({ amountFen }) => amountFen))).toBe(tally.turnoverFen);
        expect(dailyTally(orders.toReversed())).toEqual(tally);
      }),
    );
  });
});
