import { sql, type SQL } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { readWindDown, type WindDown } from '#cloud/policy/wind-down.ts';
import { fundFreeFen } from '#cloud/release/close/fund-balance.ts';
import { finishOpenRunOrClose } from '#cloud/release/finish-open.ts';
import { sealRecord } from '#cloud/release/sealed-record.ts';
import { insertVouchers, voucherStem } from '#cloud/vouchers/issue-vouchers.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { divFloor, minBig } from '#shared/money/exact.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { wholeBp } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import { err, getOrThrow, ok, type Result } from '#shared/result/result.ts';
import { accountingDate, addDays, dayStartMs } from '#shared/time/calendar-day.ts';
import { periodOf } from '#shared/time/period.ts';

export type DistributeError =
  | { readonly type: 'plan-unknown' }
  | { readonly type: 'policy-proposal-ended' }
  | { readonly type: 'release-held'; readonly reasons: readonly string[] }
  /** Something that would still change the fund or the points: sales in their hold, receipts that may be claimed. */
  | { readonly type: 'not-settled'; readonly what: string };

interface PlanKey {
  readonly operatorId: OperatorId;
  readonly planNo: number;
}

/**
 * Divides the whole fund pro rata to the unreleased points of all accounts, as vouchers
 * (docs/points.md 2.14); a frozen one's voucher waits in its wallet. Floors, then one fen each to
 * the largest remainders, ties by md5, and never more than the maximum multiplier per point. All of
 * it is one transaction: cut off anywhere, nothing has happened, and the next call does it; called
 * again after its end, it answers what is stored. Month and day caps do not bind: there is no later
 * day for which anything would be kept. Errors in this order: plan-unknown, policy-proposal-ended
 * (not published), release-held, not-settled.
 */
export async function distributeFund(
  tx: Tx,
  key: PlanKey & { readonly nowMs: number },
): Promise<Result<WindDown, DistributeError>> {
  const { operatorId, nowMs } = key;
  await lockBook(tx, operatorId, 'update');
  const plan = await readWindDown(tx, key);
  if (plan === undefined) return err({ type: 'plan-unknown' });
  if (plan.state === 'distributed') return ok(plan);
  if (plan.state !== 'published') return err({ type: 'policy-proposal-ended' });
  const reasons = await standingReasons(tx, operatorId);
  if (reasons.length > 0) return err({ type: 'release-held', reasons });
  const today = accountingDate(nowMs);
  const what =
    today < plan.stopOn ? `points until ${plan.stopOn}` : await unsettled(tx, operatorId);
  if (what !== undefined) return err({ type: 'not-settled', what });
  await finishOpenRunOrClose(tx, operatorId);
  await divide(tx, { ...key, today });
  return ok((await readWindDown(tx, key))!);
}

/** What is not final yet; undefined: nothing moves any more by itself. */
async function unsettled(tx: Tx, operatorId: OperatorId): Promise<string | undefined> {
  const { rows } = await tx.execute<{ pending: number; unclaimed: number; parked: number }>(sql`
    select (select count(*) from points_lot
             where operator_id = ${operatorId} and state = 'pending') as pending,
           (select count(*) from points_lot
             where operator_id = ${operatorId} and state = 'unclaimed') as unclaimed,
           (select coalesce(sum(balance_fen), 0) from ledger_balance
             where operator_id = ${operatorId} and account = 'concession_pending') as parked`);
  const { pending, unclaimed, parked } = rows[0]!;
  if (pending > 0) return `${pending} lots of sales inside their hold`;
  if (parked !== 0) return `${parked} fen of concession inside its hold`;
  if (unclaimed > 0) return `${unclaimed} receipts that may still be claimed`;
  return undefined;
}

async function divide(
  tx: Tx,
  run: PlanKey & { readonly nowMs: number; readonly today: string },
): Promise<void> {
  const { operatorId, planNo, today } = run;
  const { config, version } = await pointsConfigAt(tx, { operatorId, period: today });
  const fundFen = await fundFreeFen(tx, operatorId);
  const { rows } = await tx.execute<{ points: string; accounts: number }>(sql`
    select coalesce(sum(issued - released), 0)::text as points, count(*) as accounts
      from account_points
     where operator_id = ${operatorId} and issued > released`);
  const unreleased = BigInt(rows[0]!.points);
  const most = divFloor(unreleased * BigInt(config.multMaxBp), BigInt(wholeBp));
  const total = fen(Number(minBig(BigInt(fundFen), most)));
  if (unreleased > 0n) await storeShares(tx, run, { total, unreleased });
  const expiresOn = addDays(today, config.voucherDays);
  await post(tx, run, { total, expiresOn, period: periodOf(today, config.periodKind) });
  const { text, hash } = sealRecord({
    planNo,
    day: today,
    configVersion: version,
    fundFen,
    unreleasedPoints: unreleased,
    totalFen: total,
    accounts: rows[0]!.accounts,
    expiresOn,
    formula: {
      zh: '每人 = 基金 × 本人未释放积分 ÷ 全体未释放积分，余下的分按余数从大到小各给一分',
      en: 'each = fund × own unreleased points / all unreleased points; odd fen by largest remainder',
    },
  });
  await tx.execute(sql`
    update wind_down set state = 'distributed', distributed_at_ms = ${run.nowMs},
           distributed_fen = ${total}, account_count = ${rows[0]!.accounts},
           explanation = ${text}::jsonb, explanation_hash = ${hash}
     where operator_id = ${operatorId} and plan_no = ${planNo}`);
}

async function storeShares(
  tx: Tx,
  run: PlanKey,
  sums: { readonly total: Fen; readonly unreleased: bigint },
): Promise<void> {
  const { operatorId, planNo } = run;
  const [total, all] = [sql.raw(String(sums.total)), sql.raw(String(sums.unreleased))];
  const tie = sql`md5(${`wind-down/${planNo}:`} || member_id) collate "C", member_id collate "C"`;
  await tx.execute(sql`
    insert into wind_down_share (operator_id, plan_no, member_id, points, value_fen, ordinal)
    select ${operatorId}, ${planNo}, member_id, points,
           base + case when place <= ${total}::bigint - (sum(base) over ())::bigint then 1 else 0 end,
           row_number() over (order by member_id) - 1
      from (select member_id, points, base,
                   row_number() over (order by remainder desc, ${tie}) as place
              from (select member_id, points,
                           div(points::numeric * ${total}, ${all})::bigint as base,
                           mod(points::numeric * ${total}, ${all}) as remainder
                      from (select member_id, issued - released as points from account_points
                             where operator_id = ${operatorId} and issued > released) accounts) parts) placed`);
}

/** Uses all points up, makes the vouchers and books their sum. */
async function post(
  tx: Tx,
  run: PlanKey & { readonly nowMs: number; readonly today: string },
  terms: { readonly total: Fen; readonly expiresOn: string; readonly period: string },
): Promise<void> {
  const { operatorId, planNo, today } = run;
  const { total, expiresOn, period } = terms;
  const ofPlan: SQL = sql`operator_id = ${operatorId} and plan_no = ${planNo}`;
  await tx.execute(sql`
    update account_points a set released = a.released + s.points,
           released_fen = a.released_fen + s.value_fen
      from wind_down_share s
     where a.operator_id = ${operatorId} and s.operator_id = ${operatorId}
       and s.plan_no = ${planNo} and a.member_id = s.member_id`);
  const stem = voucherStem({
    operatorId,
    period: `wind-down:${planNo}`,
    day: today,
    dayStartMs: dayStartMs(today),
  });
  const given = sql`(select member_id, ordinal, value_fen as value from wind_down_share
                      where ${ofPlan} and value_fen > 0) given`;
  const made = await tx.execute(
    insertVouchers(given, { operatorId, period, day: today, stem, expiresOn }),
  );
  assert(total === 0 || (made.rowCount ?? 0) > 0, () => `${total} fen without a voucher`);
  if (total === 0) return;
  getOrThrow(
    await postJournals(tx, [
      {
        operatorId,
        merchantId: null,
        idemKey: `wind-down:${planNo}`,
        kind: 'wind-down',
        eventAtMs: run.nowMs,
        legs: [
          { account: 'fund_free', amountFen: fen(-total) },
          { account: 'voucher_outstanding', amountFen: total },
        ],
      },
    ]),
  );
}
