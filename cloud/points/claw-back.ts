import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { advanceAhead } from '#cloud/release/accounts/advance-ahead.ts';
import { cancelVouchers, lockVouchers } from '#cloud/vouchers/return-vouchers.ts';
import type { MemberId, MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen, sumFen, type Fen } from '#shared/money/fen.ts';
import { settleExcess, type Clawback } from '#shared/points/refund/clawback.ts';
import { merchantPointsOf } from '#shared/points/issue/order-issue.ts';
import {
  pointFen,
  pointsOfConcession,
  sumPointFen,
  type PointFen,
} from '#shared/points/point-fen.ts';
import { referralPoints } from '#shared/points/issue/referral.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';
import { periodsBetween } from '#shared/time/period.ts';

export interface PointsRefund {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  readonly refundNo: number;
  /** Money that goes back. */
  readonly cashFen: Fen;
  /** The concession that would be due on what is left: both sides' points follow it. */
  readonly concessionAfterFen: Fen;
  /** Accounting date, YYYY-MM-DD. */
  readonly today: string;
}

/** What {@link lockPoints} found: whatever is changed after it stays as it was found. */
export interface LockedPoints {
  readonly lastClosedPeriod: string | undefined;
  readonly lots: readonly LotRow[];
}

interface LotRow extends Record<string, unknown> {
  readonly kind: 'consumer' | 'referral';
  readonly member_id: MemberId | null;
  readonly points: number;
  readonly state: 'pending' | 'unclaimed' | 'final' | 'lapsed' | 'refused';
  readonly issued_in: string | null;
  readonly n: number | null;
}

/** Locks all that a refund of an order can move: the book, the lots, their owners' accounts, then the vouchers. */
export async function lockPoints(
  tx: Tx,
  order: Pick<PointsRefund, 'operatorId' | 'orderId'>,
): Promise<LockedPoints> {
  const { operatorId, orderId } = order;
  const lastClosedPeriod = await lockBook(tx, operatorId, 'share');
  await tx.execute(sql`
    select 1 from points_order where operator_id = ${operatorId} and order_id = ${orderId} for update`);
  const { rows: lots } = await tx.execute<LotRow>(sql`
    select kind, member_id, points, state, issued_in, n from points_lot
     where operator_id = ${operatorId} and order_id = ${orderId}
     order by member_id, kind for update`);
  const memberIds = lots.flatMap(({ member_id: memberId }) => memberId ?? []);
  await advanceAhead(tx, { operatorId, memberIds });
  await tx.execute(sql`
    select 1 from account_points where operator_id = ${operatorId}
       and member_id = any(${sql.param(memberIds)}::text[]) order by member_id for update`);
  await lockVouchers(tx, { operatorId, orderId, memberIds });
  return { lastClosedPeriod, lots };
}

/**
 * Takes the points of a refund back from all sides (docs/points.md 2.9): pending points shrink; of running ones the
 * lot is recomputed as if it had always been smaller, then unspent vouchers are cancelled at the account's average, and
 * what is left is a points debt, offset by later dues: the account has then released more than it is entitled to.
 * The referrer's lot follows the friend's. Answers the consumer's points, and what was cancelled and is owed over both.
 */
export async function clawBackPoints(
  tx: Tx,
  refund: PointsRefund,
  locked: LockedPoints,
): Promise<{ readonly points: PointFen; readonly cancelledFen: Fen; readonly debt: PointFen }> {
  const { operatorId } = refund;
  const day = await shrinkOrder(tx, refund);
  const { config } = await pointsConfigAt(tx, { operatorId, period: day });
  const consumer = pointsOfConcession(refund.concessionAfterFen);
  const settled: Clawback[] = [];
  let points = pointFen(0);
  for (const lot of locked.lots) {
    // What never came to be is not taken back.
    if (lot.state === 'refused') continue;
    const newPoints = lot.kind === 'consumer' ? consumer : referralPoints(consumer, config);
    const back = pointFen(Math.max(0, lot.points - newPoints));
    if (back === 0) continue;
    if (lot.kind === 'consumer') points = back;
    await shrinkLot(tx, refund, { lot, back });
    if (lot.state === 'final') settled.push(await settleAccount(tx, refund, { lot, back, locked }));
  }
  return {
    points,
    cancelledFen: sumFen(settled.map((one) => one.voucherCancelledFen)),
    debt: sumPointFen(settled.map((one) => one.debt)),
  };
}

/** The order itself and the shop's side. Answers the day of the order's rules. */
async function shrinkOrder(tx: Tx, refund: PointsRefund): Promise<string> {
  const { operatorId, merchantId, orderId, concessionAfterFen } = refund;
  const { rows } = await tx.execute<{ day: string; points: number; has_credit: boolean }>(sql`
    update points_order set refunded_fen = refunded_fen + ${refund.cashFen},
           concession_fen = ${concessionAfterFen}
     where operator_id = ${operatorId} and order_id = ${orderId} and merchant_id = ${merchantId}
    returning to_char(accepted_on, 'YYYY-MM-DD') as day, merchant_points as points,
              exists (select from promo_entry e where e.operator_id = ${operatorId}
                         and e.merchant_id = ${merchantId} and e.kind = 'earned'
                         and e.ref = points_order.order_id) as has_credit`);
  const row = rows[0]!;
  const { config } = await pointsConfigAt(tx, { operatorId, period: row.day });
  const back = row.points - merchantPointsOf(concessionAfterFen, config);
  if (back <= 0) return row.day;
  await tx.execute(sql`
    update points_order set merchant_points = merchant_points - ${back}
     where operator_id = ${operatorId} and order_id = ${orderId}`);
  if (!row.has_credit) return row.day;
  await tx.execute(sql`
    update promo_credit set points = points - ${back}
     where operator_id = ${operatorId} and merchant_id = ${merchantId}`);
  await tx.execute(sql`
    insert into promo_entry (operator_id, merchant_id, kind, ref, points, on_day)
    values (${operatorId}, ${merchantId}, 'clawed', ${`${orderId}:${refund.refundNo}`}, ${-back},
            ${refund.today}::date)`);
  return row.day;
}

interface LotBack {
  readonly lot: LotRow;
  readonly back: PointFen;
}

const refOf = ({ orderId, refundNo }: PointsRefund, { kind }: LotRow): string =>
  `${orderId}:${kind}:${refundNo}`;

async function shrinkLot(tx: Tx, refund: PointsRefund, { lot, back }: LotBack): Promise<void> {
  const { operatorId, orderId } = refund;
  await tx.execute(sql`
    update points_lot set points = points - ${back}
     where operator_id = ${operatorId} and order_id = ${orderId} and kind = ${lot.kind}`);
  if (lot.member_id === null) return;
  await tx.execute(sql`
    insert into points_entry (operator_id, member_id, kind, ref, points, on_day)
    values (${operatorId}, ${lot.member_id}, 'clawed', ${refOf(refund, lot)}, ${-back},
            ${refund.today}::date)`);
}

/** The owner's account as if the lot had always been smaller, and what he got too much. */
async function settleAccount(
  tx: Tx,
  refund: PointsRefund,
  { lot, back, locked }: LotBack & { readonly locked: LockedPoints },
): Promise<Clawback> {
  const { operatorId, today } = refund;
  const { member_id: memberId, n, issued_in: issuedIn } = lot;
  if (memberId === null || n === null || issuedIn === null)
    throw new Error(`invariant broken: a running lot of ${refund.orderId} without its terms`);
  const closes = closesSince(issuedIn, locked.lastClosedPeriod);
  const slice = BigInt(back) * (scheduleLcm / BigInt(n));
  const given = slice * BigInt(Math.min(closes, n));
  const { rows } = await tx.execute<AccountRow>(sql`
    update account_points set issued = issued - ${back}, cum_num = cum_num - ${given.toString()}::numeric,
           active_num = active_num - ${(closes < n ? slice : 0n).toString()}::numeric
     where operator_id = ${operatorId} and member_id = ${memberId}
    returning released, released_fen,
      -- Whoever had a share of the fund at the end had all of his points, whatever the schedule had reached.
      case when exists (select from wind_down d join wind_down_share s using (operator_id, plan_no)
                         where d.operator_id = ${operatorId} and d.state = 'distributed'
                           and s.member_id = ${memberId}) then issued
           else div(cum_num, ${String(scheduleLcm)}::numeric)::bigint end as entitlement,
      (select coalesce(sum(left_fen), 0) from voucher
        where operator_id = ${operatorId} and member_id = ${memberId}
          and left_fen > 0 and expires_on >= ${today}::date)::bigint as unspent_fen`);
  const account = rows[0]!;
  const settled = settleExcess({
    entitlement: pointFen(account.entitlement),
    releasedPoints: pointFen(account.released),
    releasedFen: fen(account.released_fen),
    unspentFen: fen(account.unspent_fen),
  });
  const { voucherCancelledFen: amountFen, pointsRestored } = settled;
  const ref = refOf(refund, lot);
  await cancelVouchers(tx, { operatorId, memberId, amountFen, today, ref });
  if (pointsRestored > 0) {
    await tx.execute(sql`
      update account_points set released = released - ${pointsRestored},
             released_fen = released_fen - ${amountFen}
       where operator_id = ${operatorId} and member_id = ${memberId}`);
    await tx.execute(sql`
      insert into points_entry (operator_id, member_id, kind, ref, points, fen, on_day)
      values (${operatorId}, ${memberId}, 'restored', ${ref}, ${pointsRestored}, ${-amountFen},
              ${today}::date)`);
  }
  return settled;
}

interface AccountRow extends Record<string, unknown> {
  readonly released: number;
  readonly entitlement: number;
  readonly released_fen: number;
  readonly unspent_fen: number;
}

/** Closes of periods that a lot has seen: the one that it was issued in counts. */
const closesSince = (issuedIn: string, lastClosedPeriod: string | undefined): number =>
  lastClosedPeriod === undefined
    ? 0
    : Math.max(0, periodsBetween({ from: issuedIn, to: lastClosedPeriod }) + 1);
