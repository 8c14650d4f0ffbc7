import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { attachMember } from '#cloud/points/claim-points.ts';
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
import { readClose } from '#cloud/release/close/stored-closes.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { entitlementOfLots, scheduleLcm } from '#shared/points/release/schedule.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import type { GateMeasure } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { periodsBetween } from '#shared/time/period.ts';

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

interface Life {
  readonly operatorId: OperatorId;
  /** How many months behind February's end its close comes. */
  readonly lateMonths: number;
}

const close = ({ operatorId }: Life, period: string) =>
  inTx((tx) => closePeriod(tx, { operatorId, period })).then(getOrThrow);

async function sell(
  { operatorId }: Life,
  orders: readonly { readonly no: number; readonly day: string; readonly member?: number }[],
  asOf: string,
): Promise<void> {
  await inTx(async (tx) => {
    const paid = orders.map(({ no, ...order }) => paidOrder(operatorId, no, order));
    await issuePendingPoints(tx, paid);
    await makePointsFinal(tx, { operatorId, orderIds: paid.map(({ orderId }) => orderId), asOf });
  });
}

/** January small, February a little more; then trade goes on, whether February is closed or not. */
async function live(life: Life, gateMeasure: GateMeasure): Promise<void> {
  const { operatorId, lateMonths } = life;
  await inTx((tx) => usePilotConfig(tx, operatorId, { gateMeasure }));
  await inTx((tx) => fundWith(tx, operatorId, { key: 'fund', amountFen: 70_000 }));
  await sell(
    life,
    [1, 2, 3].map((no) => ({ no, day: '2026-01-02', member: no })),
    '2026-01-10',
  );
  // Nobody's, until somebody claims it in March.
  await sell(life, [{ no: 4, day: '2026-01-03' }], '2026-01-10');
  await close(life, '2026-01');
  await sell(life, [{ no: 10, day: '2026-02-02', member: 1 }], '2026-02-10');
  if (lateMonths === 0) await close(life, '2026-02');
  await sell(
    life,
    [20, 21].map((no) => ({ no, day: '2026-03-01', member: no - 19 })),
    '2026-03-09',
  );
  await sell(life, [{ no: 22, day: '2026-03-01' }], '2026-03-09');
  const claim = { operatorId, orderId: orderOf(4), memberId: memberOf(3), asOf: '2026-03-09' };
  getOrThrow(await inTx((tx) => attachMember(tx, claim)));
  if (lateMonths === 1) await close(life, '2026-02');
  if (lateMonths < 2) await close(life, '2026-03');
  await sell(life, [{ no: 30, day: '2026-04-01', member: 2 }], '2026-04-09');
  if (lateMonths === 2) await close(life, '2026-02');
  if (lateMonths === 2) await close(life, '2026-03');
  await close(life, '2026-04');
}

async function accountsOf({ operatorId }: Life) {
  const { rows } = await database.db.execute<{
    member: string;
    cum: string;
    lots: { points: number; n: number; issued: string }[];
  }>(sql`
    select member_id as member, issued, active_num::text as active, cum_num::text as cum,
           (select json_agg(json_build_object('points', points, 'n', n, 'issued', issued_in)
                            order by order_id)
              from points_lot l where l.operator_id = a.operator_id
                                  and l.member_id = a.member_id) as lots
      from account_points a where operator_id = ${operatorId} order by member_id`);
  return rows;
}

let operators = 0;
it.each<{ measure: GateMeasure; lateMonths: number }>([
  { measure: 'outstanding', lateMonths: 1 },
  { measure: 'outstanding', lateMonths: 2 },
  { measure: 'period_inflow', lateMonths: 1 },
])(
  'a close that comes $lateMonths months late reads the stock of its window ($measure), and no later lot gives a slice at it',
  async ({ measure, lateMonths }) => {
    const [inTime, late] = [0, lateMonths].map((months) => ({
      operatorId: operatorOf((operators += 1)),
      lateMonths: months,
    })) as [Life, Life];
    await live(inTime, measure);
    await live(late, measure);
    for (const period of ['2026-02', '2026-03', '2026-04']) {
      const [expected, found] = await Promise.all(
        [inTime, late].map(({ operatorId }) => readClose(database.db, { operatorId, period })),
      );
      const { outstanding, inflow } = expected!.explanation['gate'] as Record<string, object>;
      const { duePoints } = expected!.explanation['multiplier'] as Record<string, unknown>;
      expect(found).toMatchObject({
        gateOpen: expected!.gateOpen,
        gateReason: expected!.gateReason,
        explanation: {
          gate: {
            // A late close knows of what entered since and leaves it out; what was claimed since is as much.
            outstanding: {
              ...outstanding,
              enteredLater: expect.any(String),
              unclaimed: expect.any(String),
            },
            inflow,
          },
          multiplier: { duePoints },
        },
      });
    }
    // Five orders of the first two months, one of them claimed since; three of March entered later, and one of April.
    const february = await readClose(database.db, { ...late, period: '2026-02' });
    expect(february!.explanation).toMatchObject({
      gate: {
        outstanding: {
          current: '10000',
          enteredLater: lateMonths === 1 ? '6000' : '8000',
        },
      },
      // What is to be covered is covered now: also what entered later, and the 5% that a referrer may get at a claim.
      multiplier: { unreleasedPoints: lateMonths === 1 ? 16_100 : 18_100 },
    });
    const accounts = await accountsOf(late);
    expect(accounts).toEqual(await accountsOf(inTime));
    for (const { cum, lots } of accounts) {
      const running = lots.map(({ points, n, issued }) => ({
        points: pointFen(points),
        n,
        closes: periodsBetween({ from: issued, to: '2026-04' }) + 1,
      }));
      expect(Number(BigInt(cum) / scheduleLcm)).toBe(entitlementOfLots(running));
    }
  },
  60_000,
);
