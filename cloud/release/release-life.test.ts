import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  balancesOf,
  fundWith,
  operatorOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { shareFloor } from '#shared/money/rate.ts';
import { addMonths, periodSpan } from '#shared/time/period.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { entitlementOfLots, scheduleLcm } from '#shared/points/release/schedule.ts';
import { divideConcession } from '#shared/points/agents/waterfall.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

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
        await makePointsFinal(tx, { operatorId, orderIds, asOf: periodSpan(period).lastDay });
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
