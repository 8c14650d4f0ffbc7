import { sql } from 'drizzle-orm';
import type { Pool } from 'pg';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { putPointsConfig } from '#cloud/points/points-config-store.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { getOrThrow } from '#shared/result/result.ts';

export const operatorId = 'opr_01J00000000000000000000001' as OperatorId;
export const period = '2026-02';
export const releaseDay = '2026-03-05';

/** Points of an account: 100.00 to 999.99, so that a month's slice of 1/40 is 2.50 to 25.00. */
const pointsOf = '(10000 + (i * 7919) % 90000)';

/** A member's id by his number. */
const member = (number: string): string => `'mbr_01J' || lpad((${number})::text, 23, '0')`;

/**
 * Accounts with running lots, a smaller close to grow from, a fund, and purchases: `buyersPercent`
 * of the members bought in the month of the release, every third of them for 2 fen, which caps him
 * (whoever did not buy can be given nothing, rule R13); every eighth member bought at two shops in
 * February, which changes his score; every 400th reaches a tier. Indexes are built after the rows,
 * as a restore does.
 */
export async function loadNetwork(
  { db, pool }: { readonly db: Db; readonly pool: Pool },
  size: {
    readonly accountsCount: number;
    readonly buyersPercent: number;
    /** Told what is done. */
    readonly progress: (done: string) => void;
  },
): Promise<void> {
  const { accountsCount, buyersPercent, progress } = size;
  await db.transaction((tx) => rules(tx, accountsCount));
  const indexes = await dropIndexes(pool, ['account_points', 'points_order']);
  await pool.query(`
    insert into account_points (operator_id, member_id, issued, active_num)
    select '${operatorId}', ${member('i')}, ${pointsOf}, ${pointsOf}::numeric * ${scheduleLcm / 40n}
      from generate_series(1::bigint, ${accountsCount}) i`);
  progress('accounts written');
  const order = (
    tag: string,
    values: { readonly day: string; readonly fen: string; readonly step: number },
  ) => `
    insert into points_order (operator_id, order_id, merchant_id, member_id, accepted_on, net_fen,
                              concession_fen, merchant_points)
    select '${operatorId}', 'ord_${tag}' || lpad(i::text, 25, '0'), 'mch_01J' || lpad((i % 500)::text, 23, '0'),
           ${member('i')}, '${values.day}', ${values.fen}, 0, 0
      from generate_series(${values.step}::bigint, ${accountsCount}, ${values.step}) i`;
  // One of 400 buys so much that he has a tier.
  const first = 'case when i % 400 = 0 then 60000000 else 4000 end';
  await pool.query(order('A', { day: '2026-02-03', fen: first, step: 8 }));
  await pool.query(
    order('B', { day: '2026-02-04', fen: '5000', step: 8 }).replace('(i % 500)', '((i + 1) % 500)'),
  );
  const spent = 'case when i % 3 = 0 then 2 else 5000 end';
  await pool.query(
    `${order('C', { day: releaseDay, fen: spent, step: 1 })} where i % 100 < ${buyersPercent}`,
  );
  progress('purchases written');
  for (const create of indexes) {
    await pool.query(create);
    progress(create.slice(0, 90));
  }
  // What a server does by itself in the days after a load. Without statistics: run-scale.test.ts.
  for (const table of ['account_points', 'points_order'])
    await pool.query(`vacuum (analyze) ${table}`);
  await pool.query('checkpoint');
}

async function rules(tx: Tx, accountsCount: number): Promise<void> {
  const config = {
    ...defaultPointsConfig,
    gateMaxTopMerchantShareBp: basisPoints(10_000),
    gateMinScale: pointFen(0),
  };
  const change = { operatorId, effectivePeriod: '2020-01', config };
  getOrThrow(
    await putPointsConfig(tx, { ...change, proposedBy: 'bench-a', approvedBy: 'bench-b' }),
  );
  const fundFen = accountsCount * 27_000;
  getOrThrow(
    await postJournals(tx, [
      {
        operatorId,
        merchantId: null,
        idemKey: 'fund',
        kind: 'bench-fund',
        eventAtMs: 0,
        legs: [
          { account: 'ring_fenced_cash', amountFen: fen(-fundFen) },
          { account: 'fund_free', amountFen: fen(fundFen) },
        ],
      },
    ]),
  );
  await tx.execute(sql`
    insert into period_close (operator_id, period, config_version, gate_open, gate_reason,
      unreleased_points, inflow_points, mult_bp, budget_fen, n_base, explanation, explanation_hash)
    values (${operatorId}, '2026-01', 1, false, 'no-previous-pool', 1000, 1000, 10000, 0, 40,
            '{}', ${'0'.repeat(64)})`);
  await tx.execute(sql`
    update points_book set last_closed_period = '2026-01' where operator_id = ${operatorId}`);
}

/** Drops primary keys and indexes of the tables; answers the statements that make them again. */
async function dropIndexes(pool: Pool, tables: readonly string[]): Promise<readonly string[]> {
  const { rows } = await pool.query<{ drop: string; create: string }>(
    `select case when c.oid is null then format('drop index %s', i.indexrelid::regclass)
                 else format('alter table %s drop constraint %I', i.indrelid::regclass, c.conname) end as drop,
            case when c.oid is null then pg_get_indexdef(i.indexrelid)
                 else format('alter table %s add constraint %I %s', i.indrelid::regclass, c.conname,
                             pg_get_constraintdef(c.oid)) end as create
       from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype = 'p'
      where i.indrelid = any($1::regclass[])`,
    [tables],
  );
  for (const { drop } of rows) await pool.query(drop);
  return rows.map(({ create }) => create);
}
