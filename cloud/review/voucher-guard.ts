import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { frozenSince } from '#cloud/review/frozen-member.ts';
import { isVoucherHeavy, type VelocityRules } from '#cloud/review/velocity-rules.ts';
import { readVelocityRules } from '#cloud/review/velocity-store.ts';
import type { MemberId, MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

export interface VoucherRefused {
  readonly type: 'member-frozen' | 'voucher-shop-in-review' | 'voucher-earned-here-only';
}

interface Wish {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly memberId: MemberId;
  readonly nowMs: number;
}

/**
 * May this member's vouchers be set aside at this shop (docs/points.md 2.9)? Asked in the
 * transaction that reserves them; the sale itself goes on without vouchers. A shop whose month is
 * too much vouchers is put under review here, and stays so until somebody let it go or the month is
 * over.
 * Errors in this order: member-frozen, voucher-shop-in-review, voucher-earned-here-only.
 */
export async function mayUseVouchers(tx: Tx, wish: Wish): Promise<Result<void, VoucherRefused>> {
  if (!(await keepUnfrozen(tx, wish))) return err({ type: 'member-frozen' });
  const rules = await readVelocityRules(tx, wish.operatorId);
  if (await isShopInReview(tx, wish, rules.voucherShare))
    return err({ type: 'voucher-shop-in-review' });
  return (await isEarnedHereOnly(tx, wish, rules.voucherOrigin))
    ? err({ type: 'voucher-earned-here-only' })
    : ok(undefined);
}

/**
 * Is the account not held, and will it not be before this transaction ends? Who freezes it locks
 * the member's row: without that, vouchers could be set aside behind the back of a freeze that has
 * just given all of them back.
 */
export async function keepUnfrozen(
  tx: Tx,
  member: Pick<Wish, 'operatorId' | 'memberId'>,
): Promise<boolean> {
  await tx.execute(sql`
    select from member where operator_id = ${member.operatorId}
       and member_id = ${member.memberId} for key share`);
  return (await frozenSince(tx, member)) === undefined;
}

async function isShopInReview(
  tx: Tx,
  { operatorId, merchantId, nowMs }: Wish,
  rule: VelocityRules['voucherShare'],
): Promise<boolean> {
  if (rule.act === 'off') return false;
  const month = accountingDate(nowMs).slice(0, 7);
  const { rows } = await tx.execute<{ amount: number; voucher: number; state: string | null }>(sql`
    select coalesce(sum(amount_fen - refunded_fen), 0)::bigint as amount,
           coalesce(sum(voucher_fen - (refunded_fen - refunded_net_fen)), 0)::bigint as voucher,
           (select state from voucher_review where operator_id = ${operatorId}
              and merchant_id = ${merchantId} and month = ${month}) as state
      from settlement_line
     where operator_id = ${operatorId} and merchant_id = ${merchantId}
       and business_date between ${`${month}-01`}::date
                             and (${`${month}-01`}::date + interval '1 month - 1 day')`);
  const row = rows[0]!;
  if (row.state !== null) return row.state !== 'allowed';
  const takings = { amountFen: row.amount, voucherFen: row.voucher };
  if (!isVoucherHeavy(takings, rule)) return false;
  await tx.execute(sql`
    insert into voucher_review (operator_id, merchant_id, month, amount_fen, voucher_fen, held_at_ms)
    values (${operatorId}, ${merchantId}, ${month}, ${row.amount}, ${row.voucher}, ${nowMs})
    on conflict do nothing`);
  return true;
}

/** Points that are running, with their owner; two shops are enough to know. */
async function isEarnedHereOnly(
  tx: Tx,
  { operatorId, merchantId, memberId }: Wish,
  rule: VelocityRules['voucherOrigin'],
): Promise<boolean> {
  if (rule.act === 'off') return false;
  const { rows } = await tx.execute<{ here: boolean; elsewhere: boolean; enough: boolean }>(sql`
    select exists (select from points_lot where operator_id = ${operatorId}
                      and member_id = ${memberId} and state = 'final'
                      and merchant_id = ${merchantId}) as here,
           exists (select from points_lot where operator_id = ${operatorId}
                      and member_id = ${memberId} and state = 'final'
                      and merchant_id <> ${merchantId}) as elsewhere,
           shops_that_earned(${operatorId}, ${rule.shopsMin}::integer) >= ${rule.shopsMin}::integer
             as enough`);
  const row = rows[0]!;
  return row.enough && row.here && !row.elsewhere;
}

export const voucherReviewsMax = 200;

export interface VoucherReview {
  readonly merchantId: MerchantId;
  readonly month: string;
  readonly amountFen: number;
  readonly voucherFen: number;
  readonly heldAtMs: number;
}

/** Shops that take no vouchers until somebody looked, oldest first. */
export async function listVoucherReviews(db: Db, operatorId: OperatorId): Promise<VoucherReview[]> {
  const { rows } = await db.execute<VoucherReview & Record<string, unknown>>(sql`
    select merchant_id as "merchantId", month, amount_fen as "amountFen",
           voucher_fen as "voucherFen", held_at_ms as "heldAtMs"
      from voucher_review where operator_id = ${operatorId} and state = 'held'
     order by held_at_ms, merchant_id limit ${voucherReviewsMax}`);
  return rows;
}

/** Somebody looked: the shop takes vouchers for the rest of the month, or does not. False when it is not held. */
export async function decideVoucherReview(
  db: Db | Tx,
  decision: {
    readonly operatorId: OperatorId;
    readonly merchantId: MerchantId;
    readonly month: string;
    readonly verdict: 'allowed' | 'refused';
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const result = await db.execute(sql`
    update voucher_review set state = ${decision.verdict}, decided_by = ${decision.by},
           decided_note = ${decision.note}, decided_at_ms = ${decision.nowMs}
     where operator_id = ${decision.operatorId} and merchant_id = ${decision.merchantId}
       and month = ${decision.month} and state = 'held'`);
  return result.rowCount === 1;
}
