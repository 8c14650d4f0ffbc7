import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import {
  balancesOf,
  fundWith,
  memberOf,
  operatorOf,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { sealRecord, type RecordValue } from '#cloud/release/sealed-record.ts';
import { readWallet } from '#cloud/vouchers/wallet.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { parseId, type MemberId, type OperatorId } from '#shared/ids/ids.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

const close = (operatorId: OperatorId, period: string) =>
  inTx((tx) => closePeriod(tx, { operatorId, period }));
const release = (operatorId: OperatorId, period: string, day: string) =>
  inTx((tx) => runReleaseDay(tx, { operatorId, period, day }));

/**
 * A small platform: member 1 has 500.00 of final points from January and member 2 as much from February, so that the
 * stock doubles and February's gate opens; both shop on 5 March.
 */
async function platformWithOpenGate(operatorId: OperatorId): Promise<void> {
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 70_000 });
    const orders = [
      paidOrder(operatorId, 1, { day: '2026-01-02', member: 1, netFen: 250_000 }),
      paidOrder(operatorId, 2, { day: '2026-02-02', member: 2, netFen: 250_000 }),
      paidOrder(operatorId, 3, { day: '2026-03-05', member: 1, netFen: 4000 }),
      paidOrder(operatorId, 4, { day: '2026-03-05', member: 2, netFen: 4000 }),
    ];
    await issuePendingPoints(tx, orders);
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-01-09' });
    getOrThrow(await closePeriod(tx, { operatorId, period: '2026-01' }));
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(2)], asOf: '2026-02-09' });
  });
}

describe('closing a period', () => {
  it('is closed in the first period and open when the stock grew, with numbers that explain it', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    const first = getOrThrow(await close(operatorId, '2026-01'));
    expect(first).toMatchObject({ isNew: false, gateOpen: false, gateReason: 'no-previous-pool' });
    expect(first.budgetFen).toBe(0);
    const second = getOrThrow(await close(operatorId, '2026-02'));
    // 2,500.00 bought is tier 1. January's lot runs 40 - 1 periods, February's 36, because the fund covers 1.4 of X.
    // Due: floor(2 * 50000/39) + floor(50000/36) = 3952; raw = (70000 - 0.3 * (100000 - 3952)) / 3952 = 10.4214.
    expect(second).toMatchObject({ gateOpen: true, multBp: 50_000, budgetFen: 19_760, nBase: 36 });
    expect(second.explanation).toMatchObject({
      gate: { outstanding: { previous: '50000', current: '100000' }, reason: 'open' },
      multiplier: { fundFen: 70_000, duePoints: 3952, rawBp: '104214', binding: 'maximum' },
    });
  });

  it('covers points that nobody claimed yet, and counts them as the growth that they are', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    await inTx(async (tx) => {
      await issuePendingPoints(tx, [
        paidOrder(operatorId, 9, { day: '2026-02-05', netFen: 150_000 }),
      ]);
      await makePointsFinal(tx, { operatorId, orderIds: [orderOf(9)], asOf: '2026-02-12' });
    });
    const closed = getOrThrow(await close(operatorId, '2026-02'));
    expect(closed.explanation).toMatchObject({
      gate: { outstanding: { current: '130000', unclaimed: '30000' } },
      // Whoever claims them may have been brought by somebody: 5% more.
      multiplier: { unreleasedPoints: 131_500 },
    });
  });

  it('stores an explanation whose hash anybody can compute again', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    const closed = getOrThrow(await close(operatorId, '2026-02'));
    expect(sealRecord(closed.explanation as RecordValue).hash).toBe(closed.explanationHash);
    const tampered = { ...closed.explanation, nBase: 40 };
    expect(sealRecord(tampered as RecordValue).hash).not.toBe(closed.explanationHash);
  });

  it('closes periods one after the other and each once', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    expect(await close(operatorId, '2026-03')).toEqual({
      ok: false,
      error: { type: 'period-out-of-order', expectedPeriod: '2026-02' },
    });
    const results = await Promise.all([1, 2, 3].map(() => close(operatorId, '2026-02')));
    expect(results.filter((result) => result.ok && result.value.isNew)).toHaveLength(1);
    const { rows } = await database.db.execute<{ cum: string }>(sql`
      select cum_num::text as cum from account_points
       where operator_id = ${operatorId} and member_id = ${memberOf(1)}`);
    // Two closes of 50000 / 39, whoever asked how often.
    expect(BigInt(rows[0]!.cum)).toBe(2n * 50_000n * (scheduleLcm / 39n));
  });
});

describe('a release day', () => {
  it('turns due points into vouchers of the same sum, backed by the fund', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    getOrThrow(await close(operatorId, '2026-02'));
    const run = getOrThrow(await release(operatorId, '2026-02', '2026-03-05'));
    // Half of the day's 80.00 is above the pace: want 197.60 over 27 days, rounded up = 7.32.
    expect(run).toMatchObject({
      runId: '2026-03/d05',
      limitFen: 732,
      binding: 'pace',
      releasedFen: 732,
      accountCount: 2,
      isNew: true,
    });
    expect(await balancesOf(database.db, operatorId)).toMatchObject({
      fund_free: 70_000 - 732,
      voucher_outstanding: 732,
    });
    const wallets = await Promise.all(
      [1, 2].map((member) =>
        readWallet(database.db, { operatorId, memberId: memberOf(member), today: '2026-06-29' }),
      ),
    );
    expect(wallets.map(({ totalFen }) => totalFen)).toEqual([475, 257]);
    const voucher = wallets[0]!.vouchers[0]!;
    expect(voucher.expiresOn).toBe('2026-06-29');
    expect(parseId('vch', voucher.voucherId)).toBe(voucher.voucherId);
  });

  it('posts once, however often and by however many it is run (vector release-day-rerun)', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    getOrThrow(await close(operatorId, '2026-02'));
    const first = getOrThrow(await release(operatorId, '2026-02', '2026-03-05'));
    const books = await balancesOf(database.db, operatorId);
    const again = await Promise.all(
      [1, 2, 3].map(() => release(operatorId, '2026-02', '2026-03-05')),
    );
    for (const result of again) expect(getOrThrow(result)).toEqual({ ...first, isNew: false });
    expect(await balancesOf(database.db, operatorId)).toEqual(books);
    const { rows } = await database.db.execute<{ postings: number; vouchers: number }>(sql`
      select (select count(*) from ledger_txn
               where operator_id = ${operatorId} and kind = 'release') as postings,
             (select count(*) from voucher where operator_id = ${operatorId}) as vouchers`);
    expect(rows).toEqual([{ postings: 1, vouchers: 2 }]);
  });

  it('releases nothing while the gate is closed, and says so', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    await inTx(async (tx) => {
      await issuePendingPoints(tx, [
        paidOrder(operatorId, 9, { day: '2026-02-05', member: 1, netFen: 1_000_000 }),
      ]);
    });
    const run = getOrThrow(await release(operatorId, '2026-01', '2026-02-05'));
    expect(run).toMatchObject({ binding: 'gate-closed', limitFen: 0, releasedFen: 0, theta: '0' });
    const { rows } = await database.db.execute(sql`
      select voucher_id from voucher where operator_id = ${operatorId}`);
    expect(rows).toEqual([]);
  });

  it('stops a writer who would give a closed period a budget, at the table itself', async () => {
    const operatorId = freshOperator();
    await expect(
      database.db.execute(sql`
        insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
          unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
        values (${operatorId}, '2026-01', 0, false, 'no-previous-pool', 0, 0, 10000, 1, 40, '{}',
                ${'0'.repeat(64)})`),
    ).rejects.toThrow();
  });

  it('runs only on days of the following month of a closed period', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    const outside = { type: 'day-outside-window', firstDay: '2026-03-01', lastDay: '2026-03-31' };
    for (const day of ['2026-02-28', '2026-04-01'])
      expect(await release(operatorId, '2026-02', day)).toEqual({ ok: false, error: outside });
    expect(await release(operatorId, '2026-02', '2026-03-01')).toEqual({
      ok: false,
      error: { type: 'period-not-closed' },
    });
  });

  it('gives nothing to a frozen account and nothing on a day without sales', async () => {
    const operatorId = freshOperator();
    await platformWithOpenGate(operatorId);
    getOrThrow(await close(operatorId, '2026-02'));
    await database.db.execute(sql`
      update account_points set state = 'frozen'
       where operator_id = ${operatorId} and member_id = ${memberOf(1)}`);
    const quiet = getOrThrow(await release(operatorId, '2026-02', '2026-03-04'));
    expect(quiet).toMatchObject({ binding: 'day-consumption', releasedFen: 0 });
    getOrThrow(await release(operatorId, '2026-02', '2026-03-05'));
    const owner = (member: number) => ({
      operatorId,
      memberId: memberOf(member),
      today: '2026-03-06',
    });
    expect((await readWallet(database.db, owner(1))).totalFen).toBe(0);
    expect((await readWallet(database.db, owner(2))).totalFen).toBeGreaterThan(0);
  });
});

interface VectorUser {
  readonly id: string;
  readonly due: number;
  readonly consMtd: number;
  readonly releasedMtd: number;
}

describe('vector release-day through the database', () => {
  const file = JSON.parse(
    readFileSync(
      new URL('../../shared/points/vectors/points-vectors.json', import.meta.url),
      'utf8',
    ),
  ) as { vectors: { id: string; input: unknown; expect: Record<string, unknown> }[] };
  const vector = file.vectors.find(({ id }) => id === 'release-day')!;
  const input = vector.input as {
    readonly fundFree: number;
    readonly unreleased: number;
    readonly users: readonly VectorUser[];
    readonly consDay: number;
  };

  it('gives its multiplier, limit, theta, shares, points used and balances', async () => {
    const operatorId = freshOperator();
    await inTx(async (tx) => {
      await usePilotConfig(tx, operatorId);
      await fundWith(tx, operatorId, { key: 'fund', amountFen: input.fundFree });
      await plantUsers(tx, operatorId);
      getOrThrow(await closePeriod(tx, { operatorId, period: '2026-02' }));
      await plantEarlierRelease(tx, operatorId);
    });
    const closed = getOrThrow(await close(operatorId, '2026-02'));
    expect(closed.multBp).toBe(vector.expect['multBp']);
    const run = getOrThrow(await release(operatorId, '2026-02', '2026-03-31'));
    expect(run).toMatchObject({
      runId: '2026-03/d31',
      limitFen: vector.expect['dayLimit'],
      theta: vector.expect['theta'],
    });
    const { rows } = await database.db.execute<{ id: string; value: number; used: number }>(sql`
      select member_id as id, coalesce(alloc_fen, 0) as value, coalesce(points_used, 0) as used
        from account_points left join release_allocation a using (operator_id, member_id)
       where operator_id = ${operatorId} and member_id <> 'rest'
         and coalesce(a.day, '2026-03-31') = '2026-03-31'::date`);
    expect(Object.fromEntries(rows.map(({ id, value }) => [id, value]))).toEqual(
      vector.expect['alloc'],
    );
    expect(Object.fromEntries(rows.map(({ id, used }) => [id, used]))).toEqual(
      vector.expect['pointsUsed'],
    );
    const books = await balancesOf(database.db, operatorId);
    expect(books['fund_free']).toBe(vector.expect['fundAfter']);
    const after = await database.db.execute<{ points: number }>(sql`
      select sum(issued - released) as points from account_points
       where operator_id = ${operatorId}`);
    expect(after.rows[0]?.points).toBe(vector.expect['unreleasedAfter']);
  });

  /** Accounts whose schedule already stands at the vector's dues; `rest` holds the points that are not due. */
  async function plantUsers(tx: Tx, operatorId: OperatorId): Promise<void> {
    await tx.execute(sql`
      insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
        unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
      values (${operatorId}, '2026-01', 0, false, 'no-previous-pool', 1, 0, 10000, 0, 40, '{}',
              ${createHash('sha256').update('').digest('hex')})`);
    await tx.execute(sql`
      insert into points_book values (${operatorId}, '2026-01')
      on conflict (operator_id) do update set last_closed_period = '2026-01'`);
    const due = input.users.reduce((sum, user) => sum + user.due, 0);
    for (const user of input.users)
      await tx.execute(sql`
        insert into account_points (operator_id, member_id, issued, cum_num)
        values (${operatorId}, ${user.id}, ${user.due},
                ${user.due}::numeric * ${String(scheduleLcm)}::numeric)`);
    await tx.execute(sql`
      insert into account_points (operator_id, member_id, issued)
      values (${operatorId}, 'rest', ${input.unreleased - due})`);
    const spent = input.users.flatMap((user, index) =>
      user.consMtd === 0
        ? []
        : [
            {
              ...paidOrder(operatorId, index + 1, { day: '2026-03-10', netFen: user.consMtd }),
              memberId: user.id as MemberId,
            },
          ],
    );
    await issuePendingPoints(tx, [
      ...spent,
      paidOrder(operatorId, 99, { day: '2026-03-31', netFen: input.consDay }),
    ]);
  }

  /** What the vector says was released earlier in the month. */
  async function plantEarlierRelease(tx: Tx, operatorId: OperatorId): Promise<void> {
    const given = input.users.filter(({ releasedMtd }) => releasedMtd > 0);
    await tx.execute(sql`
      insert into release_run (operator_id, period, day, run_id, state, snapshot, snapshot_hash,
        limit_fen, released_fen, explanation, explanation_hash)
      values (${operatorId}, '2026-02', '2026-03-10', '2026-03/d10', 'posted', '{}',
        ${'0'.repeat(64)}, 500, 500, '{}', ${'0'.repeat(64)})`);
    for (const user of given)
      await tx.execute(sql`
        update account_points set given_month = 202603, given_fen = ${user.releasedMtd}
         where operator_id = ${operatorId} and member_id = ${user.id}`);
  }
});
