import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { connect } from '#cloud/platform/connect.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { inTransaction } from '#cloud/platform/dry-run.ts';
import { createScopedDb } from '#cloud/platform/tenancy/scoped-db.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { attachMember } from '#cloud/points/claim-points.ts';
import { clawBackPoints, lockPoints } from '#cloud/points/claw-back.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { lockBook, putPointsConfig } from '#cloud/points/points-config-store.ts';
import {
  fundWith,
  merchantOf,
  operatorOf,
  orderOf,
  paidOrder,
  pilotConfig,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod, readClose } from '#cloud/release/close-period.ts';
import type { CloseStep } from '#cloud/release/close-steps.ts';
import { chunkAccounts } from '#cloud/release/release-chunks.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { finishOpenRun } from '#cloud/release/run-release.ts';
import type { MemberId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { scheduleLcm } from '#shared/points/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** Three chunks, the last one short. */
const accountsCount = 2 * chunkAccounts + 500;
const period = '2026-02';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const memberAt = (index: number) => `mbr_${String(index).padStart(8, '0')}` as MemberId;
const perMember = (step: number) =>
  sql`generate_series(${step}::integer, ${accountsCount}::integer, ${step}::integer) i`;
const slice = (points: string) => sql.raw(`(${points})::numeric * ${scheduleLcm / 40n}`);
const idAt = (column: string) => sql.raw(`'mbr_' || lpad((${column})::text, 8, '0')`);

/**
 * Running lots; every 7th account has one that ends now, every 11th one that began after the period, every 13th is
 * frozen; every 5th bought at two shops; three members buy enough for a tier.
 */
async function loadOperator(operatorId: OperatorId): Promise<void> {
  const lots = (
    tag: string,
    lot: { readonly step: number; readonly from: string; readonly to: string },
  ) => sql`
    insert into points_lot (operator_id, order_id, kind, merchant_id, member_id, points, state,
                            final_on, issued_in, entered_in, n, ends_in)
    select ${operatorId}, ${tag} || i, 'consumer', 'mch_' || i % 9, ${idAt('i')}, 400, 'final',
           '2026-02-09', ${lot.from}, ${lot.from}, 40, ${lot.to} from ${perMember(lot.step)}`;
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: accountsCount * 500 });
    await tx.execute(sql`
      insert into account_points (operator_id, member_id, issued, released, active_num, cum_num, state)
      select ${operatorId}, ${idAt('i')}, 9000 + i % 100, i % 50,
             ${slice('1000 + i % 100 + case when i % 7 = 0 then 400 else 0 end + case when i % 11 = 0 then 400 else 0 end')},
             ${slice('40 * (i % 60)')}, case when i % 13 = 0 then 'frozen' else 'active' end
        from ${perMember(1)}`);
    await tx.execute(lots('end_', { step: 7, from: '2022-11', to: period }));
    await tx.execute(lots('new_', { step: 11, from: '2026-03', to: '2029-06' }));
    await tx.execute(sql`
      insert into points_order (operator_id, order_id, merchant_id, member_id, accepted_on, net_fen,
                                concession_fen, merchant_points)
      select ${operatorId}, 'ord_' || shop || '_' || i, 'mch_' || (i + shop) % 9, ${idAt('i')},
             '2026-02-05'::date, 5000 + i % 70, 0, 0
        from ${perMember(5)}, generate_series(1, 2) shop
      union all
      select ${operatorId}, 'rich_' || i, 'mch_1', ${idAt('i')}, '2026-02-06', 900000000, 0, 0
        from generate_series(1, 3) i`);
    await tx.execute(sql`
      insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
        unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
      values (${operatorId}, '2026-01', 1, false, 'no-previous-pool', 1000, 1000, 10000, 0, 40, '{}',
              ${'0'.repeat(64)})`);
    await tx.execute(sql`
      update points_book set last_closed_period = '2026-01' where operator_id = ${operatorId}`);
  });
  await trade(operatorId);
}

/** Receipts that nobody claimed, of February and of March, and one running lot that a refund will shrink. */
async function trade(operatorId: OperatorId): Promise<void> {
  await inTx(async (tx) => {
    const orders = [
      paidOrder(operatorId, 1, { day: '2026-02-01' }),
      paidOrder(operatorId, 2, { day: '2026-03-01' }),
      { ...paidOrder(operatorId, 3, { day: '2026-02-01' }), memberId: memberAt(accountsCount) },
      // Their holds end while the period is being closed.
      { ...paidOrder(operatorId, 4, { day: '2026-02-27' }), memberId: memberAt(accountsCount - 1) },
      { ...paidOrder(operatorId, 5, { day: '2026-02-27' }), memberId: memberAt(8) },
      { ...paidOrder(operatorId, 6, { day: '2026-02-27' }), memberId: memberAt(99_999_999) },
    ];
    await issuePendingPoints(tx, orders);
    await makePointsFinal(tx, {
      operatorId,
      orderIds: [orderOf(1), orderOf(3)],
      asOf: '2026-02-09',
    });
    await makePointsFinal(tx, { operatorId, orderIds: [orderOf(2)], asOf: '2026-03-01' });
    // An old one: the inflow of the period is added up last, and knows of what was taken back meanwhile.
    await tx.execute(sql`
      update points_lot set entered_in = '2025-12', issued_in = '2026-01'
       where operator_id = ${operatorId} and order_id = ${orderOf(3)}`);
  });
}

/** All that a close left behind, to the byte. */
async function tracesOf(operatorId: OperatorId): Promise<unknown> {
  const { rows } = await database.db.execute(sql`
    select (select md5(string_agg(concat_ws(':', member_id, state, issued, released, cum_num, active_num, score_bp),
                                  ',' order by member_id))
              from account_points where operator_id = ${operatorId}) as accounts,
           (select json_agg(json_build_object('member', member_id, 'tier', tier, 'score', score_fen, 'on', reached_on)
                            order by member_id)
              from member_tier where operator_id = ${operatorId}) as tiers,
           (select count(*) from member_tier_change where operator_id = ${operatorId}) as tier_changes,
           (select json_agg(json_build_object('order', order_id, 'kind', kind, 'points', points, 'state', state,
                                              'issued', issued_in, 'ends', ends_in) order by order_id, kind)
              from points_lot where operator_id = ${operatorId} and order_id like 'ord_01J%') as lots,
           (select explanation_hash from period_close
             where operator_id = ${operatorId} and period = ${period}) as explanation,
           (select concat_ws(':', last_closed_period, closing_period) from points_book
             where operator_id = ${operatorId}) as book`);
  return rows[0];
}

const close = (db: Db | Tx, operatorId: OperatorId, observe?: (step: CloseStep) => unknown) =>
  closePeriod(
    db,
    { operatorId, period },
    observe === undefined ? {} : { observe: async (step) => void (await observe(step)) },
  );

/** What the close of a fresh operator leaves, done this way. */
async function closedBy(work: (operatorId: OperatorId) => Promise<unknown>): Promise<unknown> {
  const operatorId = freshOperator();
  await loadOperator(operatorId);
  await work(operatorId);
  return tracesOf(operatorId);
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
        // Later and later: every step of the close is hit somewhere; soon late enough for a machine that does ten other things.
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
    await loadOperator(operatorId);
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
    await inTx((tx) => finishOpenRun(tx, operatorId));
    expect(await tracesOf(operatorId)).toEqual(await undisturbedTraces());
  }, 60_000);
});

describe('a dry run of a close', () => {
  it('answers what the close will, and locks nobody’s account while it computes', async () => {
    const operatorId = freshOperator();
    await loadOperator(operatorId);
    const before = await tracesOf(operatorId);
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
    expect(await tracesOf(operatorId)).toEqual(before);
    const closed = getOrThrow(await close(database.db, operatorId));
    expect(getOrThrow(dry)).toEqual(closed);
    expect(await tracesOf(operatorId)).toEqual(await undisturbedTraces());
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
    await loadOperator(operatorId);
    const before = await tracesOf(operatorId);
    const rolledBack = inTx(async (tx) => {
      getOrThrow(await close(tx, operatorId));
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await tracesOf(operatorId)).toEqual(before);
    getOrThrow(await inTx((tx) => close(tx, operatorId)));
    expect(await tracesOf(operatorId)).toEqual(await undisturbedTraces());
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
