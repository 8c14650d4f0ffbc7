import { sql } from 'drizzle-orm';
import { postJournals, type LedgerError } from '#cloud/ledger/post.ts';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';
import type { SaleSource } from '#cloud/orders/paid-order.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { clawBackPoints, lockPoints } from '#cloud/points/claw-back.ts';
import {
  planRefund,
  refundJournals,
  type RefundedLine,
  type RefundPlan,
} from '#cloud/refunds/refund-plan.ts';
import type { KeptRefund, RefundKey } from '#cloud/refunds/refund-store.ts';
import { returnSubsidyFor } from '#cloud/settlement/instructions/return-instructions.ts';
import { returnVouchers } from '#cloud/vouchers/return-vouchers.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

export type RefundBookError =
  /** The sale itself is not in the books (yet): a charge whose booking is parked, a journal that came first. */
  | { readonly type: 'refund-not-booked' }
  /** Its money did not come the way it went back: people look. */
  | { readonly type: 'refund-other-way' }
  /** More went back than the sale was: people look. */
  | { readonly type: 'refund-too-large' }
  | { readonly type: 'ledger-refused'; readonly error: LedgerError };

/**
 * Books a refund whose money went back, once: the line, the points of all sides, the wallet, agents' commissions, the
 * books. All or nothing; after an error `tx` can be used further. The caller holds the refund's row and marks it done.
 */
export const bookRefund = (
  tx: Tx,
  refund: KeptRefund,
  nowMs: number,
): Promise<Result<void, RefundBookError>> =>
  withSavepoint<void, RefundBookError>(tx, (inner) => book(inner, refund, nowMs));

async function book(
  tx: Tx,
  refund: KeptRefund,
  nowMs: number,
): Promise<Result<void, RefundBookError>> {
  const found = await lockLine(tx, refund);
  if (found === undefined) return err({ type: 'refund-not-booked' });
  const { line, saleDate } = found;
  if ((line.source === 'channel') !== (refund.how === 'channel'))
    return err({ type: 'refund-other-way' });
  if (
    line.refundedFen + refund.amountFen > line.amountFen ||
    line.refundedNetFen + refund.cashFen > line.netFen
  )
    return err({ type: 'refund-too-large' });
  const plan = planRefund(line, refund);
  const today = accountingDate(nowMs);
  await shrinkLine(tx, refund, plan);
  const locked = await lockPoints(tx, refund);
  await returnVouchers(tx, { ...refund, today });
  const { concessionAfterFen } = plan;
  const points = await clawBackPoints(tx, { ...refund, concessionAfterFen, today }, locked);
  const commissionFen = line.isHeld ? fen(0) : await carryCommissions(tx, refund, { line, today });
  const booked = { ...plan, commissionFen, cancelledFen: points.cancelledFen };
  const back = await returnSubsidyFor(tx, { ...refund, amountFen: refund.voucherFen, nowMs });
  const journals = refundJournals({ ...refund, atMs: nowMs }, line, booked);
  const posted = await postJournals(tx, [...journals, ...back]);
  if (!posted.ok) return err({ type: 'ledger-refused', error: posted.error });
  await tx.execute(sql`
    update order_refund set status = 'done', next_at_ms = null, book_error = null, code = null,
      lease_until_ms = 0, in_hold = ${line.isHeld}, concession_fen = ${plan.concessionFen},
      same_day_fen = ${plan.sameDayFen}, reserve_fen = ${plan.reserveFen},
      collected_fen = ${plan.collectedBackFen}, commission_fen = ${commissionFen},
      points = ${points.points}, cancelled_fen = ${points.cancelledFen},
      debt_points = ${points.debt}, ledger_date = ${today}::date, sale_date = ${saleDate}::date,
      done_at_ms = ${nowMs}
    where ${rowIs(refund)} and refund_no = ${refund.refundNo}`);
  return ok(undefined);
}

const rowIs = (key: RefundKey) =>
  sql`operator_id = ${key.operatorId} and merchant_id = ${key.merchantId} and order_id = ${key.orderId}`;

/** Locks the line first, as a finality run does: whoever comes second sees what the first decided. */
export async function lockLine(
  tx: Tx,
  key: RefundKey,
): Promise<{ readonly line: RefundedLine; readonly saleDate: string } | undefined> {
  const { rows } = await tx.execute<LineRow>(sql`
    select source, state, ledger_date::text as ledger_date, amount_fen, voucher_fen, net_fen,
           concession_bp, concession_fen, same_day_fen, reserve_fen, collected_fen, refunded_fen,
           refunded_net_fen, returned_concession_fen, returned_same_day_fen, returned_reserve_fen
      from settlement_line where ${rowIs(key)} for update`);
  const row = rows[0];
  if (row === undefined) return undefined;
  const line = {
    source: row.source,
    isHeld: row.state === 'held',
    amountFen: fen(row.amount_fen),
    voucherFen: fen(row.voucher_fen),
    netFen: fen(row.net_fen),
    concessionBp: basisPoints(row.concession_bp),
    concessionFen: fen(row.concession_fen),
    sameDayFen: fen(row.same_day_fen),
    reserveFen: fen(row.reserve_fen),
    collectedFen: fen(row.collected_fen),
    refundedFen: fen(row.refunded_fen),
    refundedNetFen: fen(row.refunded_net_fen),
    returnedConcessionFen: fen(row.returned_concession_fen),
    returnedSameDayFen: fen(row.returned_same_day_fen),
    returnedReserveFen: fen(row.returned_reserve_fen),
  };
  return { line, saleDate: row.ledger_date };
}

interface LineRow extends Record<string, unknown> {
  source: SaleSource;
  state: 'held' | 'final';
  ledger_date: string;
  amount_fen: number;
  voucher_fen: number;
  net_fen: number;
  concession_bp: number;
  concession_fen: number;
  same_day_fen: number;
  reserve_fen: number;
  collected_fen: number;
  refunded_fen: number;
  refunded_net_fen: number;
  returned_concession_fen: number;
  returned_same_day_fen: number;
  returned_reserve_fen: number;
}

const shrinkLine = (tx: Tx, refund: KeptRefund, plan: RefundPlan): Promise<unknown> =>
  tx.execute(sql`
    update settlement_line set refunded_fen = refunded_fen + ${refund.amountFen},
      refunded_net_fen = refunded_net_fen + ${refund.cashFen},
      returned_concession_fen = returned_concession_fen + ${plan.concessionFen},
      returned_same_day_fen = returned_same_day_fen + ${plan.sameDayFen},
      returned_reserve_fen = returned_reserve_fen + ${plan.reserveFen},
      collected_fen = collected_fen - ${plan.collectedBackFen}
    where ${rowIs(refund)}`);

/**
 * What agents earned on money that went back after finality is carried as a negative on their next statement: of each
 * commission the part floor(amount x refunded / gross), recomputed from the sum refunded so far. Answers the sum.
 */
async function carryCommissions(
  tx: Tx,
  refund: KeptRefund,
  { line, today }: { readonly line: RefundedLine; readonly today: string },
): Promise<Fen> {
  const inHold = sql`(select coalesce(sum(amount_fen), 0)::bigint from order_refund
    where ${rowIs(refund)} and status = 'done' and in_hold)`;
  const { rows } = await tx.execute<{ fen: number }>(sql`
    with base as (
      select ${line.amountFen}::bigint - ${inHold} as gross,
             ${line.refundedFen}::bigint - ${inHold} as before
    ), back as (
      -- What people refused took all of it back before.
      select c.role, c.agent_id,
             least(c.amount_fen * (base.before + ${refund.amountFen}::bigint) / base.gross
                     - c.amount_fen * base.before / base.gross,
                   c.amount_fen - coalesce((
                     select sum(b.amount_fen) from agent_commission_back b
                      where b.operator_id = c.operator_id and b.merchant_id = c.merchant_id
                        and b.order_id = c.order_id and b.role = c.role), 0)::bigint) as fen
        from agent_commission c cross join base where ${rowIs(refund)}
    ), kept as (
      insert into agent_commission_back (operator_id, merchant_id, order_id, refund_no, role,
        agent_id, amount_fen, ledger_date)
      select ${refund.operatorId}, ${refund.merchantId}, ${refund.orderId}, ${refund.refundNo},
             role, agent_id, fen, ${today}::date
        from back where fen > 0
    )
    select coalesce(sum(fen), 0)::bigint as fen from back`);
  return fen(rows[0]?.fen ?? 0);
}
