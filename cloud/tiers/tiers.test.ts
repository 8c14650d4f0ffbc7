import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { bindReferrer } from '#cloud/points/claim-points.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  memberOf,
  operatorOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { rescoreTiers } from '#cloud/tiers/rescore-tiers.ts';
import { readTier } from '#cloud/tiers/tier-routes.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { defaultPointsConfig as config } from '#shared/points/points-config.ts';
import {
  nextTier,
  tierOf,
  tierScore,
  tierWindowDays,
  type KeptTier,
} from '#shared/points/issue/tiers.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import { addPeriods, periodSpan } from '#shared/time/period.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const issue = (orders: readonly PaidOrder[]) => inTx((tx) => issuePendingPoints(tx, orders));
const rescore = (operatorId: OperatorId, period: string) =>
  inTx((tx) => rescoreTiers(tx, { operatorId, period, config }));
const tierAt = (operatorId: OperatorId, member: number) =>
  readTier(database.db, { operatorId, memberId: memberOf(member) });
const bind = (operatorId: OperatorId, friend: number, referrer: number, related = false) =>
  inTx((tx) =>
    bindReferrer(tx, {
      operatorId,
      memberId: memberOf(friend),
      referrerId: memberOf(referrer),
      boundOn: '2025-01-01',
      related,
    }),
  );

describe('the tier of a member', () => {
  it('rises with the purchase that reaches it and shortens that very lot', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02', member: 1, netFen: 1_000_000 })]);
    await inTx((tx) =>
      makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-03-09' }),
    );
    expect(await tierAt(operatorId, 1)).toMatchObject({
      tier: 2,
      scoreFen: 1_000_000,
      reachedOn: '2026-03-09',
      changes: [{ tierBefore: 0, tierAfter: 2, why: 'purchase' }],
    });
    const { rows } = await database.db.execute<{ n: number }>(sql`
      select n from points_lot where operator_id = ${operatorId}`);
    expect(rows).toEqual([{ n: 38 }]);
  });

  it('falls only when its score was not reached for 12 months, and new lots keep it until then', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-01-02', member: 1, netFen: 1_000_000 })]);
    await rescore(operatorId, '2026-01');
    for (let month = 1; month <= 22; month += 1) {
      await rescore(operatorId, addPeriods('2026-01', month));
      // The purchase counts until the close of December 2026: 12 months later it is December 2027.
      expect((await tierAt(operatorId, 1)).tier).toBe(2);
    }
    await issue([paidOrder(operatorId, 2, { day: '2027-12-01', member: 1, netFen: 10_000 })]);
    await inTx((tx) =>
      makePointsFinal(tx, { operatorId, orderIds: [orderOf(2)], asOf: '2027-12-08' }),
    );
    const { rows } = await database.db.execute<{ n: number }>(sql`
      select n from points_lot where operator_id = ${operatorId} and order_id = ${orderOf(2)}`);
    expect(rows).toEqual([{ n: 38 }]);
    await rescore(operatorId, '2027-12');
    expect(await tierAt(operatorId, 1)).toMatchObject({
      tier: 0,
      changes: [
        { tierBefore: 2, tierAfter: 0, why: 'close', onDay: '2027-12-31', scoreFen: 10_000 },
        { tierBefore: 0, tierAfter: 2, why: 'close' },
      ],
    });
  });

  it("takes friends by what they buy, at a fifth and to half of one's own, and never by their number", async () => {
    const operatorId = freshOperator();
    for (let friend = 10; friend < 30; friend += 1) await bind(operatorId, friend, 1);
    await bind(operatorId, 30, 2);
    await bind(operatorId, 31, 3, true);
    await issue([
      // Twenty friends who buy nothing are worth nothing.
      paidOrder(operatorId, 1, { day: '2026-03-02', member: 1, netFen: 150_000 }),
      // One who buys for 10,000.00 adds 2,000.00, of which 750.00 count.
      paidOrder(operatorId, 2, { day: '2026-03-02', member: 2, netFen: 150_000 }),
      paidOrder(operatorId, 3, { day: '2026-03-02', member: 30, netFen: 1_000_000 }),
      paidOrder(operatorId, 4, { day: '2026-03-02', member: 3, netFen: 150_000 }),
      paidOrder(operatorId, 5, { day: '2026-03-02', member: 31, netFen: 1_000_000 }),
    ]);
    await rescore(operatorId, '2026-03');
    expect((await tierAt(operatorId, 1)).tier).toBe(0);
    expect(await tierAt(operatorId, 2)).toMatchObject({ tier: 1, scoreFen: 225_000 });
    expect((await tierAt(operatorId, 3)).tier).toBe(0);
  });

  it('is looked at by the close of the period in which a month ends, and by no other', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02', member: 1, netFen: 1_000_000 })]);
    expect(await rescore(operatorId, '2026-03-T1')).toEqual({ risen: 0, fallen: 0 });
    expect(await rescore(operatorId, '2026-03-T3')).toEqual({ risen: 1, fallen: 0 });
    const monthly = freshOperator();
    await inTx((tx) => usePilotConfig(tx, monthly));
    await issue([paidOrder(monthly, 1, { day: '2026-03-02', member: 1, netFen: 1_000_000 })]);
    await inTx((tx) => closePeriod(tx, { operatorId: monthly, period: '2026-03' }));
    expect((await tierAt(monthly, 1)).tier).toBe(2);
  });

  it('is by SQL what the pure rules say, over two years of random purchases, refunds and friends', async () => {
    for (const seed of [1, 2, 3]) await expectSameAsPure(seed);
  }, 60_000);
});

interface Sale {
  readonly member: number;
  readonly day: string;
  readonly keptFen: number;
}

async function expectSameAsPure(seed: number): Promise<void> {
  const roll = dice(seed);
  const operatorId = freshOperator();
  const bonds = new Map<number, { readonly referrer: number; readonly related: boolean }>();
  for (let friend = 2; friend <= 20; friend += 1) {
    const bond = { referrer: 1 + roll(friend - 1), related: roll(5) === 0 };
    bonds.set(friend, bond);
    await bind(operatorId, friend, bond.referrer, bond.related);
  }
  const sales: Sale[] = [];
  const kept = new Map<number, KeptTier>();
  for (let month = 0; month < 26; month += 1) {
    const period = addPeriods('2025-01', month);
    const { firstDay, lastDay } = periodSpan(period);
    const orders = Array.from({ length: month < 8 ? 12 : 3 }, () => {
      const day = addDays(firstDay, roll(28));
      const member = 1 + roll(20);
      const netFen = 1_000 + roll(900_000);
      const refundedFen = roll(4) === 0 ? roll(netFen) : 0;
      sales.push({ member, day, keptFen: netFen - refundedFen });
      return { ...paidOrder(operatorId, sales.length, { day, member, netFen }), refundedFen };
    });
    await issue(orders);
    for (const order of orders)
      await database.db.execute(sql`
        update points_order set refunded_fen = ${order.refundedFen}
         where operator_id = ${operatorId} and order_id = ${order.orderId}`);
    await rescore(operatorId, period);
    for (let member = 1; member <= 20; member += 1) {
      const spent = (of: number) =>
        fen(
          sales
            .filter((sale) => sale.member === of && sale.day > addDays(lastDay, -tierWindowDays))
            .reduce((sum, sale) => sum + sale.keptFen, 0),
        );
      const referredFen = fen(
        [...bonds]
          .filter(([, bond]) => bond.referrer === member && !bond.related)
          .reduce((sum, [friend]) => sum + spent(friend), 0),
      );
      const scoreTier = tierOf(tierScore({ ownFen: spent(member), referredFen }, config), config);
      const next = nextTier(kept.get(member), { scoreTier, onDay: lastDay });
      kept.set(member, next);
      const shown = await tierAt(operatorId, member);
      expect(shown.tier, `member ${member} in ${period}`).toBe(next.tier);
      if (shown.tier > 0) expect(shown.reachedOn).toBe(next.reachedOn);
    }
  }
}

/** Small, deterministic: the lives above are the same in every run. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
