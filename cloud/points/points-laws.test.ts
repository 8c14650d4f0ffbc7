import { sql, type SQL } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveALife, type LivedLife } from '#cloud/disclosure/testing/lived-life.ts';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { pointsLaws } from '#cloud/points/points-laws.ts';
import { proveBeforeRelease, proveBooks, proveNightly } from '#cloud/proof/proof-run.ts';

let life: LivedLife;
beforeAll(async () => {
  life = await liveALife();
}, 120_000);
afterAll(() => life?.close());

const brokenLaws = async () => {
  const proofs = await proveBooks(life.cloud.deps);
  return proofs.filter(({ holds }) => !holds).map(({ name }) => name);
};
const plant = (change: SQL) => life.cloud.deps.db.execute(change);

const changeLeft = (by: number) => sql`
  update voucher set left_fen = left_fen + ${by}
   where voucher_id = (select min(voucher_id) from voucher where left_fen > 0)`;

/** One point, or one fen, too much in one row; and the same taken back. */
const planted: readonly [law: string, does: (by: number) => SQL, also: readonly string[]][] = [
  [
    'accounts-equal-lots',
    (by) => sql`update account_points set issued = issued + ${by}
      where member_id = (select min(member_id) from account_points)`,
    [],
  ],
  [
    'schedules-equal-lots',
    (by) => sql`update account_points set cum_num = cum_num + ${by}
      where member_id = (select min(member_id) from account_points)`,
    [],
  ],
  [
    'schedules-equal-lots',
    (by) => sql`update account_points set active_num = active_num + ${by}
      where member_id = (select max(member_id) from account_points)`,
    [],
  ],
  [
    'released-value-is-vouchers',
    (by) => sql`update account_points set released_fen = released_fen + ${by}
      where member_id = (select min(member_id) from account_points)`,
    [],
  ],
  [
    'released-points-have-a-cause',
    (by) => sql`update account_points set released = released + ${by}
      where member_id = (select min(member_id) from account_points)`,
    [],
  ],
  [
    'lots-follow-their-orders',
    (by) => sql`update points_order set concession_fen = concession_fen + ${by}
      where order_id = (select min(order_id) from points_lot where kind = 'consumer')`,
    [],
  ],
  [
    'lots-follow-their-orders',
    (
      by,
    ) => sql`update points_lot set points = points + ${by} where kind = 'consumer' and state = 'final'
      and order_id = (select min(order_id) from points_lot where kind = 'consumer' and state = 'final')`,
    ['accounts-equal-lots', 'schedules-equal-lots'],
  ],
  [
    'credit-equals-entries',
    (by) => sql`update promo_credit set points = points + ${by}
      where merchant_id = (select min(merchant_id) from promo_credit)`,
    [],
  ],
];

describe('the laws of points', () => {
  it('hold over a life of months, with every kind of movement in it', async () => {
    expect(await brokenLaws()).toEqual([]);
    const { rows } = await life.cloud.deps.db.execute<Record<string, number>>(sql`
      select (select count(*) from points_lot where state = 'final') as lots,
             (select count(*) from voucher) as vouchers,
             (select count(*) from release_adjustment where state = 'posted') as corrections,
             (select count(*) from period_close) as closes`);
    for (const [what, count] of Object.entries(rows[0]!)) expect(count, what).toBeGreaterThan(0);
  });

  it.each(planted)('%s finds one point too many, by that name', async (law, does, also) => {
    await plant(does(1));
    expect((await brokenLaws()).toSorted()).toEqual([law, ...also].toSorted());
    await plant(does(-1));
    expect(await brokenLaws()).toEqual([]);
  });

  it('vouchers-are-whole finds a fen that is nowhere, and the books miss it too', async () => {
    const { db } = life.cloud.deps;
    const { rows } = await db.execute<{ name: string }>(sql`
      select conname as name from pg_constraint where conrelid = 'voucher'::regclass
         and contype = 'c' and pg_get_constraintdef(oid) like '%face_fen%clawed_fen%'`);
    for (const { name } of rows)
      await plant(sql`alter table voucher drop constraint ${sql.identifier(name)}`);
    await plant(changeLeft(1));
    expect((await brokenLaws()).toSorted()).toEqual(['vouchers-are-whole', 'wallets-equal-ledger']);
    await plant(changeLeft(-1));
  });

  it('each has a planted violation of its own', () => {
    const names = [...planted.map(([law]) => law), 'vouchers-are-whole'];
    expect([...new Set(names)].toSorted()).toEqual(pointsLaws.map(({ name }) => name).toSorted());
  });

  it('that read every lot are asked before a release only when the last night did not ask them', async () => {
    const { deps } = life.cloud;
    const asked = async () =>
      runScoped({ type: 'operator', operatorId: deps.operatorId }, async () =>
        (await proveBeforeRelease(deps)).map(({ name }) => name),
      );
    const dayMs = 86_400_000;
    life.clock.advance(3 * dayMs + 4 * 3_600_000);
    expect(await asked()).toContain('schedules-equal-lots');
    life.clock.advance(dayMs);
    const brief = await asked();
    expect(brief).not.toContain('schedules-equal-lots');
    expect(brief).toEqual(
      expect.arrayContaining(['released-points-have-a-cause', 'cash-covers-vouchers']),
    );
    // A brief proof is no night's proof.
    life.clock.advance(1_000);
    const night = () =>
      runScoped({ type: 'operator', operatorId: deps.operatorId }, () => proveNightly(deps));
    expect([await night(), await night()]).toEqual([1, 0]);
    life.clock.advance(2 * dayMs);
    expect(await asked()).toContain('schedules-equal-lots');
  });

  it('hold all releases in the night in which one is broken', async () => {
    const { deps } = life.cloud;
    await plant(planted[0]![1](1));
    life.clock.advance(2 * 86_400_000 + 4 * 3_600_000);
    await runScoped({ type: 'operator', operatorId: deps.operatorId }, () => proveNightly(deps));
    expect(await standingReasons(deps.db, deps.operatorId)).toEqual(['proof:accounts-equal-lots']);
  });
});
