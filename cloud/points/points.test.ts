import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { attachMember, bindReferrer, lapseUnclaimed } from '#cloud/points/claim-points.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { memberPoints, merchantPromoCredit } from '#cloud/points/member-points.ts';
import { pointsConfigAt, putPointsConfig } from '#cloud/points/points-config-store.ts';
import {
  memberOf,
  merchantOf,
  operatorOf,
  orderOf,
  paidOrder,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { referralApplies, referralPoints } from '#shared/points/issue/referral.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { addDays } from '#shared/time/calendar-day.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const issue = (orders: readonly PaidOrder[]) => inTx((tx) => issuePendingPoints(tx, orders));

const pointsOf = (operatorId: OperatorId, member: number) =>
  memberPoints(database.db, { operatorId, memberId: memberOf(member) });

interface LotRow extends Record<string, unknown> {
  readonly n: number;
  readonly issued_in: string;
  readonly ends_in: string;
}

async function lotOf(operatorId: OperatorId, index: number, kind = 'consumer') {
  const { rows } = await database.db.execute<LotRow>(sql`
    select n, issued_in, ends_in from points_lot
     where operator_id = ${operatorId} and order_id = ${orderOf(index)} and kind = ${kind}`);
  return rows[0];
}

describe('points of paid orders', () => {
  it('issues each order once, however often and in whatever company it is delivered', async () => {
    const operatorId = freshOperator();
    const [a, b] = [1, 2].map((index) =>
      paidOrder(operatorId, index, { day: '2026-03-02', member: 1 }),
    ) as [PaidOrder, PaidOrder];
    expect(await issue([a, a])).toEqual({ issued: 1 });
    expect(await issue([a, b])).toEqual({ issued: 1 });
    expect((await pointsOf(operatorId, 1)).pendingPoints).toBe(4000);
  });

  it('keeps points pending until the order is final, then gives both sides the same', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02', member: 1 })]);
    const final = { operatorId, orderIds: [orderOf(1)], asOf: '2026-03-09' };
    expect(await inTx((tx) => makePointsFinal(tx, final))).toEqual({ final: 1 });
    expect(await inTx((tx) => makePointsFinal(tx, final))).toEqual({ final: 0 });
    expect(await pointsOf(operatorId, 1)).toEqual({
      pendingPoints: 0,
      unreleasedPoints: 2000,
      duePoints: 0,
    });
    const merchant = { operatorId, merchantId: merchantOf(1) };
    expect(await merchantPromoCredit(database.db, merchant)).toEqual({
      creditPoints: 2000,
      pendingPoints: 0,
    });
    expect(await lotOf(operatorId, 1)).toEqual({ n: 40, issued_in: '2026-03', ends_in: '2029-06' });
  });

  it('shortens the schedule by the tier of 12 months of consumption', async () => {
    const operatorId = freshOperator();
    await issue([
      paidOrder(operatorId, 1, { day: '2025-03-01', member: 1, netFen: 5_000_000 }),
      paidOrder(operatorId, 2, { day: '2026-03-02', member: 1, netFen: 1_000_000 }),
    ]);
    await inTx((tx) =>
      makePointsFinal(tx, { operatorId, orderIds: [orderOf(2)], asOf: '2026-03-09' }),
    );
    expect((await lotOf(operatorId, 2))?.n).toBe(38);
  });

  it('gives the referrer 5% of one level only, and nothing between related accounts', async () => {
    const operatorId = freshOperator();
    const bind = (member: number, referrer: number, related = false) =>
      inTx((tx) =>
        bindReferrer(tx, {
          operatorId,
          memberId: memberOf(member),
          referrerId: memberOf(referrer),
          boundOn: '2026-03-01',
          related,
        }),
      );
    await bind(2, 1);
    await bind(3, 2);
    await bind(4, 3, true);
    expect(await bind(3, 1)).toEqual({ bound: false });
    await issue([
      paidOrder(operatorId, 1, { day: '2026-03-02', member: 3 }),
      paidOrder(operatorId, 2, { day: '2026-03-02', member: 4 }),
      paidOrder(operatorId, 3, { day: '2026-02-28', member: 2 }),
      paidOrder(operatorId, 4, { day: '2027-03-01', member: 2 }),
    ]);
    expect((await pointsOf(operatorId, 1)).pendingPoints).toBe(0);
    expect((await pointsOf(operatorId, 2)).pendingPoints).toBe(4000 + 100);
    expect((await pointsOf(operatorId, 3)).pendingPoints).toBe(2000);
  });

  it('reaches a referrer by the pure rule: on every day of the window and for unrelated bonds only', async () => {
    const windowDays = defaultPointsConfig.referralWindowDays;
    const boundOn = '2026-03-01';
    const ages = [-1, 0, 1, windowDays - 1, windowDays].flatMap((ageDays) => [
      { related: false, orderedOn: addDays(boundOn, ageDays) },
      { related: true, orderedOn: addDays(boundOn, ageDays) },
    ]);
    for (const { related, orderedOn } of ages) {
      const operatorId = freshOperator();
      const [memberId, referrerId] = [memberOf(1), memberOf(2)];
      await inTx((tx) => bindReferrer(tx, { operatorId, memberId, referrerId, boundOn, related }));
      await issue([paidOrder(operatorId, 1, { day: orderedOn, member: 1, netFen: 9_999 })]);
      const applies = referralApplies({ boundOn, orderedOn, related }, defaultPointsConfig);
      expect((await pointsOf(operatorId, 2)).pendingPoints).toBe(
        applies ? referralPoints(pointFen(1999), defaultPointsConfig) : 0,
      );
    }
  });

  it('counts the Shanghai day of acceptance', async () => {
    const operatorId = freshOperator();
    const order = paidOrder(operatorId, 1, { day: '2026-03-02' });
    await issue([{ ...order, acceptedAtMs: Date.parse('2026-02-28T16:00:00Z') }]);
    const { rows } = await database.db.execute(sql`
      select accepted_on::text as day from points_order where operator_id = ${operatorId}`);
    expect(rows).toEqual([{ day: '2026-03-01' }]);
  });
});

const attach = (operatorId: OperatorId, member: number, asOf = '2026-03-03', index = 1) =>
  inTx((tx) =>
    attachMember(tx, { operatorId, orderId: orderOf(index), memberId: memberOf(member), asOf }),
  );

describe('claiming the points of a receipt', () => {
  it('gives them once: the same member again gets the same answer, another is refused', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02' })]);
    expect(await attach(operatorId, 1)).toEqual({ ok: true, value: { points: 2000 } });
    expect(await attach(operatorId, 1)).toEqual({ ok: true, value: { points: 2000 } });
    expect(await attach(operatorId, 2)).toEqual({ ok: false, error: { type: 'already-claimed' } });
    expect(await attach(operatorId, 1, '2026-03-03', 9)).toEqual({
      ok: false,
      error: { type: 'order-unknown' },
    });
    expect((await pointsOf(operatorId, 1)).pendingPoints).toBe(2000);
  });

  it('starts a lot that is already final in the period of the claim, referral included', async () => {
    const operatorId = freshOperator();
    await inTx((tx) =>
      bindReferrer(tx, {
        operatorId,
        memberId: memberOf(1),
        referrerId: memberOf(2),
        boundOn: '2026-01-01',
        related: false,
      }),
    );
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02' })]);
    await inTx((tx) =>
      makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-03-09' }),
    );
    getOrThrow(await attach(operatorId, 1, '2026-04-20'));
    expect((await lotOf(operatorId, 1))?.issued_in).toBe('2026-04');
    expect((await pointsOf(operatorId, 1)).unreleasedPoints).toBe(2000);
    expect((await pointsOf(operatorId, 2)).unreleasedPoints).toBe(100);
  });

  it('lapses when nobody claims in time', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02' })]);
    await inTx((tx) =>
      makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-03-09' }),
    );
    const lapse = (finalBefore: string) =>
      inTx((tx) => lapseUnclaimed(tx, { operatorId, finalBefore }));
    expect(await lapse('2026-03-09')).toEqual({ lapsed: 0 });
    expect(await lapse('2026-03-10')).toEqual({ lapsed: 1 });
    expect(await attach(operatorId, 1)).toEqual({ ok: false, error: { type: 'claim-lapsed' } });
  });

  it('gives a receipt to one of two members who claim it at the same moment', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02' })]);
    const results = await Promise.all([1, 2, 3, 4].map((member) => attach(operatorId, member)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });
});

describe('what may not change', () => {
  it('refuses to change or delete a points entry', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02', member: 1 })]);
    for (const statement of [
      sql`update points_entry set points = 0`,
      sql`delete from points_entry`,
    ])
      await expect(database.db.execute(statement)).rejects.toThrow();
  });

  it('lets no late order into a closed period', async () => {
    const operatorId = freshOperator();
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02', member: 1 })]);
    getOrThrow(await inTx((tx) => closePeriod(tx, { operatorId, period: '2026-03' })));
    await inTx((tx) =>
      makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-03-31' }),
    );
    expect((await lotOf(operatorId, 1))?.issued_in).toBe('2026-04');
  });

  it('changes rules forwards only, by two people, never looser than the law of the house', async () => {
    const operatorId = freshOperator();
    const change = {
      operatorId,
      effectivePeriod: '2026-04',
      config: { ...defaultPointsConfig, referralBp: basisPoints(300) },
      proposedBy: 'chen',
      approvedBy: 'wang',
    };
    const put = (more: Partial<typeof change>) =>
      inTx((tx) => putPointsConfig(tx, { ...change, ...more }));
    expect(await put({ approvedBy: 'chen' })).toMatchObject({
      error: { type: 'one-person-approval' },
    });
    const looser = { ...defaultPointsConfig, referralBp: basisPoints(501) };
    expect(await put({ config: looser })).toMatchObject({ error: { type: 'config-out-of-range' } });
    getOrThrow(await inTx((tx) => closePeriod(tx, { operatorId, period: '2026-03' })));
    expect(await put({ effectivePeriod: '2026-03' })).toMatchObject({
      error: { type: 'period-already-closed' },
    });
    expect(await put({})).toEqual({ ok: true, value: { version: 1 } });
    const at = (period: string) => pointsConfigAt(database.db, { operatorId, period });
    expect((await at('2026-03')).config.referralBp).toBe(500);
    expect((await at('2026-04')).config.referralBp).toBe(300);
  });
});
