import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { bindReferrer } from '#cloud/points/claim-points.ts';
import { clawBackPoints, lockPoints } from '#cloud/points/claw-back.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  fundWith,
  memberOf,
  merchantOf,
  operatorOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { clawBack } from '#shared/points/refund/clawback.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { referralPoints } from '#shared/points/issue/referral.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { addPeriods, periodSpan, periodsBetween } from '#shared/time/period.ts';

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const members = 5;
const months = 7;
const refunds = 70;
/** The day of the refunds: vouchers that ended by then are nobody's to cancel. */
const today = '2026-09-01';

const reached = { pending: 0, entitlement: 0, vouchers: 0, debt: 0 };

/** Small, deterministic: every run of a seed is the same life. */
function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A few months with an open gate: members buy, friends earn, vouchers are released and partly spent. */
async function live(operatorId: OperatorId, roll: (limit: number) => number): Promise<number> {
  await inTx((tx) => usePilotConfig(tx, operatorId));
  for (const [friend, referrer] of [
    [2, 1],
    [3, 1],
    [4, 2],
  ] as const)
    await inTx((tx) =>
      bindReferrer(tx, {
        operatorId,
        memberId: memberOf(friend),
        referrerId: memberOf(referrer),
        boundOn: '2026-01-01',
        related: false,
      }),
    );
  let orders = 0;
  for (let month = 0; month < months; month += 1) {
    const period = addPeriods('2026-01', month);
    const fresh = Array.from({ length: 3 + 3 * month }, () =>
      paidOrder(operatorId, (orders += 1), {
        day: `${period}-02`,
        member: 1 + roll(members),
        merchant: 1,
        netFen: 20_000 + roll(80_000),
      }),
    );
    await inTx((tx) => issuePendingPoints(tx, fresh));
    const orderIds = fresh.filter(() => roll(6) > 0).map((order) => order.orderId);
    await inTx((tx) => makePointsFinal(tx, { operatorId, orderIds, asOf: `${period}-09` }));
    await inTx((tx) =>
      fundWith(tx, operatorId, { key: `f${month}`, amountFen: 20_000 * fresh.length }),
    );
    await inTx(async (tx) => getOrThrow(await closePeriod(tx, { operatorId, period })));
    // In one of the lives the last close leaves everything due: small refunds then find enough of it.
    if (month + 1 === months && roll(2) === 0) break;
    const next = addPeriods('2026-01', month + 1);
    // On its last day a window releases all that is due.
    const day = periodSpan(next).lastDay;
    const buys = Array.from({ length: members }, (_, index) =>
      paidOrder(operatorId, (orders += 1), {
        day,
        member: index + 1,
        netFen: 60_000,
      }),
    );
    await inTx((tx) => issuePendingPoints(tx, buys));
    await inTx(async (tx) => getOrThrow(await runReleaseDay(tx, { operatorId, period, day })));
    const { rows } = await database.db.execute<{ id: string; member: string; left: number }>(sql`
      select voucher_id as id, member_id as member, left_fen as left from voucher where operator_id = ${operatorId}
       order by voucher_id`);
    for (const { id, member, left } of rows) {
      // Two of them spend what they get: whatever is taken back from those becomes a debt.
      const spendsAll = member === memberOf(1) || member === memberOf(3);
      const spent = spendsAll ? left : roll(left + 1);
      await database.db.execute(sql`
        update voucher set left_fen = left_fen - ${spent}, spent_fen = spent_fen + ${spent}
         where operator_id = ${operatorId} and voucher_id = ${id}`);
    }
  }
  return orders;
}

interface Account extends Record<string, unknown> {
  readonly released: number;
  readonly released_fen: number;
  readonly unspent: number;
}

async function accountOf(operatorId: OperatorId, memberId: string): Promise<Account> {
  const { rows } = await database.db.execute<Account>(sql`
    select coalesce(max(released), 0)::bigint as released,
           ((select coalesce(sum(alloc_fen), 0) from release_allocation
              where operator_id = ${operatorId} and member_id = ${memberId})
            - (select coalesce(sum(clawed_fen), 0) from voucher
                where operator_id = ${operatorId} and member_id = ${memberId}))::bigint as released_fen,
           (select coalesce(sum(left_fen), 0) from voucher
             where operator_id = ${operatorId} and member_id = ${memberId}
               and expires_on >= ${today}::date)::bigint as unspent
      from account_points where operator_id = ${operatorId} and member_id = ${memberId}`);
  return rows[0]!;
}

interface LotRow extends Record<string, unknown> {
  readonly order_id: string;
  readonly kind: 'consumer' | 'referral';
  readonly member_id: string;
  readonly state: string;
  readonly points: number;
  readonly n: number;
  readonly issued_in: string;
}

async function lotsOf(operatorId: OperatorId): Promise<readonly LotRow[]> {
  const { rows } = await database.db.execute<LotRow>(sql`
    select order_id, kind, member_id, state, points, n, issued_in from points_lot
     where operator_id = ${operatorId} order by order_id, kind`);
  return rows;
}

/** What the pure rules say of one lot that shrinks, from the books as they stand. */
async function pureOf(operatorId: OperatorId, lot: LotRow, newPoints: number, last: string) {
  const own = (await lotsOf(operatorId)).filter(
    (one) => one.member_id === lot.member_id && one.state === 'final',
  );
  const account = await accountOf(operatorId, lot.member_id);
  const result = clawBack({
    lots: own.map((one) => ({
      points: pointFen(one.points),
      n: one.n,
      closes: Math.max(0, periodsBetween({ from: one.issued_in, to: last }) + 1),
    })),
    lotIndex: own.findIndex((one) => one.order_id === lot.order_id && one.kind === lot.kind),
    newPoints: pointFen(newPoints),
    releasedPoints: pointFen(account.released),
    releasedFen: fen(account.released_fen),
    unspentFen: fen(account.unspent),
  });
  return { account, result };
}

it.each([11, 12, 13])(
  'takes points back in SQL as the pure rules do, on the random life %i',
  async (seed) => {
    const roll = dice(seed);
    const operatorId = operatorOf(seed);
    const orders = await live(operatorId, roll);
    const last = addPeriods('2026-01', months - 1);
    const kept = new Map<number, number>();
    for (let refundNo = 1; refundNo <= refunds; refundNo += 1) {
      const order = 1 + roll(orders);
      const orderId = orderOf(order);
      const lots = (await lotsOf(operatorId)).filter((lot) => lot.order_id === orderId);
      const before = kept.get(order) ?? lots.find((lot) => lot.kind === 'consumer')!.points;
      const after = roll(2) === 0 ? 0 : roll(before + 1);
      kept.set(order, after);
      const expected = new Map<string, Awaited<ReturnType<typeof pureOf>>>();
      for (const lot of lots) {
        const newPoints =
          lot.kind === 'consumer' ? after : referralPoints(pointFen(after), defaultPointsConfig);
        if (lot.state === 'final' && newPoints < lot.points)
          expected.set(lot.member_id, await pureOf(operatorId, lot, newPoints, last));
        else if (lot.state === 'pending') reached.pending += 1;
      }
      const answer = await inTx(async (tx) => {
        const refund = { operatorId, merchantId: merchantOf(1), orderId, refundNo };
        const locked = await lockPoints(tx, refund);
        const concessionAfterFen = fen(after);
        const rest = { cashFen: fen(0), concessionAfterFen, today };
        return await clawBackPoints(tx, { ...refund, ...rest }, locked);
      });
      let [cancelledFen, debt] = [0, 0];
      for (const [memberId, { account, result }] of expected) {
        const now = await accountOf(operatorId, memberId);
        expect(now.released).toBe(account.released - result.pointsRestored);
        expect(now.unspent).toBe(account.unspent - result.voucherCancelledFen);
        cancelledFen += result.voucherCancelledFen;
        debt += result.debt;
        if (result.carry >= 0) reached.entitlement += 1;
        if (result.voucherCancelledFen > 0) reached.vouchers += 1;
        if (result.debt > 0) reached.debt += 1;
      }
      expect({ cancelledFen: answer.cancelledFen, debt: answer.debt }).toEqual({
        cancelledFen,
        debt,
      });
    }
  },
  60_000,
);

it('walked every step of the order of docs/points.md 2.9 in those lives', () => {
  for (const [step, times] of Object.entries(reached)) expect(times, step).toBeGreaterThan(0);
});
