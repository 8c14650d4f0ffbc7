import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { attachMember, bindReferrer } from '#cloud/points/claim-points.ts';
import { clawBackPoints, lockPoints } from '#cloud/points/claw-back.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { memberPoints, merchantPromoCredit } from '#cloud/points/member-points.ts';
import {
  fundWith,
  memberOf,
  merchantOf,
  operatorOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { memberNode, merchantNode, noteRelations } from '#cloud/relations/relation-store.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { poolsOf, type PoolSums } from '#cloud/release/close/pools.ts';
import { decideHold } from '#cloud/review/decide-hold.ts';
import { listPointsHolds } from '#cloud/review/points-holds.ts';
import { plantLines } from '#cloud/review/testing/plant-lines.ts';
import { velocityRulesDefault, type VelocityRules } from '#cloud/review/velocity-rules.ts';
import { noteTopPayers, saveVelocityRules } from '#cloud/review/velocity-store.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const issue = (orders: readonly PaidOrder[]) => inTx((tx) => issuePendingPoints(tx, orders));
const finalise = (operatorId: OperatorId, count: number) =>
  inTx((tx) =>
    makePointsFinal(tx, {
      operatorId,
      orderIds: Array.from({ length: count }, (_, index) => orderOf(index + 1)),
      asOf: '2026-03-09',
    }),
  );
const pointsOf = (operatorId: OperatorId, member: number) =>
  memberPoints(database.db, { operatorId, memberId: memberOf(member) });
const creditOf = (operatorId: OperatorId) =>
  merchantPromoCredit(database.db, { operatorId, merchantId: merchantOf(1) });
const rulesOf = (operatorId: OperatorId, change: Partial<VelocityRules>) =>
  saveVelocityRules(database.db, {
    operatorId,
    rules: { ...velocityRulesDefault, ...change },
    by: '测试',
    nowMs: 1,
  });
const laterMs = Date.UTC(2026, 3, 20, 4);
const decide = (operatorId: OperatorId, order: number, verdict: 'released' | 'refused') =>
  inTx((tx) =>
    decideHold(tx, {
      operatorId,
      orderId: orderOf(order),
      verdict,
      by: '王芳',
      note: '已电话核实',
      nowMs: laterMs,
    }),
  );

/** Three orders of member 1, of which the third is too much; member 9 brought him. */
async function threeOrders(): Promise<OperatorId> {
  const operatorId = freshOperator();
  await rulesOf(operatorId, { memberShopDay: { act: 'hold', count: 3 } });
  await inTx((tx) =>
    bindReferrer(tx, {
      operatorId,
      memberId: memberOf(1),
      referrerId: memberOf(9),
      boundOn: '2026-03-01',
      related: false,
    }),
  );
  await issue(
    [1, 2, 3].map((index) => paidOrder(operatorId, index, { day: '2026-03-02', member: 1 })),
  );
  await finalise(operatorId, 3);
  return operatorId;
}

describe('points that are held', () => {
  it('wait for people with the sale final, on both sides and at the referrer, outside the pools of the gate', async () => {
    const operatorId = await threeOrders();
    expect(await listPointsHolds(database.db, { operatorId })).toEqual([
      {
        orderId: orderOf(3),
        merchantId: merchantOf(1),
        reasons: [{ rule: 'memberShopDay', seen: 3 }],
        heldOn: '2026-03-09',
        points: 2_100,
      },
    ]);
    expect(await pointsOf(operatorId, 1)).toMatchObject({
      pendingPoints: 2_000,
      unreleasedPoints: 4_000,
    });
    expect(await pointsOf(operatorId, 9)).toMatchObject({
      pendingPoints: 100,
      unreleasedPoints: 200,
    });
    expect(await creditOf(operatorId)).toEqual({ creditPoints: 4_000, pendingPoints: 2_000 });
    const closing = { operatorId, period: '2026-03' };
    getOrThrow(await inTx((tx) => closePeriod(tx, closing)));
    const { rows: closed } = await database.db.execute<{ sums: PoolSums }>(sql`
      select pools as sums from period_closing
       where operator_id = ${operatorId} and period = ${closing.period}`);
    const pools = poolsOf(closing.period, closed[0]!.sums);
    expect(pools.gate.outstanding.current).toBe(4_200n);
    expect(pools.gate.inflow.current).toBe(4_200n);
    // What is held has its concession in the fund: it is no growth, and it stays covered.
    expect(pools.coveredPoints).toBe(6_300n);
    const { rows } = await database.db.execute<{ n: number }>(sql`
      select count(*) as n from points_order
       where operator_id = ${operatorId} and final_on is not null`);
    expect(rows).toEqual([{ n: 3 }]);
  });

  it('let go and claimed after a close stay above the floor that it left: it covered them', async () => {
    const operatorId = await threeOrders();
    // A receipt without an owner: whoever claims it may have a referrer.
    await issue([paidOrder(operatorId, 4, { day: '2026-03-03' })]);
    await finalise(operatorId, 4);
    await inTx(async (tx) => {
      await usePilotConfig(tx, operatorId);
      await fundWith(tx, operatorId, { key: 'fund', amountFen: 2_835 });
      await tx.execute(sql`
        insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
          unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
        values (${operatorId}, '2026-02', 1, false, 'no-previous-pool', 1000, 1000, 10000, 0, 40,
                '{}', ${'0'.repeat(64)})`);
    });
    const closed = getOrThrow(
      await inTx((tx) => closePeriod(tx, { operatorId, period: '2026-03' })),
    );
    expect(closed.gateOpen).toBe(true);
    expect(closed.explanation).toMatchObject({
      gate: { outstanding: { current: '6200' } },
      multiplier: { unreleasedPoints: 8_400, heldPoints: '2100', claimReferralPoints: '100' },
    });
    expect(await decide(operatorId, 3, 'released')).toBe(true);
    const claim = { operatorId, orderId: orderOf(4), memberId: memberOf(1), asOf: '2026-04-02' };
    getOrThrow(await inTx((tx) => attachMember(tx, claim)));
    const { rows } = await database.db.execute<{ unreleased: number; due: number }>(sql`
      select sum(issued - released)::bigint as unreleased,
             sum(div(cum_num, ${String(scheduleLcm)}::numeric) - released)::bigint as due
        from account_points where operator_id = ${operatorId}`);
    const { unreleased, due } = rows[0]!;
    expect([unreleased, due]).toEqual([8_400, 105]);
    // All that the close lets out is out, at its multiplier: 30% of what is left are there (I2).
    const fundFen = 2_835 - closed.budgetFen;
    expect(fundFen * 10_000).toBeGreaterThanOrEqual(3_000 * (unreleased - due));
  });

  it('released by a person begin to run in the period of that day, once', async () => {
    const operatorId = await threeOrders();
    const verdicts = await Promise.all([
      decide(operatorId, 3, 'released'),
      decide(operatorId, 3, 'released'),
    ]);
    expect(verdicts.filter(Boolean)).toHaveLength(1);
    expect(await pointsOf(operatorId, 1)).toMatchObject({
      pendingPoints: 0,
      unreleasedPoints: 6_000,
    });
    expect(await pointsOf(operatorId, 9)).toMatchObject({
      pendingPoints: 0,
      unreleasedPoints: 300,
    });
    expect(await creditOf(operatorId)).toEqual({ creditPoints: 6_000, pendingPoints: 0 });
    const { rows } = await database.db.execute<{ issued_in: string }>(sql`
      select distinct issued_in from points_lot
       where operator_id = ${operatorId} and order_id = ${orderOf(3)}`);
    expect(rows).toEqual([{ issued_in: '2026-04' }]);
    expect(await decide(operatorId, 3, 'refused')).toBe(false);
  });

  it('let go by a person give no referral to whoever turned out to belong to the shop meanwhile', async () => {
    const operatorId = await threeOrders();
    const edge = { from: memberNode(memberOf(1)), to: merchantNode(merchantOf(1)) };
    await inTx((tx) =>
      noteRelations(tx, {
        operatorId,
        edges: [{ ...edge, relation: 'staff' }],
        source: 'operator',
        by: '王芳',
        note: '店员',
        nowMs: laterMs,
      }),
    );
    expect(await decide(operatorId, 3, 'released')).toBe(true);
    expect(await pointsOf(operatorId, 1)).toMatchObject({ unreleasedPoints: 6_000 });
    expect(await pointsOf(operatorId, 9)).toMatchObject({
      pendingPoints: 0,
      unreleasedPoints: 200,
    });
  });

  it('refused by a person never come to be, and the entries add up to nothing', async () => {
    const operatorId = await threeOrders();
    expect(await decide(operatorId, 3, 'refused')).toBe(true);
    expect(await decide(operatorId, 3, 'released')).toBe(false);
    expect(await pointsOf(operatorId, 1)).toMatchObject({
      pendingPoints: 0,
      unreleasedPoints: 4_000,
    });
    expect(await creditOf(operatorId)).toEqual({ creditPoints: 4_000, pendingPoints: 0 });
    const { rows } = await database.db.execute<{ sum: number }>(sql`
      select sum(points)::bigint as sum from points_entry
       where operator_id = ${operatorId} and ref like ${`${orderOf(3)}:%`}`);
    expect(rows).toEqual([{ sum: 0 }]);
  });

  it('are held at the claim too: who collects receipts that others left gets what one customer may', async () => {
    const operatorId = freshOperator();
    await rulesOf(operatorId, { memberShopDay: { act: 'hold', count: 3 } });
    await issue([1, 2, 3, 4].map((index) => paidOrder(operatorId, index, { day: '2026-03-02' })));
    await finalise(operatorId, 4);
    const claim = (order: number) =>
      inTx((tx) =>
        attachMember(tx, {
          operatorId,
          orderId: orderOf(order),
          memberId: memberOf(1),
          asOf: '2026-03-12',
        }),
      );
    // The last one first: the order of the receipts does not matter.
    for (const order of [4, 3, 2, 1]) expect(await claim(order)).toMatchObject({ ok: true });
    const held = await listPointsHolds(database.db, { operatorId });
    expect(held.map(({ orderId }) => orderId)).toEqual([orderOf(1), orderOf(2)]);
    expect(await pointsOf(operatorId, 1)).toMatchObject({
      pendingPoints: 4_000,
      unreleasedPoints: 4_000,
    });
    // The shop had its side when the sale became final: a refund takes it back, held or not; letting go gives it once.
    expect(await creditOf(operatorId)).toMatchObject({ creditPoints: 8_000 });
    const refund = { operatorId, merchantId: merchantOf(1), orderId: orderOf(1), refundNo: 1 };
    const left = { cashFen: fen(5_000), concessionAfterFen: fen(1_000), today: '2026-03-13' };
    await inTx(async (tx) =>
      clawBackPoints(tx, { ...refund, ...left }, await lockPoints(tx, refund)),
    );
    expect(await creditOf(operatorId)).toMatchObject({ creditPoints: 7_000 });
    expect(await decide(operatorId, 1, 'released')).toBe(true);
    expect(await creditOf(operatorId)).toEqual({ creditPoints: 7_000, pendingPoints: 0 });
    expect(await pointsOf(operatorId, 1)).toMatchObject({ unreleasedPoints: 5_000 });
  });

  it('of an anonymous receipt can be claimed meanwhile, and a refused one finds them lapsed', async () => {
    const operatorId = freshOperator();
    await rulesOf(operatorId, { shopDay: { act: 'hold', count: 2 } });
    await issue([1, 2].map((index) => paidOrder(operatorId, index, { day: '2026-03-02' })));
    await plantLines(database.db, operatorId, { count: 2 });
    await finalise(operatorId, 2);
    expect((await listPointsHolds(database.db, { operatorId })).map((one) => one.orderId)).toEqual([
      orderOf(2),
    ]);
    const attach = (member: number) =>
      inTx((tx) =>
        attachMember(tx, {
          operatorId,
          orderId: orderOf(2),
          memberId: memberOf(member),
          asOf: '2026-03-10',
        }),
      );
    expect(await attach(1)).toMatchObject({ ok: true });
    expect(await pointsOf(operatorId, 1)).toMatchObject({
      pendingPoints: 2_000,
      unreleasedPoints: 0,
    });
    await decide(operatorId, 2, 'refused');
    expect(await pointsOf(operatorId, 1)).toMatchObject({ pendingPoints: 0, unreleasedPoints: 0 });
    expect(await attach(2)).toMatchObject({ error: { type: 'already-claimed' } });
  });

  it("counts the largest payers of a shop once a day, and holds theirs and nobody else's", async () => {
    const operatorId = freshOperator();
    const topPayers = { act: 'hold' as const, members: 2, shareBp: 6_000, ordersMin: 5 };
    await rulesOf(operatorId, { topPayers });
    await issue([
      paidOrder(operatorId, 1, { day: '2026-03-02', member: 1, netFen: 40_000 }),
      paidOrder(operatorId, 2, { day: '2026-03-02', member: 2, netFen: 20_000 }),
      paidOrder(operatorId, 3, { day: '2026-03-02', member: 3, netFen: 10_000 }),
      paidOrder(operatorId, 4, { day: '2026-03-02', netFen: 20_000 }),
      paidOrder(operatorId, 5, { day: '2026-03-03', netFen: 10_000 }),
      // Another shop of the same payers with too few orders to say anything.
      paidOrder(operatorId, 6, { day: '2026-03-03', member: 1, merchant: 2, netFen: 90_000 }),
    ]);
    const look = () => inTx((tx) => noteTopPayers(tx, { operatorId, day: '2026-03-09' }));
    expect(await look()).toBe(true);
    expect(await look()).toBe(false);
    await finalise(operatorId, 6);
    expect(
      (await listPointsHolds(database.db, { operatorId })).map(({ orderId, reasons }) => [
        orderId,
        reasons,
      ]),
    ).toEqual([
      [orderOf(1), [{ rule: 'topPayers', seen: 6_000 }]],
      [orderOf(2), [{ rule: 'topPayers', seen: 6_000 }]],
    ]);
  });
});
