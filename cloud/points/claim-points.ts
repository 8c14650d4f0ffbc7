import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { startLots } from '#cloud/points/final-points.ts';
import { insertEntries, insertReferralLots } from '#cloud/points/issue-points.ts';
import { lockBook, pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { flagRelatedOrders } from '#cloud/relations/related-orders.ts';
import { pathOfMembers } from '#cloud/relations/relation-store.ts';
import { advanceAhead } from '#cloud/release/accounts/advance-ahead.ts';
import { holdSuspicious } from '#cloud/review/points-holds.ts';
import type { MemberId, MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { pointFen, type PointFen } from '#shared/points/point-fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export type ClaimError =
  | { readonly type: 'order-unknown' }
  /** Somebody else has the points of this order. */
  | { readonly type: 'already-claimed' }
  /** The time to claim is over. */
  | { readonly type: 'claim-lapsed' };

interface ClaimRow extends Record<string, unknown> {
  readonly member_id: MemberId | null;
  readonly concession_fen: number;
  readonly is_final: boolean;
  readonly lapsed: boolean;
}

/**
 * Gives the points of an order without a member to one. Answers the consumer's points; the same member again gets the
 * same answer. If the hold is over, the lot begins to run in the period of `asOf`, not in that of the order, unless the
 * member has so many orders of that day by now that people look first.
 * Errors in this order: order-unknown, already-claimed, claim-lapsed.
 */
export async function attachMember(
  tx: Tx,
  claim: {
    readonly operatorId: OperatorId;
    readonly orderId: OrderId;
    /** The shop that printed the receipt; the order must be its own. Undefined: whoever's. */
    readonly merchantId?: MerchantId;
    readonly memberId: MemberId;
    /** Accounting date of the claim, YYYY-MM-DD. */
    readonly asOf: string;
  },
): Promise<Result<{ readonly points: PointFen }, ClaimError>> {
  const { operatorId, orderId, memberId, asOf } = claim;
  const lastClosedPeriod = await lockBook(tx, operatorId, 'share');
  const { rows } = await tx.execute<ClaimRow>(sql`
    select o.member_id, o.concession_fen, o.final_on is not null as is_final,
           coalesce(l.state in ('lapsed', 'refused'), false) as lapsed
      from points_order o
      left join points_lot l on l.operator_id = o.operator_id and l.order_id = o.order_id
                            and l.kind = 'consumer'
     where o.operator_id = ${operatorId} and o.order_id = ${orderId}
       and o.merchant_id = coalesce(${claim.merchantId ?? null}, o.merchant_id) for update of o`);
  const order = rows[0];
  if (order === undefined) return err({ type: 'order-unknown' });
  const points = pointFen(order.concession_fen);
  if (order.member_id === memberId) return ok({ points });
  if (order.member_id !== null) return err({ type: 'already-claimed' });
  if (order.lapsed) return err({ type: 'claim-lapsed' });
  // Before the order is his: it counts into the score of the closes that follow.
  await advanceAhead(tx, { operatorId, memberIds: [memberId] });
  await tx.execute(sql`
    update points_order set member_id = ${memberId}
     where operator_id = ${operatorId} and order_id = ${orderId}`);
  // An unclaimed lot goes back to pending for a moment: startLots below makes it final with its owner's terms.
  await tx.execute(sql`
    update points_lot set member_id = ${memberId}, state = 'pending', final_on = null
     where operator_id = ${operatorId} and order_id = ${orderId} and kind = 'consumer'`);
  const { config } = await pointsConfigAt(tx, { operatorId, period: asOf });
  const orderIds = [orderId];
  await flagRelatedOrders(tx, { operatorId, orderIds, onDay: asOf });
  await insertReferralLots(tx, { operatorId, orderIds, config });
  await insertEntries(tx, { operatorId, orderIds, kind: 'claimed', onDay: asOf });
  if (order.is_final) {
    await holdSuspicious(tx, { operatorId, orderIds, asOf, atClaim: true });
    await startLots(tx, { operatorId, orderIds, asOf }, lastClosedPeriod);
  }
  return ok({ points });
}

/** Ends the time to claim of lots that became final before `finalBefore` (YYYY-MM-DD). Answers how many lapsed. */
export async function lapseUnclaimed(
  tx: Tx,
  options: { readonly operatorId: OperatorId; readonly finalBefore: string },
): Promise<{ readonly lapsed: number }> {
  await lockBook(tx, options.operatorId, 'share');
  const result = await tx.execute(sql`
    update points_lot set state = 'lapsed'
     where operator_id = ${options.operatorId} and state = 'unclaimed'
       and final_on < ${options.finalBefore}::date`);
  return { lapsed: result.rowCount ?? 0 };
}

/**
 * Records who brought a member, once and for good: the first bond stays. Accounts that belong
 * together (cloud/relations) earn nothing from each other; `related` says so of two that the graph
 * does not know, and is never lifted.
 */
export async function bindReferrer(
  tx: Tx,
  bond: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly referrerId: MemberId;
    readonly boundOn: string;
    readonly related: boolean;
  },
): Promise<{ readonly bound: boolean }> {
  const { operatorId, memberId, referrerId } = bond;
  const pair = { operatorId, a: memberId, b: referrerId };
  const path = bond.related ? ['given'] : await pathOfMembers(tx, pair);
  const result = await tx.execute(sql`
    insert into points_referral_bond (operator_id, member_id, referrer_id, bound_on, related,
      related_path)
    values (${operatorId}, ${memberId}, ${referrerId}, ${bond.boundOn}::date,
            ${path !== undefined}, ${sql.param(path ?? null)}::text[])
    on conflict do nothing`);
  return { bound: result.rowCount === 1 };
}
