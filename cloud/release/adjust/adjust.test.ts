import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseHold } from '#cloud/ledger/release-hold.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  balancesOf,
  fundWith,
  memberOf,
  merchantOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { clawBackPoints, lockPoints } from '#cloud/points/claw-back.ts';
import { memberPoints } from '#cloud/points/member-points.ts';
import { actLifeMs } from '#cloud/persons/proposal-life.ts';
import { proposeAdjustment } from '#cloud/release/adjust/adjustments.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { runProofs } from '#cloud/proof/proof-run.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import type { PersonId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';

let cloud: TestCloud;
let app: CloudApp;
let clock: ManualClock;
const keys: string[] = [];

const send = (path: string, payload?: object, person?: number) =>
  app.inject({
    method: payload === undefined ? 'GET' : 'POST',
    url: `/admin/v1/${path}`,
    headers: {
      authorization: `Bearer ${cloud.deps.operatorToken}`,
      ...(person === undefined ? {} : { 'x-person-key': keys[person] }),
    },
    ...(payload === undefined ? {} : { payload }),
  });

/** February is closed with an open gate; 5 March is released; it is 20 March. */
beforeAll(async () => {
  clock = createManualClock(dayStartMs('2026-03-18'));
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  for (const name of ['陈', '王'])
    keys.push((await send('persons', { name })).json<{ key: string }>().key);
  clock.advance(2 * 86_400_000);
  const { db, operatorId } = cloud.deps;
  await db.transaction(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 70_000 });
    await issuePendingPoints(tx, [
      paidOrder(operatorId, 1, { day: '2026-01-02', member: 1, netFen: 250_000 }),
      paidOrder(operatorId, 2, { day: '2026-02-02', member: 2, netFen: 250_000 }),
      paidOrder(operatorId, 3, { day: '2026-03-05', member: 1, netFen: 40_000 }),
      paidOrder(operatorId, 4, { day: '2026-03-15', member: 2, netFen: 40_000 }),
    ]);
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-01-09' });
  });
  await send('period-closes', { period: '2026-01' });
  await db.transaction((tx) =>
    makePointsFinal(tx, { operatorId, orderIds: [orderOf(2)], asOf: '2026-02-09' }),
  );
  await send('period-closes', { period: '2026-02' });
  // Member 2 has bought nothing on 5 March: his month cap is empty, and all of the day goes to member 1.
  const run = await send('release-runs', { period: '2026-02', day: '2026-03-05' });
  expect(run.json()).toMatchObject({ accountCount: 1, isNew: true });
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

const adjust = (
  kind: 'give' | 'take',
  change: { member: number; valueFen: number; points: number },
  query = '',
) =>
  send(
    `release-adjustments${query}`,
    {
      period: '2026-02',
      day: '2026-03-05',
      memberId: memberOf(change.member),
      kind,
      valueFen: change.valueFen,
      points: change.points,
      why: 'his purchase was booked late',
    },
    0,
  );
const end = (no: number, word: string, person: number) =>
  send(`release-adjustments/${no}/${word}`, { note: 'looked at it' }, person);
const points = (member: number) =>
  memberPoints(cloud.deps.db, {
    operatorId: cloud.deps.operatorId,
    memberId: memberOf(member),
  });
const books = () => balancesOf(cloud.deps.db, cloud.deps.operatorId);
const brokenLaws = async () => (await runProofs(cloud.deps)).filter(({ holds }) => !holds);

describe('a correction of a posted run', () => {
  it('is refused where a run would have been: more than due, above the multiplier, unspent or not there', async () => {
    const before = await books();
    const answers = [
      await adjust('give', { member: 2, valueFen: 1, points: 100_000 }),
      await adjust('give', { member: 2, valueFen: 10_000, points: 1 }),
      await adjust('take', { member: 2, valueFen: 1, points: 0 }),
      await adjust('take', { member: 1, valueFen: 1, points: 100_000 }),
    ].map((answer) => [answer.statusCode, answer.json<{ detail: string }>().detail]);
    expect(answers.map(([status]) => status)).toEqual([422, 422, 422, 422]);
    expect(answers.map(([, detail]) => String(detail).split(':')[0])).toEqual([
      'above-due',
      'above-multiplier',
      'unspent-vouchers',
      'never-released',
    ]);
    expect((await adjust('give', { member: 9, valueFen: 1, points: 1 })).statusCode).toBe(404);
    expect(await books()).toEqual(before);
  });

  it('gives by two people, once: a voucher, points used, one journal, and every law of the books holds', async () => {
    const [before, due] = [await books(), (await points(2)).duePoints];
    const dry = await adjust('give', { member: 2, valueFen: 100, points: 100 }, '?dryRun=1');
    expect(dry.json()).toMatchObject({ state: 'proposed' });
    expect((await send('release-adjustments')).json()).toEqual({ adjustments: [] });
    const made = await adjust('give', { member: 2, valueFen: 100, points: 100 });
    const no = made.json<{ adjustmentNo: number }>().adjustmentNo;
    expect((await end(no, 'post', 0)).json()).toMatchObject({ code: 'policy-same-person' });
    const posted = (await end(no, 'post', 1)).json();
    expect(posted).toMatchObject({
      state: 'posted',
      explanation: { kind: 'give', valueFen: 100, state: { member: { isActive: true } } },
    });
    expect((await end(no, 'post', 1)).json()).toMatchObject({ code: 'policy-proposal-ended' });
    const after = await books();
    expect(after['fund_free']).toBe(before['fund_free']! - 100);
    expect(after['voucher_outstanding']).toBe(before['voucher_outstanding']! + 100);
    expect((await points(2)).duePoints).toBe(due - 100);
    expect(await brokenLaws()).toEqual([]);
  });

  it('counts for a claw-back: a refund cancels what the correction gave', async () => {
    const { db, operatorId } = cloud.deps;
    const refund = { operatorId, merchantId: merchantOf(1), orderId: orderOf(2), refundNo: 1 };
    const seen: object[] = [];
    const undone = db.transaction(async (tx) => {
      const locked = await lockPoints(tx, refund);
      const left = { cashFen: fen(250_000), concessionAfterFen: fen(0), today: '2026-03-20' };
      seen.push(await clawBackPoints(tx, { ...refund, ...left }, locked));
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(seen).toEqual([{ points: 50_000, cancelledFen: 100, debt: 0 }]);
  });

  it('restores no more points than what it takes was worth', async () => {
    const refused = await adjust('take', { member: 2, valueFen: 1, points: 100 });
    expect(refused.json()).toMatchObject({ code: 'adjustment-refused' });
    expect(refused.json<{ detail: string }>().detail).toContain('above-multiplier');
  });

  it('takes back what is unspent and gives the points back', async () => {
    const [before, due] = [await books(), (await points(1)).duePoints];
    const made = await adjust('take', { member: 1, valueFen: 50, points: 20 });
    const no = made.json<{ adjustmentNo: number }>().adjustmentNo;
    expect((await end(no, 'post', 1)).json()).toMatchObject({ state: 'posted' });
    const after = await books();
    expect(after['fund_free']).toBe(before['fund_free']! + 50);
    expect((await points(1)).duePoints).toBe(due + 20);
    expect(await brokenLaws()).toEqual([]);
  });

  it('counts for the budget and the cap of what comes later', async () => {
    const later = await send('release-runs', { period: '2026-02', day: '2026-03-15' });
    const run = (await send('release-runs/2026-02/2026-03-15')).json<{
      snapshot: { budgetLeftFen: number };
    }>();
    const close = (await send('period-closes/2026-02')).json<{ budgetFen: number }>();
    const first = (await send('release-runs/2026-02/2026-03-05')).json<{ releasedFen: number }>();
    expect(later.statusCode).toBe(200);
    expect(run.snapshot.budgetLeftFen).toBe(close.budgetFen - first.releasedFen - 100);
  });

  it('can be withdrawn instead', async () => {
    const made = await adjust('give', { member: 2, valueFen: 1, points: 1 });
    const no = made.json<{ adjustmentNo: number }>().adjustmentNo;
    expect((await end(no, 'withdraw', 0)).json()).toMatchObject({ state: 'withdrawn' });
    expect((await end(no, 'post', 1)).statusCode).toBe(409);
  });

  it('of a later month leaves the cap of the month before as it was', async () => {
    const { db, operatorId } = cloud.deps;
    clock.advance(12 * 86_400_000);
    await db.transaction((tx) =>
      issuePendingPoints(tx, [
        paidOrder(operatorId, 5, { day: '2026-03-31', member: 2, netFen: 40_000 }),
        paidOrder(operatorId, 6, { day: '2026-04-01', member: 2, netFen: 40_000 }),
      ]),
    );
    const made = await adjust('give', { member: 2, valueFen: 1, points: 1 });
    const no = made.json<{ adjustmentNo: number }>().adjustmentNo;
    expect((await end(no, 'post', 1)).json()).toMatchObject({ state: 'posted' });
    // The last day of March is run on the first of April: of this month he has had something, of
    // that one he may have more.
    const run = await send('release-runs', { period: '2026-02', day: '2026-03-31' });
    expect(run.json()).toMatchObject({ isNew: true });
    const mine = await send(`release-runs/2026-02/2026-03-31/members/${memberOf(2)}`);
    expect(mine.json<{ allocFen: number }>().allocFen).toBeGreaterThan(0);
    expect(await brokenLaws()).toEqual([]);
  });

  it('of an older run leaves the fund what a newer close has promised out of it (I2)', async () => {
    const { db, operatorId } = cloud.deps;
    const { rows: people } = await db.execute<{ id: PersonId }>(
      sql`select person_id as id from operator_person where operator_id = ${operatorId} limit 1`,
    );
    const why = 'his purchase was booked late';
    const act = { operatorId, by: people[0]!.id, nowMs: clock.nowMs(), why };
    const run = { period: '2026-02', day: '2026-03-05', memberId: memberOf(2) };
    const give = { kind: 'give' as const, valueFen: fen(5), points: pointFen(2) };
    const answers: object[] = [];
    const undone = db.transaction(async (tx) => {
      // The next slice of his lot, of which nothing was given yet.
      await tx.execute(sql`
        update account_points set cum_num = cum_num + active_num where member_id = ${run.memberId}`);
      answers.push(await proposeAdjustment(tx, { ...act, ...run, ...give }));
      // March is closed, and promised all that 30% of the points leave: the window is still to come.
      await tx.execute(sql`
        insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
          unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
        select ${operatorId}, '2026-03', 1, true, 'open', 1, 1, 10000, (f * 10000 - x * 3000) / 7000,
               40, '{}', ${'0'.repeat(64)}
          from (select (select sum(balance_fen) from ledger_balance
                         where operator_id = ${operatorId} and account = 'fund_free') as f,
                       (select sum(issued - released) from account_points
                         where operator_id = ${operatorId}) as x) now`);
      answers.push(await proposeAdjustment(tx, { ...act, ...run, ...give }));
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(answers).toMatchObject([
      { ok: true },
      { error: { type: 'adjustment-refused', rule: 'coverage' } },
    ]);
  });

  it('is refused in words while a run stands open and is held', async () => {
    const { db, operatorId } = cloud.deps;
    clock.advance(86_400_000);
    const cut = runReleaseDay(
      db,
      { operatorId, period: '2026-02', day: '2026-03-30' },
      {
        observe: (step) => {
          if (step === 'opened') throw new Error('gone');
        },
      },
    );
    await expect(cut).rejects.toThrow('gone');
    const hold = { operatorId, reason: 'proof:test', detail: {}, nowMs: clock.nowMs() };
    await db.transaction((tx) => raiseHold(tx, hold));
    expect(await adjust('give', { member: 2, valueFen: 1, points: 1 })).toMatchObject({
      statusCode: 409,
    });
    const why = 'it was only a test';
    const { actNo } = (await send('release-holds/1/lift', { why }, 0)).json<{ actNo: number }>();
    expect((await send(`acts/${actNo}/agree`, { note: 'yes' }, 1)).statusCode).toBe(200);
    expect((await adjust('take', { member: 2, valueFen: 1, points: 0 })).statusCode).toBe(201);
    // The run was ended in steps of its own: the correction's transaction did not hold the book for it.
    const { rows } = await db.execute(sql`
      select r.state, r.xmin::text <> a.xmin::text as apart from release_run r, release_adjustment a
       where r.day = '2026-03-30' and a.adjustment_no =
             (select max(adjustment_no) from release_adjustment)`);
    expect(rows).toEqual([{ state: 'posted', apart: true }]);
    expect(await brokenLaws()).toEqual([]);
  });
});

it('what nobody agreed to within 72 hours has lapsed: nothing is posted', async () => {
  const before = await books();
  const made = await adjust('take', { member: 1, valueFen: 1, points: 0 });
  const no = made.json<{ adjustmentNo: number }>().adjustmentNo;
  clock.advance(actLifeMs + 1);
  const listed = (await send('release-adjustments')).json<{ adjustments: object[] }>();
  expect(listed.adjustments[0]).toMatchObject({ adjustmentNo: no, state: 'lapsed', endedBy: null });
  for (const word of ['post', 'withdraw'])
    expect((await end(no, word, 1)).json()).toMatchObject({ code: 'person-act-lapsed' });
  expect(await books()).toEqual(before);
});
