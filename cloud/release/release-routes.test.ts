import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liftHold, raiseHold } from '#cloud/ledger/release-hold.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  fundWith,
  memberOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { sealRecord, type RecordValue } from '#cloud/release/sealed-record.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';

let cloud: TestCloud;
let app: CloudApp;
/** 20 March 2026: January and February are over, March's days up to today may be released. */
const clock = createManualClock(dayStartMs('2026-03-20'));

beforeAll(async () => {
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  const { db, operatorId } = cloud.deps;
  await db.transaction(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 70_000 });
    await issuePendingPoints(tx, [
      paidOrder(operatorId, 1, { day: '2026-01-02', member: 1, netFen: 250_000 }),
      paidOrder(operatorId, 2, { day: '2026-02-02', member: 2, netFen: 250_000 }),
      // Bought for 1 fen this month: his own cap is 2 fen.
      paidOrder(operatorId, 3, { day: '2026-02-03', member: 3, netFen: 250_000 }),
      paidOrder(operatorId, 4, { day: '2026-03-05', member: 1, netFen: 4000 }),
      paidOrder(operatorId, 5, { day: '2026-03-05', member: 3, netFen: 1 }),
      paidOrder(operatorId, 6, { day: '2026-03-05', netFen: 4000 }),
    ]);
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-01-09' });
  });
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

const send = (method: 'GET' | 'POST', path: string, payload?: object, token?: string) =>
  app.inject({
    method,
    url: `/admin/v1/${path}`,
    headers: { authorization: `Bearer ${token ?? cloud.deps.operatorToken}` },
    ...(payload === undefined ? {} : { payload }),
  });
const outcome = async (method: 'GET' | 'POST', path: string, payload?: object) => {
  const answer = await send(method, path, payload);
  return [answer.statusCode, answer.json<{ code?: string }>().code];
};

describe('bad input', () => {
  it.each([
    ['period-closes', {}],
    ['period-closes', { period: '2026-13' }],
    ['period-closes', { period: '2026-1' }],
    ['period-closes', { period: '2026-01', force: true }],
    ['release-runs', { period: '2026-01' }],
    ['release-runs', { period: '2026-01', day: '2026-02-30' }],
    ['release-runs', { period: '2026-01', day: '5 February' }],
    ['daily-runs', { day: '2026-02-30' }],
  ])('is refused before anything moves: %s %o', async (path, body) => {
    expect(await outcome('POST', path, body)).toEqual([400, 'request-invalid']);
  });

  it.each([
    'period-closes/2026-13',
    'release-runs/2026-02/2026-02-30',
    'release-runs/2026-02/2026-03-05/members/somebody',
  ])('is refused in a path: %s', async (path) => {
    expect(await outcome('GET', path)).toEqual([400, 'request-invalid']);
  });

  it.each(['period-closes/2026-01', 'release-runs/2026-01/2026-02-05'])(
    'is nothing for anybody but the operator: %s',
    async (path) => {
      expect((await send('GET', path, undefined, 'guess')).statusCode).toBe(401);
    },
  );
});

const readMember = (member: number) =>
  send('GET', `release-runs/2026-02/2026-03-05/members/${memberOf(member)}`);

describe('a month from close to release', () => {
  it('comes in its order: close after the month, month by month, then its days', async () => {
    const { db, operatorId } = cloud.deps;
    expect(await outcome('GET', 'period-closes/2026-01')).toEqual([404, 'not-found']);
    for (const period of ['2026-03', '2062-01'])
      expect(await outcome('POST', 'period-closes', { period })).toEqual([409, 'period-not-over']);
    const early = { period: '2026-01', day: '2026-02-05' };
    expect(await outcome('POST', 'release-runs', early)).toEqual([409, 'period-not-closed']);
    expect((await send('POST', 'period-closes', { period: '2026-01' })).json()).toMatchObject({
      gateOpen: false,
      gateReason: 'no-previous-pool',
      isNew: true,
    });
    await db.transaction((tx) =>
      makePointsFinal(tx, { operatorId, orderIds: [orderOf(2), orderOf(3)], asOf: '2026-02-09' }),
    );
    const older = await send('POST', 'period-closes', { period: '2025-12' });
    expect(older.json()).toMatchObject({ code: 'period-out-of-order', status: 409 });
    expect(older.json<{ detail: string }>().detail).toContain('2026-02');
  });

  it('closes once, and shows the stored close with numbers that seal to its hash', async () => {
    const first = await send('POST', 'period-closes', { period: '2026-02' });
    expect(first.json()).toMatchObject({ gateOpen: true, isNew: true });
    const second = await send('POST', 'period-closes', { period: '2026-02' });
    expect(second.json()).toEqual({ ...first.json<object>(), isNew: false });
    const stored = (await send('GET', 'period-closes/2026-02')).json<{
      explanation: RecordValue;
      explanationHash: string;
    }>();
    const { isNew: _, ...close } = first.json<{ isNew: boolean }>();
    expect(stored).toMatchObject(close);
    expect(stored.explanation).toMatchObject({
      preset: 'seed',
      gate: {
        open: true,
        growthBp: 1500,
        outstanding: { open: true, growthBp: '20000' },
        inflow: { open: true },
      },
      // Two periods foretell nothing.
      stockGate: { type: 'unknown' },
    });
    const list = (await send('GET', 'period-closes')).json<{ closes: { period: string }[] }>();
    expect(list.closes.map(({ period }) => period)).toEqual(['2026-02', '2026-01']);
    expect(list.closes[0]).toEqual(stored);
    expect(sealRecord(stored.explanation).hash).toBe(stored.explanationHash);
  });

  it('computes a close and a run dry: the same answer, and nothing stored', async () => {
    const day = { period: '2026-02', day: '2026-03-05' };
    const before = await balances();
    const dry = await send('POST', 'release-runs?dryRun=1', day);
    expect(dry.json()).toMatchObject({
      accountCount: 2,
      isNew: true,
      explanation: { day: day.day },
    });
    expect(await outcome('GET', 'release-runs/2026-02/2026-03-05')).toEqual([404, 'not-found']);
    expect(await balances()).toEqual(before);
    // March is not over; the refusals of a dry run are those of a real one.
    expect(await outcome('POST', 'period-closes?dryRun=1', { period: '2026-03' })).toEqual([
      409,
      'period-not-over',
    ]);
  });

  it('runs a day once, and no day that has not come or is no day of the window', async () => {
    const path = 'release-runs/2026-02/2026-03-05';
    expect(await outcome('GET', path)).toEqual([404, 'not-found']);
    const run = (day: string) => send('POST', 'release-runs', { period: '2026-02', day });
    expect((await run('2026-03-21')).json()).toMatchObject({ status: 409, code: 'day-in-future' });
    expect((await run('2026-02-28')).json()).toMatchObject({ code: 'day-outside-window' });
    const first = (await run('2026-03-05')).json<{ isNew: boolean }>();
    expect(first).toMatchObject({ runId: '2026-03/d05', accountCount: 2, isNew: true });
    const books = await balances();
    expect((await run('2026-03-05')).json()).toEqual({ ...first, isNew: false });
    expect(await balances()).toEqual(books);
    const { isNew: _, ...rest } = first;
    const stored = (await send('GET', path)).json<{ explanation: object; snapshot: object }>();
    expect(stored).toMatchObject(rest);
    expect(stored.explanation).toMatchObject({ period: '2026-02', day: '2026-03-05' });
    expect(stored.snapshot).toMatchObject({ consumptionFen: 8001, accountsWithDue: 3 });
  });

  it('answers one member why he got this much', async () => {
    const [share, nothing, capped] = await Promise.all(
      [1, 2, 3].map(async (member) => (await readMember(member)).json<MemberAnswer>()),
    );
    expect(share).toMatchObject({ bound: 'share', runId: '2026-03/d05' });
    expect(share!.allocFen).toBeLessThan(share!.allocation!.mostFen);
    expect(capped).toMatchObject({ bound: 'month-cap', allocFen: 2, allocation: { mostFen: 2 } });
    // Member 2 bought nothing in March.
    expect(nothing).toMatchObject({
      bound: 'nothing',
      allocFen: 0,
      allocation: null,
      nothing: 'month-cap-used',
    });
    // The words say why, in both languages, and the steps add up to the sum.
    expect(share!.words.member.zh).toContain('θ');
    const { shareFen, oddFen } = share!.allocation!;
    expect(shareFen + oddFen).toBe(share!.allocFen);
    expect((await readMember(9)).statusCode).toBe(404);
    const day = `release-runs/2026-02/2026-03-06/members/${memberOf(1)}`;
    expect(await outcome('GET', day)).toEqual([404, 'not-found']);
  });

  it('tells a member the same on his own page, with its key and not without', async () => {
    const { db, operatorId } = cloud.deps;
    await db.execute(sql`
      insert into member values (${operatorId}, ${memberOf(1)}, ${'0'.repeat(64)}, '138****0001', '', 0)`);
    const link = await send('POST', `members/${memberOf(1)}/page-link`);
    const [, key] = link.json<{ path: string }>().path.split('#');
    expect((await askOwnPage(key)).json()).toEqual((await readMember(1)).json());
    expect((await askOwnPage('A'.repeat(22))).statusCode).toBe(404);
  });
});

describe('a run that stands open under a hold', () => {
  it('is named when the period is to be closed, and the close ends it once the hold is lifted', async () => {
    const { db, operatorId } = cloud.deps;
    const day = { operatorId, period: '2026-02', day: '2026-03-06' };
    const cut = runReleaseDay(db, day, {
      observe: () => {
        throw new Error('gone');
      },
    });
    await expect(cut).rejects.toThrow('gone');
    const hold = { operatorId, reason: 'proof:test', detail: [], nowMs: 0 };
    await db.transaction((tx) => raiseHold(tx, hold));
    clock.setWall(dayStartMs('2026-04-01'));
    for (const query of ['', '?dryRun=1']) {
      const refused = await send('POST', `period-closes${query}`, { period: '2026-03' });
      expect(refused.json()).toMatchObject({
        status: 409,
        code: 'release-held',
        detail: 'proof:test',
      });
    }
    const lift = { operatorId, holdNo: 1, liftedBy: 'chen', why: 'looked into it', nowMs: 1 };
    await db.transaction((tx) => liftHold(tx, lift));
    const closed = await send('POST', 'period-closes', { period: '2026-03' });
    expect(closed.json()).toMatchObject({ period: '2026-03', isNew: true });
    expect(await outcome('GET', 'release-runs/2026-02/2026-03-06')).toEqual([200, undefined]);
  });

  it('is the last of its window: an older day is refused behind a newer close, and what was run is still shown', async () => {
    const path = 'release-runs';
    expect(await outcome('POST', path, { period: '2026-02', day: '2026-03-07' })).toEqual([
      409,
      'release-window-over',
    ]);
    expect(await outcome('POST', path, { period: '2026-02', day: '2026-03-05' })).toEqual([
      200,
      undefined,
    ]);
  });
});

const askOwnPage = (key: string | undefined) =>
  app.inject({
    method: 'POST',
    url: '/v1/member-pages/releases',
    payload: { memberId: memberOf(1), key, day: '2026-03-05' },
  });

interface MemberAnswer {
  readonly allocFen: number;
  readonly allocation: {
    readonly mostFen: number;
    readonly shareFen: number;
    readonly oddFen: number;
  } | null;
  readonly words: { readonly member: { readonly zh: string } };
}

async function balances(): Promise<unknown> {
  const { rows } = await cloud.deps.db.execute(sql`
    select account, sum(balance_fen) as fen from ledger_balance group by account order by account`);
  return rows;
}
