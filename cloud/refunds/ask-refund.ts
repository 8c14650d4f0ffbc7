import { sql } from 'drizzle-orm';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { fen, subtractFen, sumFen, type Fen } from '#shared/money/fen.ts';
import { refundSplit } from '#shared/points/refund/refund.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { businessDate } from '#shared/time/business-day.ts';
import type { Refund, RefundRequest } from '#shared/wire/v1/refunds.ts';
import type { TillIdentity } from '#cloud/payments/charge.ts';
import { recordCall } from '#cloud/payments/call-store.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { beginRefund, holdBack, type RefundProgress } from '#cloud/refunds/refund-machine.ts';
import {
  findRefund,
  insertRefund,
  refundsOfOrder,
  refundView,
  saveRefund,
  type KeptRefund,
} from '#cloud/refunds/refund-store.ts';
import { gateOfRefund } from '#cloud/refunds/return-before-refund.ts';
import { takeRefundStep, type RefundDeps } from '#cloud/refunds/settle-refund.ts';

/** Why no refund was made. Nothing was sent to any channel. */
export interface RefundRefused {
  readonly code: Extract<
    ErrorCode,
    | 'idempotency-mismatch'
    | 'order-not-found'
    | 'refund-in-flight'
    | 'refund-not-booked'
    | 'refund-not-possible'
    | 'refund-too-large'
  >;
}

const refused = (code: RefundRefused['code']) => err<RefundRefused>({ code });

/**
 * Gives back a part of what a channel took for an order of this shop. The refund and its first call are durable before
 * the first byte leaves; the same number again answers with the stored refund and sends nothing. A refund gives no day
 * quota back: the quota counts what a channel let through on a day, and a channel counts a refunded sale as well.
 */
export async function askRefund(
  deps: RefundDeps,
  till: TillIdentity,
  asked: RefundRequest & { readonly orderId: OrderId },
): Promise<Result<Refund, RefundRefused>> {
  const prepared = await retriedTransaction(deps.db, (tx) => prepare(tx, deps, till, asked));
  if (!prepared.ok) return prepared;
  const { refund, callNo, isNew } = prepared.value;
  if (!isNew || prepared.value.waits) return ok(refundView(refund));
  const first = callNo === undefined ? undefined : { callNo };
  return ok(refundView(await takeRefundStep(deps, refund, first)));
}

/** Where a refund stands, for the till that asked for it. */
export async function readRefund(
  deps: RefundDeps,
  till: TillIdentity,
  key: { readonly orderId: OrderId; readonly refundNo: number },
): Promise<Result<Refund, RefundRefused>> {
  const refund = await findRefund(deps.db, { ...till, ...key });
  return refund?.terminalId === till.terminalId
    ? ok(refundView(refund))
    : refused('order-not-found');
}

interface Prepared {
  readonly refund: KeptRefund;
  readonly isNew: boolean;
  /** The record of the first call; undefined when no money goes by a channel. */
  readonly callNo: number | undefined;
  /** A share of the order comes back first; the worker sends the refund then. */
  readonly waits: boolean;
}

async function prepare(
  tx: Tx,
  deps: RefundDeps,
  till: TillIdentity,
  asked: RefundRequest & { readonly orderId: OrderId },
): Promise<Result<Prepared, RefundRefused>> {
  const { orderId, refundNo } = asked;
  const order = { ...till, orderId };
  const sale = await lockSale(tx, order);
  const standing = await findRefund(tx, { ...order, refundNo });
  if (standing !== undefined)
    return standing.amountFen === asked.amountFen && standing.terminalId === till.terminalId
      ? ok({ refund: standing, isNew: false, callNo: undefined, waits: false })
      : refused('idempotency-mismatch');
  if (!sale.ok) return sale;
  const before = await refundsOfOrder(tx, order);
  if (before.some(({ progress }) => progress.status === 'refunding'))
    return refused('refund-in-flight');
  const refundedFen = sumFen(before.map(({ amountFen }) => amountFen));
  const leftFen = subtractFen(sale.value.amountFen, refundedFen);
  if (leftFen === 0) return refused('refund-not-possible');
  if (asked.amountFen > leftFen) return refused('refund-too-large');
  const split = refundSplit(sale.value, { refundedFen, partFen: fen(asked.amountFen) });
  const nowMs = deps.clock.nowMs();
  const { attempt } = sale.value;
  const refund: KeptRefund = {
    ...order,
    refundNo,
    how: 'channel',
    amountFen: fen(asked.amountFen),
    ...split,
    cashier: asked.cashier,
    reason: asked.reason,
    businessDate: businessDate({ atMs: nowMs, cutOverHour: sale.value.cutOverHour }),
    askedAtMs: nowMs,
    charge: { attempt, outRefundNo: `${sale.value.outTradeNo}T${refundNo}` },
    progress: progressOf(split.cashFen, nowMs, deps),
    concessionFen: undefined,
    points: undefined,
  };
  if (!(await insertRefund(tx, refund))) return refused('refund-in-flight');
  const prepared = { refund, isNew: true, callNo: undefined, waits: false };
  if (split.cashFen === 0) return ok(prepared);
  const channel = deps.channels.get(sale.value.channel);
  if ((await gateOfRefund(tx, refund, { channel, nowMs })) === 'wait') {
    const progress = holdBack(refund.progress, { nowMs, timing: deps.timing });
    await saveRefund(tx, refund, { progress });
    return ok({ ...prepared, refund: { ...refund, progress }, waits: true });
  }
  const { operatorId } = till;
  const callNo = await recordCall(tx, { operatorId, orderId, attempt }, { kind: 'refund', nowMs });
  return ok({ ...prepared, callNo });
}

/** A part so small that only vouchers go back needs no channel. */
const progressOf = (cashFen: Fen, nowMs: number, { timing }: RefundDeps): RefundProgress =>
  cashFen === 0
    ? { status: 'booking', fruitlessTries: 0, nextAtMs: nowMs, code: undefined }
    : beginRefund(nowMs, timing);

interface Sale {
  readonly amountFen: Fen;
  readonly voucherFen: Fen;
  readonly attempt: number;
  readonly outTradeNo: string;
  readonly channel: string;
  readonly cutOverHour: number;
}

/** Locks the line of a sale that a channel took, so that tills that ask at once follow each other. */
async function lockSale(
  tx: Tx,
  order: TillIdentity & { readonly orderId: OrderId },
): Promise<Result<Sale, RefundRefused>> {
  const { operatorId, merchantId, orderId } = order;
  await tx.execute(sql`
    select 1 from settlement_line where operator_id = ${operatorId} and merchant_id = ${merchantId}
       and order_id = ${orderId} for update`);
  const { rows } = await tx.execute<{
    amount_fen: number;
    voucher_fen: number;
    attempt: number | null;
    out_trade_no: string | null;
    channel: string | null;
    source: string | null;
    cut_over_hour: number;
  }>(sql`
    select coalesce(l.amount_fen, a.amount_fen) as amount_fen,
           coalesce(l.voucher_fen, a.voucher_fen) as voucher_fen, a.attempt, a.out_trade_no,
           a.channel,           l.source, m.cut_over_hour
      from merchant m
      left join settlement_line l on l.operator_id = m.operator_id and l.merchant_id = m.merchant_id
       and l.order_id = ${orderId}
      left join payment_attempt a on a.operator_id = m.operator_id and a.merchant_id = m.merchant_id
       and a.order_id = ${orderId} and a.status = 'paid'
     where m.operator_id = ${operatorId} and m.merchant_id = ${merchantId}
       and (l.order_id is not null or a.order_id is not null)`);
  const row = rows[0];
  if (row === undefined) return refused('order-not-found');
  if (row.source === null) return refused('refund-not-booked');
  if (row.source !== 'channel' || row.attempt === null || row.out_trade_no === null)
    return refused('refund-not-possible');
  return ok({
    amountFen: fen(row.amount_fen),
    voucherFen: fen(row.voucher_fen),
    attempt: row.attempt,
    outTradeNo: row.out_trade_no,
    channel: row.channel ?? '',
    cutOverHour: row.cut_over_hour,
  });
}
