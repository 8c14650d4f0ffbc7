import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { attachMember, bindReferrer } from '#cloud/points/claim-points.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  fundWith,
  memberOf,
  operatorOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import type { GateMeasure } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { addMonths } from '#shared/time/period.ts';

const database = useTestDatabase();
let operatorCount = 0;
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

const ordersPerMonth = 4;
const months = ['2026-01', '2026-02', '2026-03'] as const;

/** One month of trade: half of the orders bring their member, the other half leave a receipt behind. */
async function trade(operatorId: OperatorId, month: number): Promise<void> {
  const period = months[month]!;
  const orders = Array.from({ length: ordersPerMonth }, (_, index) =>
    paidOrder(operatorId, month * ordersPerMonth + index + 1, {
      day: `${period}-02`,
      ...(index % 2 === 0 ? { member: 1 } : {}),
    }),
  );
  const orderIds = orders.map(({ orderId }) => orderId);
  await inTx(async (tx) => {
    await issuePendingPoints(tx, orders);
    await makePointsFinal(tx, { operatorId, orderIds, asOf: `${period}-10` });
  });
}

const claim = (operatorId: OperatorId, order: number, asOf: string) =>
  inTx((tx) =>
    attachMember(tx, { operatorId, orderId: orderOf(order), memberId: memberOf(2), asOf }),
  ).then(getOrThrow);

const close = (operatorId: OperatorId, period: string) =>
  inTx((tx) => closePeriod(tx, { operatorId, period })).then(getOrThrow);

async function start(gateMeasure: GateMeasure): Promise<OperatorId> {
  const operatorId = operatorOf((operatorCount += 1));
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId, { gateMeasure });
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 100_000 });
    await bindReferrer(tx, {
      operatorId,
      memberId: memberOf(2),
      referrerId: memberOf(3),
      boundOn: '2026-01-01',
      related: false,
    });
  });
  return operatorId;
}

describe('receipts that somebody collects and claims at once', () => {
  it('do not open the gate on the inflow: flat trade stays flat', async () => {
    const operatorId = await start('period_inflow');
    for (const [month, period] of months.entries()) {
      await trade(operatorId, month);
      // Everything left behind so far is claimed in the last month, just before its close.
      if (month === 2)
        for (const order of [2, 4, 6, 8, 10, 12]) await claim(operatorId, order, '2026-03-30');
      const closed = await close(operatorId, period);
      expect(closed.gateOpen).toBe(false);
      // 4 orders of 100.00 at 20%, whoever claims them when; March's own two claims have a referrer with 5%.
      const current = month === 2 ? '8200' : '8000';
      expect(closed.explanation).toMatchObject({ gate: { inflow: { current } } });
    }
  });

  it('do not open the gate on the stock: a month of claims without trade adds the referral only', async () => {
    const operatorId = await start('outstanding');
    await trade(operatorId, 0);
    await close(operatorId, '2026-01');
    for (const order of [2, 4]) await claim(operatorId, order, '2026-02-20');
    const closed = await close(operatorId, '2026-02');
    // 4,000 were claimed; a referrer has 5% of them on top, far under the 15% that open the gate.
    expect(closed).toMatchObject({ gateOpen: false, gateReason: 'growth-below-threshold' });
    expect(closed.explanation).toMatchObject({
      gate: { outstanding: { previous: '8000', current: '8200', unclaimed: '0' } },
    });
  });

  it('are not needed: a growing trade opens the gate without any claim', async () => {
    const operatorId = await start('outstanding');
    await trade(operatorId, 0);
    await close(operatorId, '2026-01');
    await trade(operatorId, 1);
    const closed = await close(operatorId, addMonths('2026-01', 1));
    expect(closed.gateOpen).toBe(true);
    expect(closed.explanation).toMatchObject({ gate: { outstanding: { unclaimed: '8000' } } });
  });
});
