import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import {
  fundWith,
  memberOf,
  operatorOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closeInputOf } from '#cloud/release/close/close-explanation.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { readClose } from '#cloud/release/close/stored-closes.ts';
import { readMemberRelease } from '#cloud/release/member-release.ts';
import { readInflowHistory } from '#cloud/release/close/pools.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { planClose } from '#shared/points/close/close-plan.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { entitlementOfLots, scheduleLcm } from '#shared/points/release/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { addDays } from '#shared/time/calendar-day.ts';
import {
  addPeriods,
  periodKinds,
  periodOf,
  periodsBetween,
  periodSpan,
  type PeriodKind,
} from '#shared/time/period.ts';

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const members = 7;
const lifePeriods = 43;
const firstDay = '2026-01-05';

interface Life {
  readonly operatorId: OperatorId;
  readonly kind: PeriodKind;
  readonly dice: (limit: number) => number;
}

let orderIndex = 0;

/** Sales of a period by random members on two of its days, in rising and falling waves. */
async function trade({ operatorId, dice }: Life, period: string, step: number): Promise<void> {
  const span = periodSpan(period);
  const orders = Array.from({ length: 6 }, () =>
    paidOrder(operatorId, (orderIndex += 1), {
      day: addDays(span.firstDay, dice(span.days)),
      member: 1 + dice(members),
      merchant: 1 + dice(4),
      netFen: 1000 + dice(20_000) * (1 + (step % 6)),
    }),
  );
  await inTx(async (tx) => {
    await issuePendingPoints(tx, orders);
    const orderIds = orders.map(({ orderId }) => orderId);
    await makePointsFinal(tx, { operatorId, orderIds, asOf: span.lastDay });
    const concession = orders.reduce((sum, order) => sum + Math.floor(order.netFen / 5), 0);
    await fundWith(tx, operatorId, { key: period, amountFen: Math.floor(concession * 0.7) });
  });
}

/** The stored close follows from its stored inputs, to the last figure. */
async function expectRecomputed(operatorId: OperatorId, period: string): Promise<void> {
  const close = (await readClose(database.db, { operatorId, period }))!;
  const { config } = await pointsConfigAt(database.db, { operatorId, period });
  const history = await readInflowHistory(database.db, { operatorId, period });
  const plan = planClose(closeInputOf(close.explanation, history), config);
  expect({
    gateOpen: plan.gate.open,
    gateReason: plan.gate.reason,
    multBp: plan.controller.multBp,
    budgetFen: plan.budgetFen,
    nBase: plan.nBase,
  }).toEqual({
    gateOpen: close.gateOpen,
    gateReason: close.gateReason,
    multBp: close.multBp,
    budgetFen: close.budgetFen,
    nBase: close.nBase,
  });
}

/** Every member's explanation adds up to what he was given, and all of them to what was released. */
async function expectExplained(
  run: { readonly operatorId: OperatorId; readonly period: string; readonly day: string },
  releasedFen: number,
): Promise<{ readonly shared: number }> {
  let [sum, shared] = [0, 0];
  for (let member = 1; member <= members; member += 1) {
    const found = await readMemberRelease(database.db, { ...run, memberId: memberOf(member) });
    if (found === undefined) continue;
    sum += found.allocFen;
    if (found.bound !== 'share') continue;
    shared += 1;
    expect(found.allocation!.shareFen + found.allocation!.oddFen).toBe(found.allocFen);
  }
  expect(sum).toBe(releasedFen);
  return { shared };
}

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
      closes: periodsBetween({ from: issued, to: period }) + 1,
    }));
    expect(entitled).toBe(entitlementOfLots(running));
  }
}

/** Rule R13 over all windows of a calendar month, however many there are. */
async function overCap(operatorId: OperatorId): Promise<number> {
  const { rows } = await database.db.execute<{ over: number }>(sql`
    select count(*) as over from (
      select a.member_id, a.day,
             sum(a.alloc_fen) over (partition by a.member_id, date_trunc('month', a.day)
                                    order by a.day) as given,
             (select coalesce(sum(net_fen), 0) from points_order o
               where o.operator_id = a.operator_id and o.member_id = a.member_id
                 and o.accepted_on between date_trunc('month', a.day)::date and a.day) as bought
        from release_allocation a where a.operator_id = ${operatorId}) months
     where given > 2 * bought`);
  return rows[0]!.over;
}

async function live(life: Life) {
  const { operatorId, kind, dice } = life;
  let [open, shared, released, capped] = [0, 0, 0, 0];
  let period = periodOf(firstDay, kind);
  for (let step = 0; step < lifePeriods; step += 1) {
    await trade(life, period, step);
    const previous = addPeriods(period, -1);
    const span = periodSpan(period);
    if (step > 0) {
      const day = addDays(span.firstDay, dice(span.days));
      const key = { operatorId, period: previous, day };
      const run = getOrThrow(await inTx((tx) => runReleaseDay(tx, key)));
      if (run.binding === 'day-consumption') capped += 1;
      released += run.releasedFen;
      shared += (await expectExplained(key, run.releasedFen)).shared;
    }
    const closed = getOrThrow(await inTx((tx) => closePeriod(tx, { operatorId, period })));
    if (closed.gateOpen) open += 1;
    await expectRecomputed(operatorId, period);
    await expectSchedules(operatorId, period);
    period = span.next;
  }
  return { open, shared, released, capped };
}

describe('a life in periods of every kind', () => {
  it.each(periodKinds)(
    'of kind %s: schedules, caps and explanations hold at every close and every run',
    async (kind) => {
      const operatorId = operatorOf(1 + periodKinds.indexOf(kind));
      const random = createSeededRandom(20_260_105);
      const dice = (limit: number): number => Math.floor(random.unit() * limit);
      await inTx((tx) =>
        usePilotConfig(tx, operatorId, { periodKind: kind, gateMeasure: 'period_inflow' }),
      );
      const other = kind === 'month' ? '2026-W02' : '2026-01';
      const refused = await inTx((tx) => closePeriod(tx, { operatorId, period: other }));
      expect(refused).toEqual({ ok: false, error: { type: 'period-kind-differs', kind } });
      const seen = await live({ operatorId, kind, dice });
      expect(seen.open).toBeGreaterThan(3);
      expect(seen.released).toBeGreaterThan(1000);
      expect(seen.shared).toBeGreaterThan(0);
      expect(await overCap(operatorId)).toBe(0);
      // Lots of 36 to 40 periods have ended in the meantime.
      const { rows } = await database.db.execute<{ ended: number }>(sql`
        select count(*) as ended from points_lot
         where operator_id = ${operatorId} and state = 'final'
           and ends_in <= (select last_closed_period from points_book
                            where operator_id = ${operatorId})`);
      expect(rows[0]!.ended).toBeGreaterThan(0);
    },
    120_000,
  );
});
