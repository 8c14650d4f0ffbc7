import { sql } from 'drizzle-orm';
import type { Db } from '#cloud/platform/db.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import {
  fundWith,
  orderOf,
  paidOrder,
  usePilotConfig,
} from '#cloud/points/testing/points-fixtures.ts';
import { chunkAccounts } from '#cloud/release/accounts/account-ranges.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';

/** Three chunks, the last one short. */
export const accountsCount = 2 * chunkAccounts + 500;
export const period = '2026-02';

export const memberAt = (index: number) => `mbr_${String(index).padStart(8, '0')}` as MemberId;
const perMember = (step: number) =>
  sql`generate_series(${step}::integer, ${accountsCount}::integer, ${step}::integer) i`;
const slice = (points: string) => sql.raw(`(${points})::numeric * ${scheduleLcm / 40n}`);
const idAt = (column: string) => sql.raw(`'mbr_' || lpad((${column})::text, 8, '0')`);

/**
 * Running lots; every 7th account has one that ends now, every 11th one that began after the period, every 13th is
 * frozen; every 5th bought at two shops; three members buy enough for a tier.
 */
export async function loadBooks(db: Db, operatorId: OperatorId): Promise<void> {
  const lots = (
    tag: string,
    lot: { readonly step: number; readonly from: string; readonly to: string },
  ) => sql`
    insert into points_lot (operator_id, order_id, kind, merchant_id, member_id, points, state,
                            final_on, issued_in, entered_in, n, ends_in)
    select ${operatorId}, ${tag} || i, 'consumer', 'mch_' || i % 9, ${idAt('i')}, 400, 'final',
           '2026-02-09', ${lot.from}, ${lot.from}, 40, ${lot.to} from ${perMember(lot.step)}`;
  await db.transaction(async (tx) => {
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
  await trade(db, operatorId);
}

/** Receipts that nobody claimed, of February and of March, and one running lot that a refund will shrink. */
async function trade(db: Db, operatorId: OperatorId): Promise<void> {
  await db.transaction(async (tx) => {
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
export async function tracesOf(db: Db, operatorId: OperatorId): Promise<unknown> {
  const { rows } = await db.execute(sql`
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
