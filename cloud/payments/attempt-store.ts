import { sql, type SQL } from 'drizzle-orm';
import type { MemberId, MerchantId, OperatorId } from '#shared/ids/ids.ts';
import {
  attemptColumns,
  attemptIs,
  toAttempt,
  type AttemptRow,
} from '#cloud/payments/attempt-row.ts';
import type { Attempt, AttemptFacts, AttemptKey } from '#cloud/payments/attempt.ts';
import type { AttemptProgress, NextStep } from '#cloud/payments/payment-machine.ts';
import { filled, type Db, type Statement, type Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';

const columns = sql.raw(attemptColumns);

/**
 * Writes a new attempt; no row when its number is taken, or another attempt of the order is in
 * flight.
 */
export const attemptInsertion: Statement = {
  name: 'attempt-insertion',
  text: `
    insert into payment_attempt (operator_id, order_id, attempt, kind, merchant_id, terminal_id,
      channel, channel_merchant_no, out_trade_no, wallet, amount_fen, voucher_fen, reservation_id,
      concession_bp, business_date, cashier, member_id, claim_hash, opened_at_ms, content_hash,
      route, quota_date, network, status, in_flight, submitted_at_ms, cancel_wanted, found_paid,
      fruitless_tries, next_step, next_at_ms, subsidy_mark_fen, lease_until_ms)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
      $20, $21, $22, $23, $24, true, $25, $26, $27, $28, $29, $30, $31, 0)
    on conflict do nothing
    returning operator_id, merchant_id, order_id, attempt, kind, submitted_at_ms`,
};

export const attemptInsertionValues = (
  attempt: AttemptFacts & { readonly progress: AttemptProgress },
): readonly unknown[] => {
  const { progress } = attempt;
  return [
    attempt.operatorId,
    attempt.orderId,
    attempt.attempt,
    attempt.kind,
    attempt.merchantId,
    attempt.terminalId,
    attempt.channel,
    attempt.channelMerchantNo,
    attempt.outTradeNo,
    attempt.wallet ?? null,
    attempt.amountFen,
    attempt.voucherFen,
    attempt.reservationId ?? null,
    attempt.concessionBp,
    attempt.businessDate,
    attempt.cashier,
    attempt.memberId ?? null,
    attempt.claimHash ?? null,
    attempt.openedAtMs,
    attempt.contentHash,
    JSON.stringify(attempt.route),
    attempt.quotaDate,
    attempt.network ?? null,
    progress.status,
    progress.submittedAtMs,
    progress.cancelWanted,
    progress.foundPaid,
    progress.fruitlessTries,
    progress.next?.type ?? null,
    progress.next?.atMs ?? null,
    attempt.subsidyMarkFen ?? null,
  ];
};

/**
 * Writes a new attempt. False when its number is taken, or another attempt of the order is in
 * flight.
 */
export async function insertAttempt(
  tx: Tx,
  attempt: AttemptFacts & { readonly progress: AttemptProgress },
): Promise<boolean> {
  const { rows } = await tx.execute(filled(attemptInsertion, attemptInsertionValues(attempt)));
  return rows.length === 1;
}

export async function findAttempt(db: Db | Tx, key: AttemptKey): Promise<Attempt | undefined> {
  const { rows } = await db.execute<AttemptRow>(
    sql`select ${columns} from payment_attempt where ${attemptIs(key)}`,
  );
  return rows[0] === undefined ? undefined : toAttempt(rows[0]);
}

/** Reads an attempt and holds its row until the transaction ends. */
export async function lockAttempt(tx: Tx, key: AttemptKey): Promise<Attempt | undefined> {
  const { rows } = await tx.execute<AttemptRow>(
    sql`select ${columns} from payment_attempt where ${attemptIs(key)} for update`,
  );
  return rows[0] === undefined ? undefined : toAttempt(rows[0]);
}

/** Reads the attempt with this number at a channel and holds its row until the transaction ends. */
export async function lockAttemptByNumber(
  tx: Tx,
  number: {
    readonly operatorId: OperatorId;
    readonly channel: string;
    readonly outTradeNo: string;
  },
): Promise<Attempt | undefined> {
  const { rows } = await tx.execute<AttemptRow>(sql`
    select ${columns} from payment_attempt
     where operator_id = ${number.operatorId} and channel = ${number.channel}
       and out_trade_no = ${number.outTradeNo} for update`);
  return rows[0] === undefined ? undefined : toAttempt(rows[0]);
}

/**
 * Something happened at the channel: what is asked of it next is asked at once, also when a
 * question is under way now, whose answer will be older than this. False when nothing is open.
 */
export async function hurryAttempt(tx: Tx, key: AttemptKey, nowMs: number): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    update payment_attempt set next_at_ms = least(next_at_ms, ${nowMs}), hurried_at_ms = ${nowMs}
     where ${attemptIs(key)} and next_step in ('query', 'refund')`);
  return rowCount === 1;
}

/** States of an order, by the till's journal, in which it has its money or was given up. */
export const closedOrderStates: ReadonlySet<string> = new Set([
  'paid',
  'paid-then-refunded',
  'cash-recorded',
  'offline-accepted',
  'settled',
  'debit-failed',
  'duplicate',
  'pos-paid',
  'promised',
  'promise-kept',
  'promise-broken',
  'voided',
]);

/**
 * Is nothing more to be charged for this order? Another attempt paid it, or the till's journal says
 * that it took other money or gave the order up.
 */
export async function isOrderClosed(
  tx: Tx,
  order: Pick<AttemptKey, 'operatorId' | 'orderId'> & { readonly merchantId: MerchantId },
): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select 1 from payment_attempt where operator_id = ${order.operatorId}
       and order_id = ${order.orderId} and status in ('paid', 'refunded-late')
    union all
    select 1 from customer_order where operator_id = ${order.operatorId}
       and merchant_id = ${order.merchantId} and order_id = ${order.orderId}
       and state = any(${sql.param([...closedOrderStates])}::text[])
    limit 1`);
  return rows.length > 0;
}

/** Is another attempt of the same order under way, or did one bring the money? */
export async function isOrderInHand(tx: Tx, key: AttemptKey): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select 1 from payment_attempt
     where operator_id = ${key.operatorId} and order_id = ${key.orderId}
       and attempt <> ${key.attempt} and (in_flight or status = 'paid') limit 1`);
  return rows.length > 0;
}

/** A reversal has its own earliest moment; a question that somebody hurried on meanwhile is due. */
function nextAtMs(next: NextStep | undefined): SQL {
  if (next === undefined) return sql`null`;
  return next.type === 'reverse'
    ? sql`${next.atMs}::bigint`
    : sql`least(${next.atMs}::bigint, hurried_at_ms)`;
}

/** Stores where an attempt stands now and gives its lease back. */
export async function saveProgress(
  tx: Tx,
  key: AttemptKey,
  change: { readonly progress: AttemptProgress; readonly nowMs: number },
): Promise<void> {
  const { progress } = change;
  const isOver = progress.next === undefined;
  await tx.execute(sql`
    update payment_attempt set status = ${progress.status},
      in_flight = in_flight and ${!isOver}, cancel_wanted = ${progress.cancelWanted},
      found_paid = ${progress.foundPaid}, fruitless_tries = ${progress.fruitlessTries},
      next_step = ${progress.next?.type ?? null}, next_at_ms = ${nextAtMs(progress.next)},
      code = ${progress.code ?? null}, channel_ref = ${progress.channelRef ?? null},
      paid_at_ms = ${progress.paidAtMs ?? null},
      settled_at_ms = case when ${isOver} then
        case when status = ${progress.status} then coalesce(settled_at_ms, ${change.nowMs}::bigint)
             else ${change.nowMs}::bigint end end, lease_until_ms = 0
    where ${attemptIs(key)}`);
}

/** Who paid is known only behind the payment: the member that a linked wallet names. */
export async function saveMember(tx: Tx, key: AttemptKey, memberId: MemberId): Promise<void> {
  await tx.execute(sql`
    update payment_attempt set member_id = ${memberId} where ${attemptIs(key)} and member_id is null`);
}

/** Notes who paid, as a keyed hash. */
export async function savePayer(tx: Tx, key: AttemptKey, payerHash: string): Promise<void> {
  await tx.execute(
    sql`update payment_attempt set payer_hash = ${payerHash} where ${attemptIs(key)}`,
  );
}

/** What the books said about a paid attempt. `error` undefined = booked. */
export interface Booking {
  readonly key: AttemptKey;
  readonly error: string | undefined;
}

const bookErrorCharsMax = 500;

/**
 * Notes what the books said about paid attempts. One statement for each operator and each thing
 * that was said.
 */
export async function saveBookings(tx: Tx, bookings: readonly Booking[]): Promise<void> {
  const groups = new Map<string, Booking[]>();
  for (const booking of bookings) {
    const said = JSON.stringify([booking.key.operatorId, booking.error]);
    groups.set(said, [...(groups.get(said) ?? []), booking]);
  }
  for (const alike of groups.values()) {
    const [{ key, error }] = alike as [Booking];
    await planned(tx, bookingsSaved, [
      key.operatorId,
      alike.map((one) => one.key.orderId),
      alike.map((one) => `${one.key.orderId}:${one.key.attempt}`),
      error === undefined ? 'booked' : 'parked',
      error?.slice(0, bookErrorCharsMax) ?? null,
    ]);
  }
}

/**
 * Their orders are named as a list: a join may be planned as one look over all attempts that there
 * are.
 */
const bookingsSaved: Statement = {
  name: 'bookings-saved',
  text: `
    update payment_attempt set book_state = $4, book_error = $5
     where operator_id = $1 and order_id = any($2::text[])
       and order_id || ':' || attempt = any($3::text[])`,
};

/**
 * Takes attempts whose next step is due, so that no other worker touches them until `leaseMs` is
 * over: then the one who took them is presumed dead.
 */
export async function leaseDueAttempts(
  db: Db,
  options: { readonly nowMs: number; readonly leaseMs: number; readonly countMax: number },
): Promise<readonly Attempt[]> {
  const { rows } = await db.execute<AttemptRow>(sql`
    with due as (
      select operator_id as o, order_id as r, attempt as a from payment_attempt
       where next_step is not null and next_at_ms <= ${options.nowMs}
         and lease_until_ms <= ${options.nowMs}
       order by next_at_ms limit ${options.countMax} for update skip locked)
    update payment_attempt set lease_until_ms = ${options.nowMs + options.leaseMs}, hurried_at_ms = null
      from due where operator_id = due.o and order_id = due.r and attempt = due.a
    returning ${columns}`);
  return rows.map(toAttempt);
}
