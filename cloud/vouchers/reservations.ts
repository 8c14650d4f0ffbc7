import { sql } from 'drizzle-orm';
import type { Tx } from '#cloud/platform/db.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import type { WalletOwner } from '#cloud/vouchers/wallet.ts';
import type { MemberId, OperatorId, OrderId, VoucherId } from '#shared/ids/ids.ts';
import { fen, minFen, sumFen, type Fen } from '#shared/money/fen.ts';
import { voucherFenMax } from '#shared/points/issue/order-issue.ts';
import { spendVouchers, type VoucherUse } from '#shared/points/vouchers/voucher-spend.ts';
import { assert } from '#shared/result/assert.ts';
import { err, getOrThrow, ok, type Result } from '#shared/result/result.ts';

/** The end of a reservation that does not lapse: money for its order is on the way (pin-reservation.ts). */
export const pinnedUntilMs = Number.MAX_SAFE_INTEGER;

/** How long vouchers stay set aside for an order that is not paid yet. */
export const reservationHoldMs = 5 * 60 * 1_000;

/**
 * Vouchers on their way through an order: held, then committed (the order is paid) or released. Only the members'
 * side is kept here; the books move VO -> PI with the order itself (cloud/orders), in the transaction that commits.
 */
export interface VoucherReservation {
  readonly reservationId: string;
  readonly orderId: OrderId;
  readonly memberId: MemberId;
  readonly voucherFen: Fen;
  /** Lapsed: its time ran out and the vouchers went back, but nobody took the order's word back. */
  readonly state: 'held' | 'committed' | 'released' | 'lapsed';
  readonly expiresAtMs: number;
}

export type ReserveError =
  /** Nothing that could be used. */
  | { readonly type: 'voucher-balance' }
  /** The order's vouchers are spent already, or they are another member's. */
  | { readonly type: 'voucher-reservation-invalid' };

export interface ReserveRequest extends WalletOwner {
  readonly orderId: OrderId;
  /** Gross amount of the order. */
  readonly amountFen: Fen;
  readonly nowMs: number;
}

/**
 * Sets vouchers aside for one order: as much as the share cap (50% of the order) and the wallet allow, earliest expiry
 * first (rules R16, R17). Asking again for the same order starts anew: what it held is given back first.
 * Errors in this order: voucher-reservation-invalid, voucher-balance.
 */
export async function reserveVouchers(
  tx: Tx,
  request: ReserveRequest,
): Promise<Result<VoucherReservation, ReserveError>> {
  const { operatorId, memberId, orderId, nowMs } = request;
  const locked = await lockWallet(tx, request);
  const standing = await findByOrder(tx, { operatorId, orderId });
  if (standing !== undefined && (!mayStartAnew(standing) || standing.memberId !== memberId))
    return err({ type: 'voucher-reservation-invalid' });
  await startAnew(tx, { operatorId, memberId, orderId, nowMs });
  const taken = await take(tx, request, locked);
  return taken === undefined ? err({ type: 'voucher-balance' }) : ok(taken);
}

/**
 * Spends what was set aside, once. Late is not lost: the sale was made while the vouchers were held, so a reservation
 * that lapsed since is good as long as the same vouchers still hold the same sums.
 * Errors: voucher-reservation-invalid (unknown, given back, taken by others, or of another order or sum).
 */
export async function commitReservation(
  tx: Tx,
  commit: {
    readonly operatorId: OperatorId;
    readonly reservationId: string;
    readonly orderId: OrderId;
    readonly voucherFen: Fen;
  },
): Promise<Result<VoucherReservation, ReserveError>> {
  const { operatorId, reservationId } = commit;
  const found = await holdAgain(tx, commit);
  if (found === undefined) return err({ type: 'voucher-reservation-invalid' });
  if (found.state === 'held') await spendHeld(tx, { operatorId, reservationId });
  return ok({ ...found, state: 'committed' });
}

/**
 * Locks a reservation of exactly this order and sum that is held or committed; one that lapsed is held again when the
 * same vouchers still hold the same sums and the order has no other. Undefined when there is none.
 */
export async function holdAgain(
  tx: Tx,
  wanted: {
    readonly operatorId: OperatorId;
    readonly reservationId: string;
    readonly orderId: OrderId;
    readonly voucherFen: Fen;
  },
): Promise<VoucherReservation | undefined> {
  const found = await lockReservation(tx, wanted);
  if (
    found === undefined ||
    found.state === 'released' ||
    found.orderId !== wanted.orderId ||
    found.voucherFen !== wanted.voucherFen
  )
    return undefined;
  if (found.state !== 'lapsed') return found;
  if ((await findByOrder(tx, wanted)) !== undefined) return undefined;
  return (await takeAgain(tx, wanted)) ? { ...found, state: 'held' } : undefined;
}

/** Gives back what an order held; nothing happens when it was given back or spent before. */
export async function releaseReservation(
  tx: Tx,
  release: { readonly operatorId: OperatorId; readonly reservationId: string },
): Promise<{ readonly released: boolean }> {
  await lockReservation(tx, release);
  const count = await giveBack(
    tx,
    release.operatorId,
    sql`reservation_id = ${release.reservationId}`,
    'released',
  );
  return { released: count > 0 };
}

/** Gives back every reservation whose time ran out before `nowMs`. Answers how many. */
export async function releaseLapsed(
  tx: Tx,
  options: { readonly operatorId: OperatorId; readonly nowMs: number },
): Promise<{ readonly released: number }> {
  const { operatorId, nowMs } = options;
  // Wallets first, in one order, as everywhere: see lockReservation.
  await tx.execute(sql`
    select 1 from voucher
     where operator_id = ${operatorId} and voucher_id in (
       select l.voucher_id from voucher_reservation_line l
         join voucher_reservation r
           on r.operator_id = l.operator_id and r.reservation_id = l.reservation_id
        where r.operator_id = ${operatorId} and r.state = 'held' and r.expires_at_ms <= ${nowMs})
     order by voucher_id for update`);
  return { released: await giveBack(tx, operatorId, sql`expires_at_ms <= ${nowMs}`, 'lapsed') };
}

/**
 * Spends a member's vouchers for an order that was accepted offline: up to the share cap and the wallet, at once.
 * Keyed by the order: a second call answers the first one's sum. 0 when there is nothing to use.
 */
export async function spendVouchersUpTo(
  tx: Tx,
  request: ReserveRequest,
): Promise<{ readonly voucherFen: Fen }> {
  const { operatorId, orderId } = request;
  const locked = await lockWallet(tx, request);
  const standing = await findByOrder(tx, { operatorId, orderId });
  if (standing?.state === 'committed') return { voucherFen: standing.voucherFen };
  await startAnew(tx, request);
  const taken = await take(tx, request, locked);
  if (taken === undefined) return { voucherFen: fen(0) };
  await spendHeld(tx, { operatorId, reservationId: taken.reservationId });
  return { voucherFen: taken.voucherFen };
}

/** An order whose charge is under way keeps what it holds: only the end of the charge decides about it. */
const mayStartAnew = (standing: VoucherReservation): boolean =>
  standing.state === 'held' && standing.expiresAtMs !== pinnedUntilMs;

/** Gives back what the order held, and what lapsed of the member's other orders. */
async function startAnew(
  tx: Tx,
  request: Pick<ReserveRequest, 'operatorId' | 'memberId' | 'orderId' | 'nowMs'>,
): Promise<void> {
  const { operatorId, memberId, orderId, nowMs } = request;
  const ofMember = sql`member_id = ${memberId}`;
  await giveBack(tx, operatorId, sql`${ofMember} and order_id = ${orderId}`, 'released');
  await giveBack(tx, operatorId, sql`${ofMember} and expires_at_ms <= ${nowMs}`, 'lapsed');
}

/** Sets the same vouchers aside again after a lapse; false when one of them holds less than it did. */
async function takeAgain(
  tx: Tx,
  lapsed: { readonly operatorId: OperatorId; readonly reservationId: string },
): Promise<boolean> {
  const { operatorId, reservationId } = lapsed;
  const { rows } = await tx.execute<{ taken: boolean }>(sql`
    with lines as (
      select l.voucher_id, l.amount_fen, v.left_fen >= l.amount_fen as is_there
        from voucher_reservation_line l join voucher v using (operator_id, voucher_id)
       where l.operator_id = ${operatorId} and l.reservation_id = ${reservationId}
    ), held as (
      update voucher_reservation set state = 'held'
       where operator_id = ${operatorId} and reservation_id = ${reservationId}
         and state = 'lapsed' and (select bool_and(is_there) from lines)
      returning 1
    ), moved as (
      update voucher v
         set left_fen = v.left_fen - l.amount_fen, held_fen = v.held_fen + l.amount_fen
        from lines l
       where v.operator_id = ${operatorId} and v.voucher_id = l.voucher_id
         and exists (select 1 from held)
    )
    select exists (select 1 from held) as taken`);
  return rows[0]?.taken === true;
}

/** Locks all vouchers of a member in one order, so that two orders of his follow each other, and names them. */
export async function lockWallet(
  tx: Tx,
  owner: Pick<WalletOwner, 'operatorId' | 'memberId'>,
): Promise<readonly VoucherId[]> {
  const { rows } = await tx.execute<{ voucher_id: VoucherId }>(sql`
    select voucher_id from voucher
     where operator_id = ${owner.operatorId} and member_id = ${owner.memberId}
       and (left_fen > 0 or held_fen > 0)
     order by voucher_id for update`);
  return rows.map((row) => row.voucher_id);
}

/**
 * Moves what the order may use from left to held under a new reservation; undefined when that is nothing. Only what is
 * locked is used: a voucher that was released since belongs to whoever locks it first.
 */
async function take(
  tx: Tx,
  request: ReserveRequest,
  locked: readonly VoucherId[],
): Promise<VoucherReservation | undefined> {
  const { operatorId, memberId, orderId, today } = request;
  const { config } = await pointsConfigAt(tx, { operatorId, period: today });
  const live = await liveVouchers(tx, request, locked);
  const availableFen = sumFen(live.map(({ leftFen }) => leftFen));
  const voucherFen = minFen(availableFen, voucherFenMax(request.amountFen, config));
  if (voucherFen === 0) return undefined;
  const { used } = getOrThrow(spendVouchers(live, { amountFen: voucherFen, today }));
  const reservationId = await nextReservationId(tx, { operatorId, orderId });
  const expiresAtMs = request.nowMs + reservationHoldMs;
  await tx.execute(sql`
    insert into voucher_reservation
      (operator_id, reservation_id, order_id, member_id, voucher_fen, state, expires_at_ms)
    values (${operatorId}, ${reservationId}, ${orderId}, ${memberId}, ${voucherFen}, 'held',
            ${expiresAtMs})`);
  await hold(tx, { operatorId, reservationId, used });
  return { reservationId, orderId, memberId, voucherFen, state: 'held', expiresAtMs };
}

async function liveVouchers(tx: Tx, owner: WalletOwner, locked: readonly VoucherId[]) {
  const { rows } = await tx.execute<{ voucher_id: VoucherId; left_fen: number; expires: string }>(
    sql`select voucher_id, left_fen, expires_on::text as expires from voucher
         where operator_id = ${owner.operatorId} and member_id = ${owner.memberId}
           and left_fen > 0 and expires_on >= ${owner.today}::date
           and voucher_id = any(${sql.param(locked)}::text[])`,
  );
  return rows.map((row) => ({
    id: row.voucher_id,
    leftFen: fen(row.left_fen),
    expiresOn: row.expires,
  }));
}

/** rsv_ + the order's ULID + the number of the attempt: 33 characters, and no two of one order are equal. */
async function nextReservationId(
  tx: Tx,
  order: { readonly operatorId: OperatorId; readonly orderId: OrderId },
): Promise<string> {
  const stem = `rsv_${order.orderId.slice(4)}`;
  const { rows } = await tx.execute<{ earlier: number }>(sql`
    select count(*) as earlier from voucher_reservation
     where operator_id = ${order.operatorId}
       and reservation_id >= ${stem} and reservation_id < ${`${stem}~`}`);
  return `${stem}_${String(rows[0]!.earlier + 1).padStart(2, '0')}`;
}

async function hold(
  tx: Tx,
  reservation: {
    readonly operatorId: OperatorId;
    readonly reservationId: string;
    readonly used: readonly VoucherUse[];
  },
): Promise<void> {
  const lines = reservation.used.map(({ id, usedFen }) => ({ voucher_id: id, used: usedFen }));
  const result = await tx.execute(sql`
    with lines as (
      select * from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
        as l(voucher_id text, used bigint)
    ), written as (
      insert into voucher_reservation_line (operator_id, reservation_id, voucher_id, amount_fen)
      select ${reservation.operatorId}, ${reservation.reservationId}, voucher_id, used from lines
    )
    update voucher v set left_fen = v.left_fen - l.used, held_fen = v.held_fen + l.used
      from lines l
     where v.operator_id = ${reservation.operatorId} and v.voucher_id = l.voucher_id`);
  assert(
    result.rowCount === lines.length,
    () => `${result.rowCount} of ${lines.length} vouchers held`,
  );
}

async function spendHeld(
  tx: Tx,
  reservation: { readonly operatorId: OperatorId; readonly reservationId: string },
): Promise<void> {
  const { operatorId, reservationId } = reservation;
  await tx.execute(sql`
    with committed as (
      update voucher_reservation set state = 'committed'
       where operator_id = ${operatorId} and reservation_id = ${reservationId} and state = 'held'
      returning reservation_id
    ), lines as (
      select l.voucher_id, l.amount_fen from voucher_reservation_line l
        join committed c on c.reservation_id = l.reservation_id
       where l.operator_id = ${operatorId}
    ), entries as (
      insert into voucher_entry (operator_id, voucher_id, kind, ref, amount_fen)
      select ${operatorId}, voucher_id, 'spent', ${reservationId}, -amount_fen from lines
    )
    update voucher v set held_fen = v.held_fen - l.amount_fen, spent_fen = v.spent_fen + l.amount_fen
      from lines l
     where v.operator_id = ${operatorId} and v.voucher_id = l.voucher_id`);
}

/** Moves what held reservations that meet the condition hold back to left. Answers how many reservations. */
export async function giveBack(
  tx: Tx,
  operatorId: OperatorId,
  condition: ReturnType<typeof sql>,
  state: 'released' | 'lapsed',
): Promise<number> {
  const { rows } = await tx.execute<{ count: number }>(sql`
    with released as (
      update voucher_reservation set state = ${state}
       where operator_id = ${operatorId} and state = 'held' and ${condition}
      returning reservation_id
    ), lines as (
      select l.voucher_id, sum(l.amount_fen)::bigint as amount_fen
        from voucher_reservation_line l join released using (reservation_id)
       where l.operator_id = ${operatorId} group by l.voucher_id
    ), moved as (
      update voucher v
         set held_fen = v.held_fen - l.amount_fen, left_fen = v.left_fen + l.amount_fen
        from lines l
       where v.operator_id = ${operatorId} and v.voucher_id = l.voucher_id
    )
    select count(*) as count from released`);
  return rows[0]!.count;
}

interface ReservationRow extends Record<string, unknown> {
  readonly reservation_id: string;
  readonly order_id: OrderId;
  readonly member_id: MemberId;
  readonly voucher_fen: number;
  readonly state: VoucherReservation['state'];
  readonly expires_at_ms: number;
}

const fromRow = (row: ReservationRow): VoucherReservation => ({
  reservationId: row.reservation_id,
  orderId: row.order_id,
  memberId: row.member_id,
  voucherFen: fen(row.voucher_fen),
  state: row.state,
  expiresAtMs: row.expires_at_ms,
});

/** The reservation of an order that is held or committed; there is at most one. */
async function findByOrder(
  tx: Tx,
  order: { readonly operatorId: OperatorId; readonly orderId: OrderId },
): Promise<VoucherReservation | undefined> {
  const { rows } = await tx.execute<ReservationRow>(sql`
    select reservation_id, order_id, member_id, voucher_fen, state, expires_at_ms
      from voucher_reservation
     where operator_id = ${order.operatorId} and order_id = ${order.orderId}
       and state in ('held', 'committed') for update`);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}

async function lockReservation(
  tx: Tx,
  key: { readonly operatorId: OperatorId; readonly reservationId: string },
): Promise<VoucherReservation | undefined> {
  // The wallet is locked before the reservation, as everywhere, so that two transactions cannot wait in a ring.
  await tx.execute(sql`
    select 1 from voucher v join voucher_reservation_line l
        on l.operator_id = v.operator_id and l.voucher_id = v.voucher_id
     where l.operator_id = ${key.operatorId} and l.reservation_id = ${key.reservationId}
     order by v.voucher_id for update of v`);
  const { rows } = await tx.execute<ReservationRow>(sql`
    select reservation_id, order_id, member_id, voucher_fen, state, expires_at_ms
      from voucher_reservation
     where operator_id = ${key.operatorId} and reservation_id = ${key.reservationId} for update`);
  return rows[0] === undefined ? undefined : fromRow(rows[0]);
}
