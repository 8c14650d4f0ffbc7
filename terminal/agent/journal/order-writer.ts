import type { OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import { tallyBucket } from '#shared/order/order-machine.ts';
import type { SqlList, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { findOrder, type StoredOrder } from '#terminal/agent/journal/order-rows.ts';

/** Orders within one transaction: each is read once and written once, however many facts are about it. */
export interface OrderWriter {
  readonly find: (orderId: OrderId) => StoredOrder | undefined;
  readonly put: (stored: StoredOrder) => void;
  /** Writes what was put, before the transaction ends. */
  readonly flush: () => void;
}

export function createOrderWriter(tx: WriteHandle): OrderWriter {
  const changed = new Map<OrderId, StoredOrder>();
  return {
    find: (orderId) => changed.get(orderId) ?? findOrder(tx, orderId),
    put: (stored) => void changed.set(stored.order.orderId, stored),
    flush: () => {
      for (const stored of changed.values()) tx.run(upsert, rowOf(stored));
      changed.clear();
    },
  };
}

const upsert = `
  INSERT INTO orders (order_id, business_date, state, bucket, amount_fen, voucher_fen, opened_at_ms,
    changed_at_ms, claim_token, reservation_id, detail, last_position)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, bucket = excluded.bucket,
    voucher_fen = excluded.voucher_fen, changed_at_ms = excluded.changed_at_ms,
    detail = excluded.detail, last_position = excluded.last_position`;

/** In the order of the columns. */
const rowOf = ({ order, ...stored }: StoredOrder): SqlList => [
  order.orderId,
  order.businessDate,
  order.state,
  tallyBucket(order.state) ?? null,
  order.amountFen,
  order.voucherFen,
  order.openedAtMs,
  stored.changedAtMs,
  stored.claimToken,
  stored.reservationId ?? null,
  detailOf(order),
  stored.lastPosition,
];

/** Keys in one order: the same order has the same text, however it came to be. */
function detailOf(order: Order): string {
  const sorted: Record<string, unknown> = {};
  const values: Readonly<Record<string, unknown>> = { ...order };
  for (const key of Object.keys(values).toSorted()) sorted[key] = values[key];
  return JSON.stringify(sorted);
}
