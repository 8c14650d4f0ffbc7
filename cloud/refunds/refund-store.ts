import { sql, type SQL } from 'drizzle-orm';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import type { RefundHow } from '#shared/order/order.ts';
import type { Refund } from '#shared/wire/v1/refunds.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { RefundProgress } from '#cloud/refunds/refund-machine.ts';

export interface RefundKey {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  readonly refundNo: number;
}

/** What never changes about a refund. */
export interface RefundFacts extends RefundKey {
  readonly terminalId: TerminalId;
  readonly how: RefundHow;
  /** Gross; money and vouchers together. */
  readonly amountFen: Fen;
  readonly cashFen: Fen;
  readonly voucherFen: Fen;
  readonly cashier: string;
  readonly reason: string;
  readonly businessDate: string;
  readonly askedAtMs: number;
  /** Of a refund by a channel: the attempt whose charge goes back, and the number that the channel knows it by. */
  readonly charge: { readonly attempt: number; readonly outRefundNo: string } | undefined;
}

export interface KeptRefund extends RefundFacts {
  readonly progress: RefundProgress;
  /** Once it is booked: the concession that went back to the merchant, and the points that the member lost. */
  readonly concessionFen: Fen | undefined;
  readonly points: number | undefined;
}

const keyIs = (key: RefundKey): SQL =>
  sql`operator_id = ${key.operatorId} and merchant_id = ${key.merchantId}
    and order_id = ${key.orderId} and refund_no = ${key.refundNo}`;

const columns = sql`operator_id, merchant_id, order_id, refund_no, terminal_id, how, amount_fen,
  cash_fen, voucher_fen, cashier, reason, business_date::text as business_date, asked_at_ms, status,
  code, attempt, out_refund_no, fruitless_tries, next_at_ms, concession_fen, points`;

/** Writes a new refund. False when its number is taken, or another refund of the order is open. */
export async function insertRefund(
  tx: Tx,
  refund: RefundFacts & { readonly progress: RefundProgress },
): Promise<boolean> {
  const { progress, charge } = refund;
  const { rowCount } = await tx.execute(sql`
    insert into order_refund (operator_id, merchant_id, order_id, refund_no, terminal_id, how,
      amount_fen, cash_fen, voucher_fen, cashier, reason, business_date, asked_at_ms, status, code,
      attempt, out_refund_no, fruitless_tries, next_at_ms)
    values (${refund.operatorId}, ${refund.merchantId}, ${refund.orderId}, ${refund.refundNo},
      ${refund.terminalId}, ${refund.how}, ${refund.amountFen}, ${refund.cashFen},
      ${refund.voucherFen}, ${refund.cashier}, ${refund.reason}, ${refund.businessDate},
      ${refund.askedAtMs}, ${progress.status}, ${progress.code ?? null}, ${charge?.attempt ?? null},
      ${charge?.outRefundNo ?? null}, ${progress.fruitlessTries}, ${progress.nextAtMs ?? null})
    on conflict do nothing`);
  return rowCount === 1;
}

export async function findRefund(db: Db | Tx, key: RefundKey): Promise<KeptRefund | undefined> {
  const { rows } = await db.execute<Row>(
    sql`select ${columns} from order_refund where ${keyIs(key)}`,
  );
  return rows[0] && toRefund(rows[0]);
}

export async function lockRefund(tx: Tx, key: RefundKey): Promise<KeptRefund | undefined> {
  const { rows } = await tx.execute<Row>(
    sql`select ${columns} from order_refund where ${keyIs(key)} for update`,
  );
  return rows[0] && toRefund(rows[0]);
}

/** Every refund of an order that was not refused, by number. */
export async function refundsOfOrder(
  tx: Tx,
  order: Omit<RefundKey, 'refundNo'>,
): Promise<readonly KeptRefund[]> {
  const { rows } = await tx.execute<Row>(sql`
    select ${columns} from order_refund
     where operator_id = ${order.operatorId} and merchant_id = ${order.merchantId}
       and order_id = ${order.orderId} and status <> 'failed' order by refund_no`);
  return rows.map(toRefund);
}

/** Stores where a refund stands now and gives its lease back. */
export async function saveRefund(
  tx: Tx,
  key: RefundKey,
  change: { readonly progress: RefundProgress; readonly bookError?: string },
): Promise<void> {
  const { progress } = change;
  await tx.execute(sql`
    update order_refund set status = ${progress.status}, code = ${progress.code ?? null},
      fruitless_tries = ${progress.fruitlessTries},
      next_at_ms = ${progress.nextAtMs === undefined ? null : sql`least(${progress.nextAtMs}::bigint, hurried_at_ms)`},
      book_error = ${change.bookError?.slice(0, 500) ?? null}, lease_until_ms = 0
    where ${keyIs(key)}`);
}

/** The channel told of this refund unasked: an open one is asked about at once. Undefined: no such number. */
export async function hurryRefund(
  tx: Tx,
  number: {
    readonly operatorId: OperatorId;
    readonly outRefundNo: string;
    readonly nowMs: number;
  },
): Promise<{ readonly isOpen: boolean; readonly merchantId: MerchantId } | undefined> {
  const { rows } = await tx.execute<{ status: string; merchant_id: MerchantId }>(sql`
    update order_refund
       set next_at_ms = case when status = 'refunding' then least(next_at_ms, ${number.nowMs})
                             else next_at_ms end,
           hurried_at_ms = ${number.nowMs}
     where operator_id = ${number.operatorId} and out_refund_no = ${number.outRefundNo}
    returning status, merchant_id`);
  const [row] = rows;
  return row && { isOpen: row.status === 'refunding', merchantId: row.merchant_id };
}

/** Takes refunds whose next step is due, so that no other worker touches them until `leaseMs` is over. */
export async function leaseDueRefunds(
  db: Db,
  options: { readonly nowMs: number; readonly leaseMs: number; readonly countMax: number },
): Promise<readonly KeptRefund[]> {
  const { rows } = await db.execute<Row>(sql`
    with due as (
      select operator_id as o, merchant_id as m, order_id as r, refund_no as n from order_refund
       where next_at_ms <= ${options.nowMs} and lease_until_ms <= ${options.nowMs}
       order by next_at_ms limit ${options.countMax} for update skip locked)
    update order_refund set lease_until_ms = ${options.nowMs + options.leaseMs}, hurried_at_ms = null
      from due where operator_id = due.o and merchant_id = due.m and order_id = due.r
       and refund_no = due.n
    returning ${columns}`);
  return rows.map(toRefund);
}

/** A refund as the till sees it. */
export const refundView = ({ progress, ...refund }: KeptRefund): Refund => ({
  orderId: refund.orderId,
  refundNo: refund.refundNo,
  status: progress.status === 'booking' ? 'done' : progress.status,
  amountFen: refund.amountFen,
  cashFen: refund.cashFen,
  voucherFen: refund.voucherFen,
  ...(refund.concessionFen === undefined ? {} : { concessionFen: refund.concessionFen }),
  ...(refund.points === undefined ? {} : { points: refund.points }),
  ...(progress.code === undefined ? {} : { code: progress.code }),
});

interface Row extends Record<string, unknown> {
  operator_id: OperatorId;
  merchant_id: MerchantId;
  order_id: OrderId;
  refund_no: number;
  terminal_id: TerminalId;
  how: RefundHow;
  amount_fen: number;
  cash_fen: number;
  voucher_fen: number;
  cashier: string;
  reason: string;
  business_date: string;
  asked_at_ms: number;
  status: RefundProgress['status'];
  code: ErrorCode | null;
  attempt: number | null;
  out_refund_no: string | null;
  fruitless_tries: number;
  next_at_ms: number | null;
  concession_fen: number | null;
  points: number | null;
}

const toRefund = (row: Row): KeptRefund => ({
  operatorId: row.operator_id,
  merchantId: row.merchant_id,
  orderId: row.order_id,
  refundNo: row.refund_no,
  terminalId: row.terminal_id,
  how: row.how,
  amountFen: fen(row.amount_fen),
  cashFen: fen(row.cash_fen),
  voucherFen: fen(row.voucher_fen),
  cashier: row.cashier,
  reason: row.reason,
  businessDate: row.business_date,
  askedAtMs: row.asked_at_ms,
  charge:
    row.attempt === null || row.out_refund_no === null
      ? undefined
      : { attempt: row.attempt, outRefundNo: row.out_refund_no },
  progress: {
    status: row.status,
    fruitlessTries: row.fruitless_tries,
    nextAtMs: row.next_at_ms ?? undefined,
    code: row.code ?? undefined,
  },
  concessionFen: row.concession_fen === null ? undefined : fen(row.concession_fen),
  points: row.points ?? undefined,
});
