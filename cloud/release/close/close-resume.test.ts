import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { connect } from '#cloud/platform/postgres/connect.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { inTransaction } from '#cloud/platform/dry-run.ts';
import { createScopedDb } from '#cloud/platform/tenancy/scoped-db.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { attachMember } from '#cloud/points/claim-points.ts';
import { clawBackPoints, lockPoints } from '#cloud/points/claw-back.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { lockBook, putPointsConfig } from '#cloud/points/points-config-store.ts';
import {
  merchantOf,
  operatorOf,
  orderOf,
  pilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { readClose } from '#cloud/release/close/stored-closes.ts';
import type { CloseStep } from '#cloud/release/close/close-steps.ts';
import { chunkAccounts } from '#cloud/release/accounts/account-ranges.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { finishOpenRunOrClose } from '#cloud/release/finish-open.ts';
import {
  accountsCount,
  loadBooks,
  memberAt,
  period,
  tracesOf,
} from '#cloud/release/testing/books-to-close.ts';
import type { OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

const close = (db: Db | Tx, operatorId: OperatorId, observe?: (step: CloseStep) => unknown) =>
  closePeriod(
    db,
    { operatorId, period },
    observe === undefined ? {} : { observe: async (step) => void (await observe(step)) },
  );

/** What the close of a fresh operator leaves, done this way. */
async function closedBy(work: (operatorId: OperatorId) => Promise<unknown>): Promise<unknown> {
  const operatorId = freshOperator();
  await loadBooks(database.db, operatorId);
  await work(operatorId);
  return tracesOf(database.db, operatorId);
}

let undisturbed: Promise<unknown> | undefined;
const undisturbedTraces = (): Promise<unknown> =>
  (undisturbed ??= closedBy(async (operatorId) => {
    const closed = getOrThrow(await close(database.db, operatorId));
    expect(closed).toMatchObject({ isNew: true, gateOpen: true });
    expect(closed.explanation).toMatchObject({ gate: { outstanding: { unclaimed: '2000' } } });
  }));

describe('a close that is cut off', () => {
  it.each<{ after: CloseStep; times: number }>([
    { after: 'opened', times: 1 },
    { after: 'chunk-advanced', times: 1 },
    { after: 'chunk-advanced', times: 2 },
    { after: 'chunk-advanced', times: 3 },
    { after: 'scored', times: 1 },
    { after: 'summed', times: 1 },
    { after: 'closed', times: 1 },
  ])(
    'after step $times x $after is carried on by the next call: the same to the byte',
    async ({ after, times }) => {
      const traces = await closedBy(async (operatorId) => {
        let seen = 0;
        const cut = close(database.db, operatorId, (step) => {
          if (step === after) seen += 1;
          if (seen >= times) throw new Error('the process is gone');
        });
        await expect(cut).rejects.toThrow('the process is gone');
        const stored = await readClose(database.db, { operatorId, period });
        expect(stored === undefined).toBe(after !== 'closed');
        getOrThrow(await close(database.db, operatorId));
        expect(getOrThrow(await close(database.db, operatorId)).isNew).toBe(false);
      });
      expect(traces).toEqual(await undisturbedTraces());
    },
    60_000,
  );

  it('in the middle of any statement, by killed connections, again and again, ends the same to the byte', async () => {
    let kills = 0;
    const traces = await closedBy(async (operatorId) => {
      for (let tries = 0; tries < 30; tries += 1) {
        const own = connect(database.databaseUrl, { poolMax: 4 });
        const name = `close-kill-${tries}`;
        own.pool.options.application_name = name;
        // Later and later: every step of the close is hit somewhere; soon late enough for a machine
        // that does ten other things.
        const killer = setInterval(
          () =>
            void database.pool
              .query(
                `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${name}'`,
              )
              .catch(() => undefined),
          5 * 1.4 ** tries,
        );
        const done = await close(own.db, operatorId).then(
          () => true,
          () => false,
        );
        clearInterval(killer);
        await own.pool.end().catch(() => undefined);
        if (done) break;
        kills += 1;
      }
      expect(getOrThrow(await close(database.db, operatorId)).isNew).toBe(false);
    });
    expect(kills).toBeGreaterThan(3);
    expect(traces).toEqual(await undisturbedTraces());
  }, 240_000);

  it('stands in the way of the next close, of older days and of new rules, and is ended by whoever must', async () => {
    const operatorId = freshOperator();
    await loadBooks(database.db, operatorId);
    const cut = close(database.db, operatorId, (step) => {
      if (step === 'chunk-advanced') throw new Error('gone');
    });
    await expect(cut).rejects.toThrow('gone');
    const next = { operatorId, period: '2026-03' };
    expect(await closePeriod(database.db, next)).toEqual({
      ok: false,
      error: { type: 'period-out-of-order', expectedPeriod: period },
    });
    const older = { operatorId, period: '2026-01', day: '2026-02-05' };
    expect(await runReleaseDay(database.db, older)).toEqual({
      ok: false,
      error: { type: 'release-window-over', lastClosedPeriod: period },
    });
    const rules = { operatorId, config: pilotConfig, proposedBy: 'chen', approvedBy: 'wang' };
    expect(
      await inTx((tx) => putPointsConfig(tx, { ...rules, effectivePeriod: period })),
    ).toMatchObject({ ok: false, error: { type: 'period-already-closed' } });
    await inTx((tx) => finishOpenRunOrClose(tx, operatorId));
    expect(await tracesOf(database.db, operatorId)).toEqual(await undisturbedTraces());
  }, 60_000);
});

describe('a dry run of a close', () => {
  it('answers what the close will, and locks nobody’s account while it computes', async () => {
    const operatorId = freshOperator();
    await loadBooks(database.db, operatorId);
    const before = await tracesOf(database.db, operatorId);
    const lockAll = () =>
      inTx(async (tx) => {
        await tx.execute(sql`set local lock_timeout = '500ms'`);
        await lockBook(tx, operatorId, 'share');
        await tx.execute(sql`
          select 1 from account_points where operator_id = ${operatorId} for update`);
      });
    let seen = 0;
    const observe = async (step: CloseStep) => {
      if (step === 'chunk-advanced' || step === 'summed') await lockAll();
      seen += 1;
    };
    const dry = await inTransaction(database.db, { dryRun: true }, (tx) =>
      closePeriod(tx, { operatorId, period }, { isDry: true, observe }),
    );
    expect(seen).toBe(7);
    expect(await tracesOf(database.db, operatorId)).toEqual(before);
    const closed = getOrThrow(await close(database.db, operatorId));
    expect(getOrThrow(dry)).toEqual(closed);
    expect(await tracesOf(database.db, operatorId)).toEqual(await undisturbedTraces());
  }, 60_000);
});

describe('closes side by side', () => {
  it('from three nodes in the tenant’s role share the chunks and end the same to the byte', async () => {
    const traces = await closedBy(async (operatorId) => {
      const scoped = createScopedDb(database.pool);
      const closes = await runScoped({ type: 'operator', operatorId }, () =>
        Promise.all([1, 2, 3].map(() => close(scoped, operatorId))),
      );
      expect(closes.map(getOrThrow).filter(({ isNew }) => isNew)).toHaveLength(1);
    });
    expect(traces).toEqual(await undisturbedTraces());
  }, 60_000);

  it('in another way than by chunks, as a process of before did it, cannot be stored beside them', async () => {
    const traces = await closedBy(async (operatorId) => {
      let seen = 0;
      await close(database.db, operatorId, async (step) => {
        if (step === 'closed' || (seen += 1) % 2 === 0) return;
        const wholeAtOnce = inTx(async (tx) => {
          await tx.execute(sql`
            update account_points set cum_num = cum_num + active_num
             where operator_id = ${operatorId} and member_id = ${memberAt(1)}`);
          await tx.execute(sql`
            insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
              unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation,
              explanation_hash)
            values (${operatorId}, ${period}, 1, true, 'open', 1, 1, 10000, 0, 40, '{}',
                    ${'0'.repeat(64)})`);
        });
        await expect(wholeAtOnce).rejects.toMatchObject({
          cause: { message: expect.stringContaining('is ended chunk by chunk') },
        });
      });
      expect(seen).toBeGreaterThan(4);
    });
    expect(traces).toEqual(await undisturbedTraces());
  }, 60_000);

  it('in one transaction of the caller gives the same to the byte, and nothing when it is rolled back', async () => {
    const operatorId = freshOperator();
    await loadBooks(database.db, operatorId);
    const before = await tracesOf(database.db, operatorId);
    const rolledBack = inTx(async (tx) => {
      getOrThrow(await close(tx, operatorId));
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await tracesOf(database.db, operatorId)).toEqual(before);
    getOrThrow(await inTx((tx) => close(tx, operatorId)));
    expect(await tracesOf(database.db, operatorId)).toEqual(await undisturbedTraces());
  }, 60_000);
});

const asOf = '2026-03-01';

/** Lots begin to run, receipts are claimed and a running lot is taken back, in accounts of every chunk. */
const movements: readonly ((tx: Tx, operatorId: OperatorId) => Promise<unknown>)[] = [
  (tx, operatorId) => makePointsFinal(tx, { operatorId, orderIds: [4, 5, 6].map(orderOf), asOf }),
  (tx, operatorId) => claim(tx, operatorId, { order: 1, member: accountsCount - 2 }),
  (tx, operatorId) => claim(tx, operatorId, { order: 2, member: chunkAccounts + 7 }),
  (tx, operatorId) => takeBack(tx, operatorId, orderOf(3)),
];

const claim = (
  tx: Tx,
  operatorId: OperatorId,
  { order, member }: { readonly order: number; readonly member: number },
) =>
  attachMember(tx, { operatorId, orderId: orderOf(order), memberId: memberAt(member), asOf }).then(
    getOrThrow,
  );

async function takeBack(tx: Tx, operatorId: OperatorId, orderId: OrderId): Promise<void> {
  const locked = await lockPoints(tx, { operatorId, orderId });
  const refund = {
    operatorId,
    orderId,
    merchantId: merchantOf(1),
    refundNo: 1,
    cashFen: fen(5_000),
    concessionAfterFen: fen(1_000),
    today: asOf,
  };
  const back = await clawBackPoints(tx, refund, locked);
  expect(back.points).toBe(1_000);
}

async function moveAll(operatorId: OperatorId): Promise<void> {
  for (const move of movements) await inTx((tx) => move(tx, operatorId));
}

describe('points that move while a period is being closed', () => {
  it.each<{ when: string; at: CloseStep; times: number }>([
    { when: 'before the first chunk', at: 'opened', times: 1 },
    { when: 'between the chunks', at: 'chunk-advanced', times: 1 },
    { when: 'behind the last chunk', at: 'chunk-advanced', times: 3 },
    { when: 'before it is decided', at: 'summed', times: 1 },
  ])(
    '$when: it decides on the moment in which it was opened, and every account is as if they had moved after it',
    async ({ at, times }) => {
      const after = await closedBy(async (operatorId) => {
        getOrThrow(await close(database.db, operatorId));
        await moveAll(operatorId);
      });
      const meanwhile = await closedBy(async (operatorId) => {
        let seen = 0;
        const closed = getOrThrow(
          await close(database.db, operatorId, async (step) => {
            if (step === at && (seen += 1) === times) await moveAll(operatorId);
          }),
        );
        expect(seen).toBeGreaterThanOrEqual(times);
        expect(closed.isNew).toBe(true);
      });
      expect(meanwhile).toEqual(after);
      expect(after).toMatchObject({
        explanation: ((await undisturbedTraces()) as { explanation: string }).explanation,
      });
    },
    60_000,
  );

  it('all of it at once, from many connections: nobody waits in a ring, and the sums are those of the moment', async () => {
    const after = await closedBy(async (operatorId) => {
      getOrThrow(await close(database.db, operatorId));
      await moveAll(operatorId);
    });
    const meanwhile = await closedBy(async (operatorId) => {
      const moves: Promise<unknown>[] = [];
      await close(database.db, operatorId, (step) => {
        if (step === 'opened')
          moves.push(
            ...movements.map((move) => inTx((tx) => move(tx, operatorId))),
            // They come again, as they do from other nodes, and move nothing twice.
            ...movements.slice(0, 3).map((move) => inTx((tx) => move(tx, operatorId))),
            close(database.db, operatorId),
          );
      });
      await Promise.all(moves);
    });
    expect(meanwhile).toEqual(after);
  }, 60_000);
});
