import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { createScopedDb } from '#cloud/platform/tenancy/scoped-db.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { connect } from '#cloud/platform/postgres/connect.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import {
  balancesOf,
  fundWith,
  operatorOf,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { closePeriod } from '#cloud/release/close-period.ts';
import { chunkAccounts } from '#cloud/release/accounts/account-ranges.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import type { ReleaseStep } from '#cloud/release/run/run-steps.ts';
import { voucherLaws } from '#cloud/vouchers/voucher-laws.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** Three chunks, the last one short. */
const accountsCount = 2 * chunkAccounts + 500;
const period = '2026-02';
const day = '2026-03-05';

const database = useTestDatabase();
let operatorCount = 0;
const freshOperator = (): OperatorId => operatorOf((operatorCount += 1));
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);
const broken = async (operatorId: OperatorId) =>
  (await proveLaws(database.db, { operatorId, laws: [...ledgerLaws, ...voucherLaws] })).filter(
    (proof) => !proof.holds,
  );

/** Every account has due points; every 50th bought, a third of those for 2 fen. */
async function loadOperator(operatorId: OperatorId): Promise<void> {
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: accountsCount * 500 });
    await tx.execute(sql`
      insert into account_points (operator_id, member_id, issued, cum_num)
      select ${operatorId}, 'mbr_' || lpad(i::text, 8, '0'), 2000,
             (100 + i % 900)::numeric * ${String(scheduleLcm)}::numeric
        from generate_series(1, ${accountsCount}::integer) i`);
    await tx.execute(sql`
      insert into points_order (operator_id, order_id, merchant_id, member_id, accepted_on, net_fen,
                                concession_fen, merchant_points)
      select ${operatorId}, 'ord_' || i, 'mch_' || i % 100, 'mbr_' || lpad(i::text, 8, '0'),
             ${day}::date, case when i % 150 = 0 then 2 else 5000 end, 0, 0
        from generate_series(50, ${accountsCount}::integer, 50) i`);
    await tx.execute(sql`
      insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
        unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
      values (${operatorId}, ${period}, 1, true, 'open', 1000, 1000, 20000, ${accountsCount * 10}, 40, '{}',
              ${'0'.repeat(64)})`);
    await tx.execute(sql`
      update points_book set last_closed_period = ${period} where operator_id = ${operatorId}`);
  });
}

/** All that a run left behind, to the byte; ids without what is the operator's own. */
async function tracesOf(operatorId: OperatorId): Promise<unknown> {
  const { rows } = await database.db.execute(sql`
    select (select md5(string_agg(concat_ws(':', member_id, due_points, mult_bp, want_fen, most_fen,
                                            alloc_fen, points_used, right(voucher_id, 10)), ',' order by member_id))
              from release_allocation where operator_id = ${operatorId}) as allocations,
           (select md5(string_agg(concat_ws(':', member_id, released, given_month, given_fen), ',' order by member_id))
              from account_points where operator_id = ${operatorId}) as accounts,
           (select md5(string_agg(concat_ws(':', member_id, face_fen, left_fen, expires_on, right(voucher_id, 10)),
                                  ',' order by voucher_id))
              from voucher where operator_id = ${operatorId}) as vouchers,
           (select count(*) from voucher where operator_id = ${operatorId}) as voucher_count,
           (select json_agg(json_build_object('key', t.idem_key, 'fen', e.amount_fen) order by t.idem_key)
              from ledger_txn t join ledger_entry e using (operator_id, txn_no)
             where t.operator_id = ${operatorId} and t.kind = 'release' and e.account = 'fund_free') as journals,
           (select explanation_hash from release_run where operator_id = ${operatorId}) as explanation`);
  return { ...rows[0], books: await balancesOf(database.db, operatorId) };
}

const release = (db: Db, operatorId: OperatorId, observe?: (step: ReleaseStep) => void) =>
  runReleaseDay(db, { operatorId, period, day }, observe === undefined ? {} : { observe });

let undisturbed: Promise<unknown> | undefined;
/** What a run without any trouble leaves. */
const undisturbedTraces = (): Promise<unknown> =>
  (undisturbed ??= (async () => {
    const operatorId = freshOperator();
    await loadOperator(operatorId);
    getOrThrow(await release(database.db, operatorId));
    expect(await broken(operatorId)).toEqual([]);
    const { rows } = await database.db.execute(sql`
      select member_id from release_allocation a full join voucher v using (operator_id, voucher_id, member_id)
       where operator_id = ${operatorId} and a.alloc_fen is distinct from v.face_fen`);
    expect(rows).toEqual([]);
    return tracesOf(operatorId);
  })());

describe('a run that is cut off', () => {
  it.each<{ after: ReleaseStep; times: number }>([
    { after: 'opened', times: 1 },
    { after: 'chunk-wanted', times: 2 },
    { after: 'planned', times: 1 },
    { after: 'allocated', times: 1 },
    { after: 'chunk-posted', times: 1 },
    { after: 'chunk-posted', times: 2 },
    { after: 'posted', times: 1 },
  ])(
    'after step $times x $after is carried on by the next call: the same to the byte, and every law held meanwhile',
    async ({ after, times }) => {
      const operatorId = freshOperator();
      await loadOperator(operatorId);
      let seen = 0;
      await expect(
        release(database.db, operatorId, (step) => {
          if (step === after) seen += 1;
          if (seen >= times) throw new Error('the process is gone');
        }),
      ).rejects.toThrow('the process is gone');
      expect(await broken(operatorId)).toEqual([]);
      getOrThrow(await release(database.db, operatorId));
      expect(getOrThrow(await release(database.db, operatorId)).isNew).toBe(false);
      expect(await tracesOf(operatorId)).toEqual(await undisturbedTraces());
      expect(await broken(operatorId)).toEqual([]);
    },
    60_000,
  );

  it('in the middle of any statement, by killed connections, again and again, ends the same to the byte', async () => {
    const operatorId = freshOperator();
    await loadOperator(operatorId);
    let kills = 0;
    for (let tries = 0; tries < 30; tries += 1) {
      const own = connect(database.databaseUrl, { poolMax: 4 });
      const name = `release-kill-${tries}`;
      own.pool.options.application_name = name;
      // Later and later: every step of the run is hit somewhere; soon late enough for a machine
      // that does ten other things.
      const killer = setInterval(
        () =>
          void database.pool
            .query(
              `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${name}'`,
            )
            .catch(() => undefined),
        5 * 1.5 ** tries,
      );
      const done = await release(own.db, operatorId).then(
        () => true,
        () => false,
      );
      clearInterval(killer);
      await own.pool.end().catch(() => undefined);
      expect(await broken(operatorId)).toEqual([]);
      if (done) break;
      kills += 1;
    }
    expect(kills).toBeGreaterThan(3);
    expect(getOrThrow(await release(database.db, operatorId)).isNew).toBe(false);
    expect(await tracesOf(operatorId)).toEqual(await undisturbedTraces());
  }, 240_000);

  it('is ended by the next day’s run and by a close, before they read anything', async () => {
    const cut = async () => {
      const operatorId = freshOperator();
      await loadOperator(operatorId);
      const run = release(database.db, operatorId, (step) => {
        if (step === 'chunk-posted') throw new Error('gone');
      });
      await expect(run).rejects.toThrow('gone');
      return operatorId;
    };
    const statesOf = async (operatorId: OperatorId) =>
      (
        await database.db.execute<{ day: string; state: string }>(sql`
          select day::text as day, state from release_run where operator_id = ${operatorId} order by day`)
      ).rows;
    const first = await cut();
    getOrThrow(await runReleaseDay(database.db, { operatorId: first, period, day: '2026-03-06' }));
    expect(await statesOf(first)).toEqual([
      { day, state: 'posted' },
      { day: '2026-03-06', state: 'posted' },
    ]);
    const second = await cut();
    getOrThrow(await inTx((tx) => closePeriod(tx, { operatorId: second, period: '2026-03' })));
    expect(await statesOf(second)).toEqual([{ day, state: 'posted' }]);
    expect(await tracesOf(second)).toMatchObject({
      vouchers: ((await undisturbedTraces()) as { vouchers: string }).vouchers,
    });
  }, 60_000);
});

describe('runs side by side', () => {
  it('from three nodes in the tenant’s role share the chunks and end the same to the byte', async () => {
    const operatorId = freshOperator();
    await loadOperator(operatorId);
    const scoped = createScopedDb(database.pool);
    const runs = await runScoped({ type: 'operator', operatorId }, () =>
      Promise.all([1, 2, 3].map(() => release(scoped, operatorId))),
    );
    expect(runs.map(getOrThrow).filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await tracesOf(operatorId)).toEqual(await undisturbedTraces());
  }, 60_000);

  it('in one transaction of the caller gives the same to the byte, and nothing when it is rolled back', async () => {
    const operatorId = freshOperator();
    await loadOperator(operatorId);
    const before = await tracesOf(operatorId);
    const rolledBack = inTx(async (tx) => {
      getOrThrow(await runReleaseDay(tx, { operatorId, period, day }));
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await tracesOf(operatorId)).toEqual(before);
    getOrThrow(await inTx((tx) => runReleaseDay(tx, { operatorId, period, day })));
    expect(await tracesOf(operatorId)).toEqual(await undisturbedTraces());
  }, 60_000);
});

describe('an account that changes between the reading and the posting', () => {
  const members = { frozen: 'mbr_00000100', poorer: 'mbr_00000200', richer: 'mbr_00000250' };

  it('is withdrawn when it is frozen or lost its points; its part stays in the fund, and the laws hold', async () => {
    const operatorId = freshOperator();
    await loadOperator(operatorId);
    const change = (member: string, set: string) =>
      database.pool.query(
        `update account_points set ${set} where operator_id = $1 and member_id = $2`,
        [operatorId, member],
      );
    const run = getOrThrow(
      await runReleaseDay(
        database.db,
        { operatorId, period, day },
        {
          observe: async (step) => {
            if (step !== 'allocated') return;
            await change(members.frozen, `state = 'frozen'`);
            await change(members.poorer, 'cum_num = 0');
            await change(members.richer, `cum_num = cum_num + ${scheduleLcm} * 50`);
          },
        },
      ),
    );
    const { rows } = await database.db.execute<{ member_id: string }>(sql`
      select member_id from release_withdrawn where operator_id = ${operatorId} order by 1`);
    expect(rows.map((row) => row.member_id)).toEqual([members.frozen, members.poorer]);
    const given = await database.db.execute<{ member_id: string; fen: number }>(sql`
      select member_id, sum(alloc_fen)::bigint as fen from release_allocation
       where operator_id = ${operatorId} and member_id = any(${sql.param(Object.values(members))}::text[])
       group by 1`);
    expect(given.rows.map((row) => row.member_id)).toEqual([members.richer]);
    expect(run.releasedFen).toBeLessThan(run.limitFen);
    expect(run.explanation).toMatchObject({ withdrawnFen: run.limitFen - run.releasedFen });
    const books = await balancesOf(database.db, operatorId);
    expect(books['voucher_outstanding']).toBe(run.releasedFen);
    expect(await broken(operatorId)).toEqual([]);
  }, 60_000);
});
