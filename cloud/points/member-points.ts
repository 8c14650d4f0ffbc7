import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MemberId, MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { scheduleLcm } from '#shared/points/release/schedule.ts';

/** A member's points as the member page and the till show them. */
export interface MemberPoints {
  /** Of orders whose hold is not over. */
  readonly pendingPoints: PointFen;
  /** Final and not yet turned into vouchers. */
  readonly unreleasedPoints: PointFen;
  /** The part of them that the schedule has reached. */
  readonly duePoints: PointFen;
}

export async function memberPoints(
  db: Db | Tx,
  member: { readonly operatorId: OperatorId; readonly memberId: MemberId },
): Promise<MemberPoints> {
  const { rows } = await db.execute<{ pending: number; unreleased: number; due: number }>(sql`
    select (select coalesce(sum(points), 0) from points_lot
             where operator_id = ${member.operatorId} and member_id = ${member.memberId}
               and state = 'pending') as pending,
           coalesce(max(greatest(issued - released, 0)), 0) as unreleased,
           coalesce(max(greatest(div(cum_num, ${String(scheduleLcm)}::numeric) - released, 0)), 0)
             as due
      from account_points
     where operator_id = ${member.operatorId} and member_id = ${member.memberId}`);
  const row = rows[0]!;
  return {
    pendingPoints: pointFen(row.pending),
    unreleasedPoints: pointFen(row.unreleased),
    duePoints: pointFen(row.due),
  };
}

/** A merchant's promotion credit in point-fen: what is final, and what waits for the end of a hold. */
export async function merchantPromoCredit(
  db: Db | Tx,
  merchant: { readonly operatorId: OperatorId; readonly merchantId: MerchantId },
): Promise<{ readonly creditPoints: PointFen; readonly pendingPoints: PointFen }> {
  const { rows } = await db.execute<{ credit: number; pending: number }>(sql`
    select coalesce((select points from promo_credit
                      where operator_id = ${merchant.operatorId}
                        and merchant_id = ${merchant.merchantId}), 0) as credit,
           coalesce((select sum(merchant_points) from points_order
                      where operator_id = ${merchant.operatorId}
                        and merchant_id = ${merchant.merchantId} and final_on is null), 0)
           + coalesce((select sum(o.merchant_points) from points_hold h
                       join points_order o using (operator_id, order_id)
                      where h.operator_id = ${merchant.operatorId} and h.state = 'held'
                        and h.merchant_id = ${merchant.merchantId}
                        and not exists (select from promo_entry e
                             where e.operator_id = h.operator_id and e.merchant_id = h.merchant_id
                               and e.kind = 'earned' and e.ref = h.order_id)), 0) as pending`);
  const row = rows[0]!;
  return { creditPoints: pointFen(row.credit), pendingPoints: pointFen(row.pending) };
}
