import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { liftHold, raiseHold } from '#cloud/ledger/release-hold.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { createTestCloud, type TestCloud } from '#cloud/platform/testing/test-cloud.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  fundWith,
  operatorOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { runProofs } from '#cloud/proof/proof-run.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import {
  dayRestMs,
  doPeriodTurn,
  drainPatienceMs,
  startPeriodWorker,
  type PeriodDeps,
  type PeriodTurn,
} from '#cloud/release/schedule/period-worker.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import { addDays, dayStartMs, daysBetween } from '#shared/time/calendar-day.ts';
import { addPeriods, periodOf, periodSpan } from '#shared/time/period.ts';
import { getOrThrow } from '#shared/result/result.ts';

const byHand = operatorOf(2);
const firstDay = '2026-01-20';
/** The last day that is lived through. */
const lastDay = '2026-05-03';

let cloud: TestCloud;
let clock: ManualClock;
let deps: PeriodDeps;

beforeEach(async () => {
  clock = createManualClock(dayStartMs(firstDay));
  cloud = await createTestCloud({ clock });
  deps = { ...cloud.deps, proveFirst: () => runProofs(cloud.deps) };
  const { db, operatorId } = cloud.deps;
  await db.transaction(async (tx) => {
    for (const operator of [operatorId, byHand]) await usePilotConfig(tx, operator);
  });
});
afterEach(() => cloud.close());

const noProof = () => Promise.resolve();

const asOperator = <T>(work: () => T): T =>
  runScoped({ type: 'operator', operatorId: cloud.deps.operatorId }, work);
const turn = (change: Partial<PeriodDeps> = {}, patient = true) =>
  asOperator(() => doPeriodTurn({ ...deps, ...change }, { patient }));

/** Ten minutes and a bit after the end of a day. */
const goTo = (day: string) => clock.setWall(dayStartMs(addDays(day, 1)) + dayRestMs + 1);

/** Sales of a day, growing from month to month, for both operators alike. */
async function trade(day: string): Promise<void> {
  const index = daysBetween({ from: firstDay, to: day });
  const month = Number(day.slice(5, 7));
  for (const operatorId of [cloud.deps.operatorId, byHand])
    await cloud.deps.db.transaction(async (tx) => {
      const order = paidOrder(operatorId, index + 1, {
        day,
        member: 1 + (index % 3),
        merchant: 1 + (index % 2),
        netFen: 10_000 * month * month,
      });
      await issuePendingPoints(tx, [order]);
      await makePointsFinal(tx, { operatorId, orderIds: [order.orderId], asOf: day });
      await fundWith(tx, operatorId, { key: day, amountFen: Math.floor(order.netFen * 0.14) });
    });
}

/** What people did before there was a worker: every day after its end, and every month. */
async function doByHand(day: string): Promise<void> {
  const { db } = cloud.deps;
  const { period, lastDay: last, previous } = periodSpan(day.slice(0, 7));
  await runReleaseDay(db, { operatorId: byHand, period: previous, day });
  if (day === last)
    getOrThrow(await db.transaction((tx) => closePeriod(tx, { operatorId: byHand, period })));
}

async function workAll(change: Partial<PeriodDeps> = {}): Promise<readonly PeriodTurn[]> {
  const turns: PeriodTurn[] = [];
  for (;;) {
    const done = await turn(change);
    turns.push(done);
    if (done.type !== 'closed' && done.type !== 'released') return turns;
  }
}

async function historyOf(operatorId: OperatorId) {
  const { rows: closes } = await cloud.deps.db.execute(sql`
    select period, gate_open, gate_reason, mult_bp, budget_fen, n_base, unreleased_points,
           inflow_points
      from period_close where operator_id = ${operatorId} order by period`);
  const { rows: runs } = await cloud.deps.db.execute<{
    released_fen: number;
    period: string;
    day: string;
  }>(sql`
    select period, day::text, state, limit_fen, released_fen, points_used, account_count
      from release_run where operator_id = ${operatorId} order by day`);
  return { closes, runs };
}

/** A life in which the cloud is down on some days: nobody sells on them, people would have done their part. */
async function live(options: {
  readonly downFrom: string;
  readonly downTo: string;
  readonly onDay: () => Promise<void>;
}): Promise<void> {
  for (let day = firstDay; day <= lastDay; day = addDays(day, 1)) {
    const isDown = day >= options.downFrom && day < options.downTo;
    // The worker of a cloud that comes back catches up before the first sale.
    if (day === options.downTo) await options.onDay();
    if (!isDown) await trade(day);
    await doByHand(day);
    goTo(day);
    if (!isDown) await options.onDay();
  }
}

describe('periods and release days run by themselves', () => {
  it('lives four months with 40 days of downtime and crashes in every step, and does what people would have done', async () => {
    const crashes = new Set(['opened', 'chunk-wanted', 'planned', 'allocated', 'chunk-posted']);
    let crashCount = 0;
    await live({
      downFrom: '2026-02-25',
      downTo: '2026-04-06',
      onDay: async () => {
        for (;;) {
          const observe = (step: string) => {
            if (!crashes.delete(step)) return;
            crashCount += 1;
            throw new Error(`killed after ${step}`);
          };
          // The laws are proved at the end: proving them every night is what the other tests do.
          const done = await turn({ observe, proveFirst: noProof }).catch(
            (error: unknown) => error,
          );
          if (done instanceof Error) continue;
          const { type } = done as PeriodTurn;
          if (type === 'none') return;
          expect(['closed', 'released']).toContain(type);
        }
      },
    });
    expect(crashCount).toBe(5);
    const [own, hands] = [await historyOf(cloud.deps.operatorId), await historyOf(byHand)];
    expect(own).toEqual(hands);
    expect(own.closes.map(({ period }) => period)).toEqual([
      '2026-01',
      '2026-02',
      '2026-03',
      '2026-04',
    ]);
    // Every day since the first close, and something was given.
    expect(own.runs).toHaveLength(daysBetween({ from: '2026-02-01', to: lastDay }) + 1);
    expect(own.runs.reduce((sum, run) => sum + run.released_fen, 0)).toBeGreaterThan(1000);
    const proofs = await runProofs(cloud.deps);
    expect(proofs.filter(({ holds }) => !holds)).toEqual([]);
  }, 180_000);

  it('waits ten minutes after midnight, closes once however many ask, and only one node works', async () => {
    await trade('2026-01-30');
    clock.setWall(dayStartMs('2026-02-01') + dayRestMs - 1);
    expect(await turn()).toEqual({ type: 'none' });
    goTo('2026-01-31');
    let inside: PeriodTurn | undefined;
    const first = await turn({
      proveFirst: async () => {
        inside = await turn();
      },
    });
    expect(inside).toEqual({ type: 'elsewhere' });
    expect(first).toEqual({ type: 'closed', period: '2026-01' });
    const many = await Promise.all([1, 2, 3].map(() => turn()));
    expect(new Set(many.map(({ type }) => type))).toSatisfy(
      (types: Set<string>) => types.has('none') && !types.has('closed'),
    );
    expect((await historyOf(cloud.deps.operatorId)).closes).toHaveLength(1);
  });

  it('carries on a close that a person opened before the days of the window were run, and that was cut off', async () => {
    const { db, operatorId } = cloud.deps;
    await trade('2026-01-30');
    goTo('2026-02-26');
    await workAll();
    goTo('2026-02-28');
    const byPerson = closePeriod(
      db,
      { operatorId, period: '2026-02' },
      { observe: (step) => (step === 'scored' ? Promise.reject(new Error('gone')) : undefined) },
    );
    await expect(asOperator(() => byPerson)).rejects.toThrow('gone');
    expect(await workAll({ proveFirst: noProof })).toEqual([
      { type: 'closed', period: '2026-02' },
      { type: 'none' },
    ]);
  });

  it('stands still under a release hold, and then does every day in order', async () => {
    const { db, operatorId } = cloud.deps;
    await trade('2026-01-30');
    goTo('2026-01-31');
    const hold = { operatorId, reason: 'proof:test', detail: [], nowMs: clock.nowMs() };
    await db.transaction((tx) => raiseHold(tx, hold));
    expect(await workAll()).toEqual([{ type: 'held', reasons: ['proof:test'] }]);
    goTo('2026-02-03');
    expect(await workAll()).toHaveLength(1);
    expect(await historyOf(operatorId)).toEqual({ closes: [], runs: [] });
    const lift = {
      operatorId,
      holdNo: 1,
      liftedBy: 'chen',
      why: 'looked into it',
      nowMs: clock.nowMs(),
    };
    await db.transaction((tx) => liftHold(tx, lift));
    expect(await workAll()).toEqual([
      { type: 'closed', period: '2026-01' },
      ...['01', '02', '03'].map((date) => ({
        type: 'released',
        period: '2026-01',
        day: `2026-02-${date}`,
      })),
      { type: 'none' },
    ]);
  });

  it('closes nothing on books that do not hold: the proof of the moment stops it', async () => {
    await trade('2026-01-30');
    goTo('2026-01-31');
    // One fen in a wallet that the books do not know.
    await cloud.deps.db.execute(sql`
      insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen,
                           expires_on)
      values (${cloud.deps.operatorId}, 'stray', 'm', '2026-01', '2026-01-30', 1, 1, '2027-01-01')`);
    expect(await turn()).toMatchObject({ type: 'held' });
    expect((await historyOf(cloud.deps.operatorId)).closes).toEqual([]);
  });

  it('waits for what came in on the day and is not booked, for six hours', async () => {
    const { db, operatorId } = cloud.deps;
    await trade('2026-01-30');
    goTo('2026-01-31');
    const createdAtMs = dayStartMs('2026-02-01') - 1;
    await db.execute(sql`
      insert into outbox (operator_id, topic, effect_key, payload, due_at_ms, created_at_ms)
      values (${operatorId}, 'test', 'k', '{}', 0, ${createdAtMs})`);
    expect(await turn()).toMatchObject({ type: 'not-drained', day: '2026-01-31' });
    const first = startPeriodWorker({ ...deps, proveFirst: noProof });
    await expect.poll(() => cloud.log()).toContain('not booked to its end');
    expect((await historyOf(operatorId)).closes).toEqual([]);
    clock.advance(drainPatienceMs);
    first.wake();
    await vi.waitFor(async () => expect((await historyOf(operatorId)).closes).toHaveLength(1), {
      timeout: 10_000,
    });
    await first.stop();
  });

  it('ends the holds of the period before it closes it, also when it comes late', async () => {
    await trade('2026-01-30');
    const { db, operatorId } = cloud.deps;
    // Sold on the 20th, so its hold was over on the 27th, when nobody was there.
    const order = paidOrder(operatorId, 900, { day: '2026-01-20', member: 1 });
    await db.transaction(async (tx) => getOrThrow(await bookPaidOrders(tx, [order])));
    goTo('2026-03-05');
    const turns = await workAll();
    expect(turns.filter(({ type }) => type === 'closed')).toEqual([
      { type: 'closed', period: '2026-01' },
      { type: 'closed', period: addPeriods('2026-01', 1) },
    ]);
    expect(turns).toHaveLength(2 + 28 + 5 + 1);
    const { rows } = await db.execute(sql`
      select entered_in from points_lot where order_id = ${order.orderId}`);
    expect(rows).toEqual([{ entered_in: '2026-01' }]);
  }, 60_000);

  it.each(['10day', 'week', 'day'] as const)(
    'closes and releases by %s as well, every day once',
    async (kind) => {
      const { db, operatorId } = cloud.deps;
      await db.transaction((tx) => usePilotConfig(tx, operatorId, { periodKind: kind }));
      const from = '2026-02-24';
      const to = '2026-03-22';
      for (let day = from; day <= to; day = addDays(day, 1)) {
        await trade(day);
        goTo(day);
        for (;;) if ((await turn({ proveFirst: noProof })).type === 'none') break;
      }
      const { closes, runs } = await historyOf(operatorId);
      const first = periodOf(from, kind);
      const names = closes.map(({ period }) => period);
      expect(names).toEqual(names.map((_name, index) => addPeriods(first, index)));
      expect(periodSpan(String(names.at(-1))).next).toBe(periodOf(addDays(to, 1), kind));
      const released = addDays(periodSpan(first).lastDay, 1);
      expect(runs).toHaveLength(daysBetween({ from: released, to }) + 1);
      expect(runs.map((run) => run.period)).toEqual(
        runs.map((run) => periodSpan(periodOf(run.day, kind)).previous),
      );
    },
    60_000,
  );
});
