import { sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { fundWith, operatorOf, usePilotConfig } from '#cloud/points/testing/points-fixtures.ts';
import { readMemberRelease } from '#cloud/release/member-release.ts';
import { runReleaseDay } from '#cloud/release/release-day.ts';
import { wholePoints } from '#cloud/release/accounts/whole-points.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';

const accountsCount = 60;
const period = '2026-02';
const [firstDay, secondDay] = ['2026-03-05', '2026-03-06'];
const memberOf = (index: number) => `mbr_${String(index).padStart(2, '0')}` as MemberId;

const database = useTestDatabase();
const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => database.db.transaction(work);

/** Sixty accounts that all bought, cut behind every `step`-th; every seventh has nothing left under his cap. */
async function loadOperator(operatorId: OperatorId, step: number): Promise<void> {
  await inTx(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: accountsCount * 5_000 });
    await tx.execute(sql`
      insert into account_points (operator_id, member_id, issued, cum_num)
      select ${operatorId}, 'mbr_' || lpad(i::text, 2, '0'), 2000,
             (100 + i)::numeric * ${String(scheduleLcm)}::numeric
        from generate_series(1, ${accountsCount}::integer) i`);
    await tx.execute(sql`
      insert into points_order (operator_id, order_id, merchant_id, member_id, accepted_on, net_fen,
                                concession_fen, merchant_points)
      select ${operatorId}, 'ord_' || day || '_' || i, 'mch_1', 'mbr_' || lpad(i::text, 2, '0'),
             day, case when i % 7 = 0 then 2 else 200 + i end, 0, 0
        from generate_series(1, ${accountsCount}::integer) i,
             unnest(array[${firstDay}::date, ${secondDay}::date]) day`);
    await tx.execute(sql`
      insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
        unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
      values (${operatorId}, ${period}, 1, true, 'open', 1000, 1000, 20000, 100000, 40, '{}',
              ${'0'.repeat(64)})`);
    await tx.execute(sql`
      update points_book set last_closed_period = ${period} where operator_id = ${operatorId}`);
    await cutBehind(tx, operatorId, step);
  });
}

const cutBehind = (tx: Tx, operatorId: OperatorId, step: number) =>
  tx.execute(sql`
    insert into account_cut (operator_id, from_member)
    select ${operatorId}, 'mbr_' || lpad(i::text, 2, '0')
      from generate_series(${step}::integer, ${accountsCount}::integer, ${step}::integer) i
    on conflict do nothing`);

const release = (operatorId: OperatorId, day: string) =>
  runReleaseDay(database.db, { operatorId, period, day }).then(getOrThrow);

/** Wants and shares of a day, whatever the chunks were. */
async function sharesOf(operatorId: OperatorId, day: string): Promise<readonly unknown[]> {
  const { rows } = await database.db.execute(sql`
    select w.member_id, w.due_points, w.want_fen, w.most_fen, w.mult_bp, a.alloc_fen, a.points_used
      from release_want w
      left join release_allocation a on a.operator_id = w.operator_id and a.period = w.period
                                    and a.day = w.day and a.member_id = w.member_id
     where w.operator_id = ${operatorId} and w.day = ${day}::date order by w.member_id`);
  return rows;
}

it('wants and shares are the same however the accounts are cut, and each voucher is that of its account', async () => {
  const [one, many] = [operatorOf(1), operatorOf(2)];
  await loadOperator(one, accountsCount + 1);
  await loadOperator(many, 7);
  await release(one, firstDay);
  await release(many, firstDay);
  const { rows: chunks } = await database.db.execute<{ operator_id: string; chunks: number }>(sql`
    select operator_id, count(*) as chunks from release_chunk_want group by 1 order by 1`);
  expect(chunks.map((row) => row.chunks)).toEqual([1, 9]);
  const shares = await sharesOf(many, firstDay);
  // Every seventh is capped at 4 fen; nobody is left out.
  expect(shares).toHaveLength(accountsCount);
  expect(shares).toEqual(await sharesOf(one, firstDay));
  const { rows: strangers } = await database.db.execute(sql`
    select member_id from release_allocation a
      full join voucher v using (operator_id, voucher_id, member_id)
     where operator_id = ${many} and a.alloc_fen is distinct from v.face_fen`);
  expect(strangers).toEqual([]);
  for (const member of [1, 6, 7, 8, 59, 60]) {
    const found = await readMemberRelease(database.db, {
      operatorId: many,
      period,
      day: firstDay,
      memberId: memberOf(member),
    });
    expect(found?.allocFen).toBe((shares[member - 1] as { alloc_fen: number }).alloc_fen);
  }
});

it('what a month gave is known behind a run of a later month, also where the accounts are cut elsewhere since', async () => {
  const [plain, late] = [operatorOf(3), operatorOf(4)];
  for (const operatorId of [plain, late]) {
    await loadOperator(operatorId, 7);
    await release(operatorId, firstDay);
  }
  await inTx(async (tx) => {
    await tx.execute(sql`
      insert into release_run (operator_id, period, day, run_id, state, snapshot, snapshot_hash,
                               limit_fen, released_fen, explanation, explanation_hash)
      values (${late}, ${period}, '2026-04-01', 'later', 'posted', '{}', ${'0'.repeat(64)}, 0, 0,
              '{}', ${'0'.repeat(64)})`);
    await tx.execute(sql`
      update account_points set given_month = 202604, given_fen = 1 where operator_id = ${late}`);
    await cutBehind(tx, late, 10);
  });
  await release(plain, secondDay);
  await release(late, secondDay);
  const shares = await sharesOf(plain, secondDay);
  expect(shares.length).toBeGreaterThan(40);
  expect(await sharesOf(late, secondDay)).toEqual(shares);
});

it('whole points are the same by bigint and by numeric on both sides of the limit', async () => {
  const nums = ['0', '1', '3290039', '3290040', '8999999999999999999', '9000000000000000000']
    .concat(['9000000000000000001', '9223372036854775807', '9223372036854775808'])
    .concat(['30344999999999999999999999']);
  const { rows } = await database.db.execute<{ num: string; whole: string }>(sql`
    select num::text, ${wholePoints(sql`num`)}::text as whole
      from unnest(${sql.param(nums)}::text[]) given, lateral (select given::numeric as num) n`);
  expect(rows.map(({ whole }) => whole)).toEqual(
    nums.map((num) => String(BigInt(num) / scheduleLcm)),
  );
});
