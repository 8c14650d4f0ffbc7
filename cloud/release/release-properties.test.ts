import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#cloud/platform/testing/test-database.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  balancesOf,
  fundWith,
  memberOf,
  operatorOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints, shareFloor } from '#shared/money/rate.ts';
import { purchaseScore } from '#shared/points/account-multiplier.ts';
import { addMonths, monthPeriod } from '#shared/points/period.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { planReleaseDay } from '#shared/points/release-day.ts';
import { entitlementOfLots, scheduleLcm } from '#shared/points/schedule.ts';
import { thetaText } from '#shared/points/water-fill.ts';
import { divideConcession } from '#shared/points/waterfall.ts';
import { getOrThrow } from '#shared/result/result.ts';

const md5Hex = (text: string): string => createHash('md5').update(text).digest('hex');

let database: TestDatabase;
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const booksMax = 50;

const account = fc.record({
  due: fc.integer({ min: -500, max: 20_000 }),
  fraction: fc.integer({ min: 0, max: 3_290_039 }),
  scoreBp: fc.integer({ min: 0, max: 10_000 }),
  bought: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9000 })),
  frozen: fc.boolean(),
});

const book = fc.record({
  accounts: fc.array(account, { minLength: 1, maxLength: 30 }),
  multBp: fc.integer({ min: 10_000, max: 50_000 }),
  budget: fc.integer({ min: 0, max: 400_000 }),
  fund: fc.integer({ min: 1, max: 400_000 }),
  otherSales: fc.integer({ min: 1, max: 400_000 }),
  date: fc.integer({ min: 1, max: 31 }),
  gateOpen: fc.integer({ min: 0, max: 9 }).map((value) => value > 0),
});

type Book = typeof book extends fc.Arbitrary<infer T> ? T : never;

/** Any earlier release of the account; its points are above the entitlement when `due` is below zero. */
const releasedBase = 1000;

async function plantBook(tx: Tx, operatorId: OperatorId, given: Book, day: string): Promise<void> {
  await usePilotConfig(tx, operatorId, { bonusRequiresScore: true });
  await fundWith(tx, operatorId, { key: 'fund', amountFen: given.fund });
  const rows = given.accounts.map((one, index) => ({
    member_id: memberOf(index + 1),
    state: one.frozen && index % 5 === 0 ? 'frozen' : 'active',
    cum: String(BigInt(one.due + releasedBase) * scheduleLcm + BigInt(one.fraction)),
    score_bp: one.scoreBp,
  }));
  await tx.execute(sql`
    insert into account_points (operator_id, member_id, state, issued, released, cum_num, score_bp)
    select ${operatorId}, member_id, state, 100000, ${releasedBase}, cum::numeric, score_bp
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r(member_id text, state text, cum text, score_bp integer)`);
  await tx.execute(sql`
    insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
      unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
    values (${operatorId}, '2026-02', 1, ${given.gateOpen}, 'open', 0, 0, ${given.multBp},
      ${given.gateOpen ? given.budget : 0}, 40, '{}', ${'0'.repeat(64)})`);
  await issuePendingPoints(tx, [
    paidOrder(operatorId, 0, { day, netFen: given.otherSales }),
    ...given.accounts.flatMap((one, index) =>
      one.bought === 0
        ? []
        : [
            paidOrder(operatorId, index + 1, {
              day: '2026-03-01',
              member: index + 1,
              netFen: one.bought,
            }),
          ],
    ),
  ]);
}

function planOf(given: Book, day: string) {
  const boughtOnFirst = given.accounts.reduce((sum, { bought }) => sum + bought, 0);
  return planReleaseDay(
    {
      runId: `2026-03/d${day.slice(8)}`,
      gateOpen: given.gateOpen,
      multBp: basisPoints(given.multBp),
      budgetLeftFen: fen(given.gateOpen ? given.budget : 0),
      fundFreeFen: fen(given.fund),
      unreleasedPoints: pointFen(0),
      dayConsumptionFen: fen(given.otherSales + (day === '2026-03-01' ? boughtOnFirst : 0)),
      daysLeft: 32 - given.date,
      accounts: given.accounts
        .map((one, index) => ({
          id: memberOf(index + 1) as string,
          due: pointFen(one.due),
          scoreBp: basisPoints(one.scoreBp),
          consumedFen: fen(one.bought),
          releasedFen: fen(0),
          frozen: one.frozen && index % 5 === 0,
        }))
        .filter(({ frozen }) => !frozen),
    },
    { config: defaultPointsConfig, md5Hex },
  );
}

describe('the release day as SQL', () => {
  it(`equals the pure engine to the fen on ${booksMax} random books`, async () => {
    const seen = { capped: 0, full: 0, empty: 0, closed: 0 };
    await fc.assert(
      fc.asyncProperty(book, async (given) => {
        const operatorId = freshOperator();
        const day = `2026-03-${String(given.date).padStart(2, '0')}`;
        const run = await inTx(async (tx) => {
          await plantBook(tx, operatorId, given, day);
          return getOrThrow(await runReleaseDay(tx, { operatorId, period: '2026-02', day }));
        });
        const plan = planOf(given, day);
        const { rows } = await database.db.execute(sql`
          select member_id as id, mult_bp, want_fen, alloc_fen, points_used
            from release_allocation where operator_id = ${operatorId} order by member_id`);
        expect(rows).toEqual(
          plan.allocations
            .filter(({ allocFen }) => allocFen > 0)
            .map((row) => ({
              id: row.id,
              mult_bp: row.multBp,
              want_fen: row.wantFen,
              alloc_fen: row.allocFen,
              points_used: row.pointsUsed,
            })),
        );
        expect(run).toMatchObject({
          limitFen: plan.limitFen,
          binding: plan.binding,
          theta: thetaText(plan.theta),
          releasedFen: plan.releasedFen,
        });
        const books = await balancesOf(database.db, operatorId);
        expect(books['fund_free']).toBe(plan.fundAfterFen);
        expect(books['voucher_outstanding'] ?? 0).toBe(plan.releasedFen);
        if (!given.gateOpen) seen.closed += 1;
        else if (plan.releasedFen === 0) seen.empty += 1;
        else if (plan.theta.den === 1n) seen.full += 1;
        else seen.capped += 1;
      }),
      { numRuns: booksMax },
    );
    // The books reach the cases that matter; otherwise the equality above would prove little.
    expect(seen.capped).toBeGreaterThan(5);
    expect(seen.full + seen.closed + seen.empty).toBeGreaterThan(3);
  }, 60_000);
});

describe('the purchase score as SQL', () => {
  it('equals the pure rule on random purchases', async () => {
    const purchases = fc.array(
      fc.record({
        merchant: fc.integer({ min: 1, max: 8 }),
        netFen: fc.integer({ min: 1, max: 50_000 }),
        isOld: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(purchases, { minLength: 1, maxLength: 8 }), async (members) => {
        const operatorId = freshOperator();
        let index = 0;
        const orders = members.flatMap((own, member) =>
          own.map(({ merchant, netFen, isOld }) =>
            // 90 days before the end of March begin on 1 January.
            paidOrder(operatorId, (index += 1), {
              day: isOld ? '2025-12-31' : '2026-01-01',
              member: member + 1,
              merchant,
              netFen,
            }),
          ),
        );
        await inTx(async (tx) => {
          await issuePendingPoints(tx, orders);
          for (const member of members.keys())
            await tx.execute(sql`
              insert into account_points (operator_id, member_id)
              values (${operatorId}, ${memberOf(member + 1)})`);
          getOrThrow(await closePeriod(tx, { operatorId, period: '2026-03' }));
        });
        const { rows } = await database.db.execute<{ score_bp: number }>(sql`
          select score_bp from account_points where operator_id = ${operatorId} order by member_id`);
        expect(rows.map((row) => row.score_bp)).toEqual(members.map(scoreOf));
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});

function scoreOf(own: readonly { merchant: number; netFen: number; isOld: boolean }[]): number {
  const byShop = new Map<number, bigint>();
  for (const { merchant, netFen } of own.filter(({ isOld }) => !isOld))
    byShop.set(merchant, (byShop.get(merchant) ?? 0n) + BigInt(netFen));
  const sums = [...byShop.values()];
  return purchaseScore({
    merchants: sums.length,
    topMerchantFen: sums.reduce((top, sum) => (sum > top ? sum : top), 0n),
    totalFen: sums.reduce((total, sum) => total + sum, 0n),
  });
}

/** A small deterministic generator: the life below must be the same in every run. */
function createDice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

async function expectInvariants(operatorId: OperatorId): Promise<void> {
  const books = await balancesOf(database.db, operatorId);
  const [fund, vouchers] = [books['fund_free'] ?? 0, books['voucher_outstanding'] ?? 0];
  expect(fund).toBeGreaterThanOrEqual(0);
  expect(-(books['ring_fenced_cash'] ?? 0)).toBe(fund + vouchers);
  const { rows } = await database.db.execute<{ x: number; wallets: number; capped: boolean }>(sql`
    select (select sum(issued - released) from account_points
             where operator_id = ${operatorId}) as x,
           (select coalesce(sum(left_fen + held_fen), 0) from voucher
             where operator_id = ${operatorId}) as wallets,
           (select coalesce(bool_and(a.alloc_fen <= 2 * coalesce(bought.fen, 0)), true)
              from release_allocation a
              left join lateral (
                select sum(net_fen) as fen from points_order o
                 where o.operator_id = a.operator_id and o.member_id = a.member_id
                   and o.accepted_on between date_trunc('month', a.day)::date and a.day) bought on true
             where a.operator_id = ${operatorId}) as capped`);
  expect(rows[0]!.wallets).toBe(vouchers);
  expect(rows[0]!.capped).toBe(true);
  expect(fund * 10_000).toBeGreaterThanOrEqual(3000 * rows[0]!.x);
}

/** Two numbers per account against the sum over its lots. */
async function expectSchedules(operatorId: OperatorId, period: string): Promise<void> {
  const { rows } = await database.db.execute<{
    entitled: number;
    lots: { points: number; n: number; issued: string }[];
  }>(sql`
    select div(cum_num, ${String(scheduleLcm)}::numeric) as entitled,
           (select json_agg(json_build_object('points', points, 'n', n, 'issued', issued_in))
              from points_lot l where l.operator_id = a.operator_id
                                  and l.member_id = a.member_id) as lots
      from account_points a where operator_id = ${operatorId}`);
  for (const { entitled, lots } of rows) {
    const running = lots.map(({ points, n, issued }) => ({
      points: pointFen(points),
      n,
      closes: monthsBetween(issued, period) + 1,
    }));
    expect(entitled).toBe(entitlementOfLots(running));
  }
}

describe('a life of 44 months', () => {
  it('keeps K = F + VO (I1), the coverage floor (I2), the caps (I4), the gate (I6) and every schedule', async () => {
    const operatorId = freshOperator();
    const dice = createDice(20_260_301);
    let [orderIndex, openCount, gateClosedCount, releasedFen] = [0, 0, 0, 0];
    await inTx((tx) => usePilotConfig(tx, operatorId));
    for (let month = 0; month < 44; month += 1) {
      const period = addMonths('2024-01', month);
      const day = `${period}-${String(1 + dice(28)).padStart(2, '0')}`;
      const growing = month % 11 < 8;
      const orders = Array.from({ length: 2 + dice(growing ? 3 + month : 2) }, () =>
        paidOrder(operatorId, (orderIndex += 1), {
          day,
          member: 1 + dice(9),
          merchant: 1 + dice(4),
          netFen: 1 + dice(growing ? 20_000 * (month + 1) : 5000),
          concessionBp: 300 + dice(1701),
        }),
      );
      await inTx(async (tx) => {
        await issuePendingPoints(tx, orders);
        const orderIds = orders.map(({ orderId }) => orderId);
        await makePointsFinal(tx, { operatorId, orderIds, asOf: monthPeriod(period).lastDay });
        const fund = orders.reduce((sum, order) => {
          const concessionFen = shareFloor(order.netFen, order.concessionBp);
          const sale = { netFen: order.netFen, concessionFen };
          return sum + divideConcession(sale, ['marketer'], defaultPointsConfig).fundFen;
        }, 0);
        if (fund > 0) await fundWith(tx, operatorId, { key: `fund:${period}`, amountFen: fund });
      });
      if (month > 0) {
        const previous = addMonths(period, -1);
        const run = getOrThrow(
          await inTx((tx) => runReleaseDay(tx, { operatorId, period: previous, day })),
        );
        const closed = getOrThrow(
          await inTx((tx) => closePeriod(tx, { operatorId, period: previous })),
        );
        releasedFen += run.releasedFen;
        if (closed.gateOpen) openCount += 1;
        else {
          gateClosedCount += 1;
          expect(run.releasedFen).toBe(0);
        }
        const sales = orders.reduce((sum, { netFen }) => sum + netFen, 0);
        expect(run.releasedFen * 2).toBeLessThanOrEqual(sales);
      }
      await expectInvariants(operatorId);
      getOrThrow(await inTx((tx) => closePeriod(tx, { operatorId, period })));
      await expectSchedules(operatorId, period);
    }
    expect(openCount).toBeGreaterThan(3);
    expect(gateClosedCount).toBeGreaterThan(3);
    expect(releasedFen).toBeGreaterThan(10_000);
    const { rows } = await database.db.execute(sql`
      select 1 from points_lot where operator_id = ${operatorId} and ends_in < '2027-08' limit 1`);
    expect(rows).toHaveLength(1);
  }, 120_000);
});

const monthsBetween = (from: string, to: string): number =>
  (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 +
  Number(to.slice(5)) -
  Number(from.slice(5));

describe('the defaults in SQL', () => {
  it('knows no version of an operator without changes', async () => {
    const at = { operatorId: freshOperator(), period: '2026-03' };
    expect(await pointsConfigAt(database.db, at)).toEqual({
      version: 0,
      config: defaultPointsConfig,
    });
  });
});
