import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { bindReferrer } from '#cloud/points/claim-points.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { memberPoints } from '#cloud/points/member-points.ts';
import {
  memberOf,
  merchantOf,
  operatorOf,
  orderOf,
  paidOrder,
} from '#cloud/points/testing/points-fixtures.ts';
import type { PartyEdge, PartyNode, Relation } from '#cloud/relations/relation-graph.ts';
import {
  endRelation,
  memberNode,
  merchantNode,
  noteRelations,
} from '#cloud/relations/relation-store.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const issue = (orders: readonly PaidOrder[]) => inTx((tx) => issuePendingPoints(tx, orders));
const finalise = (operatorId: OperatorId, ...indexes: readonly number[]) =>
  inTx((tx) =>
    makePointsFinal(tx, { operatorId, orderIds: indexes.map(orderOf), asOf: '2026-03-09' }),
  );
const pointsOf = (operatorId: OperatorId, member: number) =>
  memberPoints(database.db, { operatorId, memberId: memberOf(member) });

const member = (index: number): PartyNode => memberNode(memberOf(index));
const shop = (index: number): PartyNode => merchantNode(merchantOf(index));
const edge = (from: PartyNode, relation: Relation, to: PartyNode): PartyEdge => ({
  from,
  to,
  relation,
});
const note = (operatorId: OperatorId, ...edges: readonly PartyEdge[]) =>
  inTx((tx) =>
    noteRelations(tx, {
      operatorId,
      edges,
      source: 'operator',
      by: '陈',
      note: '现场核对',
      nowMs: 5,
    }),
  );
const bind = (operatorId: OperatorId, friend: number, referrer: number) =>
  inTx((tx) =>
    bindReferrer(tx, {
      operatorId,
      memberId: memberOf(friend),
      referrerId: memberOf(referrer),
      boundOn: '2026-03-01',
      related: false,
    }),
  );

async function flags(operatorId: OperatorId) {
  const { rows } = await database.db.execute<{ order_id: string; path: string[] }>(sql`
    select r.order_id, r.path from order_relation r join points_order o using (operator_id, order_id)
     where r.operator_id = ${operatorId} and o.is_related order by r.order_id`);
  return rows.map((row) => [row.order_id, row.path]);
}

async function scoreAfterClose(operatorId: OperatorId): Promise<number | undefined> {
  await inTx(async (tx) => getOrThrow(await closePeriod(tx, { operatorId, period: '2026-03' })));
  const { rows } = await database.db.execute<{ bp: number }>(sql`
    select score_bp as bp from account_points
     where operator_id = ${operatorId} and member_id = ${memberOf(1)}`);
  return rows[0]?.bp;
}

describe("a purchase at a shop of one's own", () => {
  it('pays no referral, over a shared wallet too, and keeps the way as its reason', async () => {
    const operatorId = freshOperator();
    await bind(operatorId, 1, 9);
    await bind(operatorId, 3, 9);
    await note(
      operatorId,
      edge(member(2), 'owner', shop(1)),
      edge(member(1), 'payer', 'payer:aa'),
      edge(member(2), 'payer', 'payer:aa'),
    );
    await issue([
      paidOrder(operatorId, 1, { day: '2026-03-02', member: 1, merchant: 1 }),
      paidOrder(operatorId, 2, { day: '2026-03-02', member: 1, merchant: 2 }),
      paidOrder(operatorId, 3, { day: '2026-03-02', member: 3, merchant: 1 }),
    ]);
    expect(await flags(operatorId)).toEqual([[orderOf(1), ['payer', 'payer', 'owner']]]);
    expect((await pointsOf(operatorId, 9)).pendingPoints).toBe(100 + 100);
    expect((await pointsOf(operatorId, 1)).pendingPoints).toBe(4_000);
  });

  it("found during the hold takes the referrer's pending points away and nobody else's", async () => {
    const operatorId = freshOperator();
    await bind(operatorId, 1, 9);
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02', member: 1, merchant: 1 })]);
    expect((await pointsOf(operatorId, 9)).pendingPoints).toBe(100);
    await note(operatorId, edge(member(1), 'staff', shop(1)));
    await finalise(operatorId, 1);
    expect(await flags(operatorId)).toEqual([[orderOf(1), ['staff']]]);
    expect(await pointsOf(operatorId, 9)).toMatchObject({ pendingPoints: 0, unreleasedPoints: 0 });
    expect(await pointsOf(operatorId, 1)).toMatchObject({ unreleasedPoints: 2_000 });
    const { rows } = await database.db.execute<{ sum: number }>(sql`
      select sum(points)::bigint as sum from points_entry
       where operator_id = ${operatorId} and member_id = ${memberOf(9)}`);
    expect(rows[0]?.sum).toBe(0);
  });

  it('does not count into the bonus score, which then is that of the other purchases', async () => {
    const operatorId = freshOperator();
    const orders = [1, 2, 3, 4, 5].map((merchant) =>
      paidOrder(operatorId, merchant, { day: '2026-03-02', member: 1, merchant }),
    );
    await issue(orders);
    await finalise(operatorId, 1, 2, 3, 4, 5);
    const other = freshOperator();
    await note(other, edge(member(1), 'owner', shop(1)), edge(member(1), 'owner', shop(2)));
    await issue(orders.map((order) => ({ ...order, operatorId: other })));
    await finalise(other, 1, 2, 3, 4, 5);
    expect(await scoreAfterClose(operatorId)).toBe(10_000);
    // Three shops of five; of two thirds of the spending outside the top shop the doubled share is more than whole.
    expect(await scoreAfterClose(other)).toBe(6_000);
  });
});

const related = async (operatorId: OperatorId) => {
  const { rows } = await database.db.execute<{ path: string[] | null }>(sql`
    select related_path as path from points_referral_bond where operator_id = ${operatorId}`);
  return rows.map((row) => row.path);
};

describe('friends who belong together', () => {
  it('earn nothing from each other from the moment it is known until it is taken back', async () => {
    const operatorId = freshOperator();
    await bind(operatorId, 1, 2);
    expect(await related(operatorId)).toEqual([null]);
    const one = edge(member(1), 'device', 'device:d1');
    await note(operatorId, one);
    expect(await related(operatorId)).toEqual([null]);
    await note(operatorId, edge(member(2), 'device', 'device:d1'));
    expect(await related(operatorId)).toEqual([['device', 'device']]);
    await issue([paidOrder(operatorId, 1, { day: '2026-03-02', member: 1 })]);
    expect((await pointsOf(operatorId, 2)).pendingPoints).toBe(0);
    const end = () =>
      inTx((tx) =>
        endRelation(tx, { operatorId, edge: one, by: '陈', note: '登记有误', nowMs: 9 }),
      );
    expect(await end()).toBe(true);
    expect(await end()).toBe(false);
    expect(await related(operatorId)).toEqual([null]);
    await issue([paidOrder(operatorId, 2, { day: '2026-03-02', member: 1 })]);
    expect((await pointsOf(operatorId, 2)).pendingPoints).toBe(100);
  });

  it('are known at the moment of the bond', async () => {
    const operatorId = freshOperator();
    await note(operatorId, edge(member(1), 'staff', shop(1)), edge(member(2), 'owner', shop(1)));
    await bind(operatorId, 1, 2);
    expect(await related(operatorId)).toEqual([['staff', 'owner']]);
  });

  it('noted twice, or by two at the same moment, make one edge each way', async () => {
    const operatorId = freshOperator();
    const one = edge(member(1), 'staff', shop(1));
    await Promise.all([
      note(operatorId, one),
      note(operatorId, { ...one, from: one.to, to: one.from }),
    ]);
    expect(await note(operatorId, one)).toEqual({ added: 0 });
    const { rows } = await database.db.execute(sql`
      select 1 from party_edge where operator_id = ${operatorId}`);
    expect(rows).toHaveLength(2);
  });
});
