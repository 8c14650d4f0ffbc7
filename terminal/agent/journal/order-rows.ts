import { newId, type OrderId } from '#shared/ids/ids.ts';
import type { Order, OrderRefund, OrderStateName } from '#shared/order/order.ts';
import { shanghaiOffsetMs } from '#shared/time/calendar-day.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';

/** An order with what its receipt and its next attempt need besides. */
export interface StoredOrder {
  readonly order: Order;
  readonly claimToken: string;
  readonly reservationId: string | undefined;
  /** When its last entry was written, apart from refunds and a coupon's paper, wall milliseconds. */
  readonly changedAtMs: number;
  /** Position of its last entry: synced when the cloud has everything up to it. */
  readonly lastPosition: number;
}

interface Row {
  readonly detail: string;
  readonly claim_token: string;
  readonly reservation_id: string | null;
  readonly changed_at_ms: number;
  readonly last_position: number;
}

const columns = 'detail, claim_token, reservation_id, changed_at_ms, last_position';

/** The most orders one list answers. */
export const ordersListMax = 200;

export function findOrder(read: ReadHandle, orderId: OrderId): StoredOrder | undefined {
  const row = read.one<Row>(`SELECT ${columns} FROM orders WHERE order_id = $orderId`, { orderId });
  return row && stored(row);
}

/** Orders in one of `states`, oldest first, at most {@link ordersListMax}. */
export function ordersIn(
  read: ReadHandle,
  states: readonly OrderStateName[],
): readonly StoredOrder[] {
  return read
    .all<Row>(
      `SELECT ${columns} FROM orders
       WHERE state IN ('held', 'submitting', 'unknown', 'cancel-wanted', 'debit-failed', 'duplicate', 'manual', 'pos-sent', 'pos-unknown')
         AND state IN (SELECT value FROM json_each($states))
       ORDER BY order_id LIMIT ${ordersListMax}`,
      { states: JSON.stringify(states) },
    )
    .map(stored);
}

/**
 * Orders in one of `states` that no person has dealt with as they stand, newest first, at most
 * {@link ordersListMax}.
 */
export function unresolvedOrdersIn(
  read: ReadHandle,
  states: readonly OrderStateName[],
): readonly StoredOrder[] {
  const open = `state IN (SELECT value FROM json_each($states)) AND NOT EXISTS
    (SELECT 1 FROM resolved WHERE row_key = 'order:' || order_id || ':' || state)
    ORDER BY order_id DESC LIMIT ${ordersListMax}`;
  const wanted = { states: JSON.stringify(states) };
  // Two questions, each of which an index of a few rows answers.
  return [
    ...read.all<Row>(
      `SELECT ${columns} FROM orders
       WHERE state IN ('held', 'submitting', 'unknown', 'cancel-wanted', 'debit-failed', 'duplicate', 'manual', 'pos-sent', 'pos-unknown')
         AND ${open}`,
      wanted,
    ),
    ...read.all<Row>(
      `SELECT ${columns} FROM orders WHERE state = 'paid-then-refunded' AND ${open}`,
      wanted,
    ),
  ].map(stored);
}

/** Orders with a refund in one of `states`, newest first, at most {@link ordersListMax}. */
export const ordersWithRefund = (
  read: ReadHandle,
  states: readonly OrderRefund['state'][],
): readonly StoredOrder[] =>
  read
    .all<Row>(
      `SELECT ${columns} FROM orders
       WHERE instr(detail, '"refunds":') > 0
         AND EXISTS (SELECT 1 FROM json_each(detail, '$.refunds')
           WHERE value ->> '$.state' IN (SELECT value FROM json_each($states)))
       ORDER BY order_id DESC LIMIT ${ordersListMax}`,
      { states: JSON.stringify(states) },
    )
    .map(stored);

/** Promises that nobody has called kept or broken yet, newest first, at most {@link ordersListMax}. */
export const promisedOrders = (read: ReadHandle): readonly StoredOrder[] =>
  read
    .all<Row>(
      `SELECT ${columns} FROM orders WHERE state = 'promised' ORDER BY order_id DESC LIMIT ${ordersListMax}`,
    )
    .map(stored);

/** Orders that count in no sum of the day: no money was taken, or all of it was given back. */
const noBucket = 'none';

export interface OrderFilter {
  readonly businessDate?: string | undefined;
  /** Part of the order number, or an amount such as "12.50". */
  readonly search?: string | undefined;
  /** A state, a sum of the day, or {@link noBucket}. */
  readonly state?: string | undefined;
  readonly before?: string | undefined;
  /** 1..{@link ordersListMax} */
  readonly limit: number;
}

/** Orders that fit, newest first. */
export function listOrders(read: ReadHandle, filter: OrderFilter): readonly StoredOrder[] {
  const search = filter.search?.trim().toUpperCase() ?? '';
  return read
    .all<Row>(
      `SELECT ${columns} FROM orders
       WHERE ($businessDate IS NULL OR business_date = $businessDate)
         AND order_id BETWEEN $firstId AND $lastId
         AND ($state IS NULL OR state = $state OR coalesce(bucket, '${noBucket}') = $state)
         AND ($before IS NULL OR order_id < $before)
         AND ($search IS NULL OR instr(order_id, $search) > 0 OR amount_fen = $amountFen)
       ORDER BY order_id DESC LIMIT $limit`,
      {
        businessDate: filter.businessDate ?? null,
        ...idsOfDay(filter.businessDate),
        state: filter.state ?? null,
        before: filter.before ?? null,
        search: search === '' ? null : search,
        amountFen: amountFenOf(search),
        limit: Math.min(filter.limit, ordersListMax),
      },
    )
    .map(stored);
}

const hourMs = 3_600_000;

/**
 * The order ids that a business day can have: ids begin with their time, so no index by date is needed. The range is
 * generous (the cut-over hour may move, a sale may begin just before the hour); the date itself still decides.
 */
export function idsOfDay(businessDate: string | undefined): {
  readonly firstId: string;
  readonly lastId: string;
} {
  const everything = { firstId: 'ord_', lastId: 'ord_~' };
  if (businessDate === undefined) return everything;
  const startMs = Date.parse(`${businessDate}T00:00:00Z`) - shanghaiOffsetMs;
  if (!(startMs >= hourMs)) return everything;
  return { firstId: idAt(startMs - hourMs), lastId: idAt(startMs + (24 + 12 + 1) * hourMs) };
}

const idAt = (atMs: number): string =>
  newId('ord', {
    clock: { nowMs: () => atMs, monotonicMs: () => 0 },
    random: { bytes: (count) => new Uint8Array(count), unit: () => 0 },
  });

/** "12.5", "12.50" and "12" as fen; -1, which no order has, for anything else. */
function amountFenOf(search: string): number {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(search);
  return match ? Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0')) : -1;
}

const stored = (row: Row): StoredOrder => ({
  order: JSON.parse(row.detail) as Order,
  claimToken: row.claim_token,
  reservationId: row.reservation_id ?? undefined,
  changedAtMs: row.changed_at_ms,
  lastPosition: row.last_position,
});
