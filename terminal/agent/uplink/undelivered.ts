import type { OrderStateName } from '#shared/order/order.ts';
import { tallyBucket } from '#shared/order/order-machine.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';
import { getMetaNumber, setMeta } from '#terminal/agent/journal/meta.ts';

/**
 * What the cloud does not have. Two parts: entries after the acknowledged position, which are on their way, and orders
 * with entries that the cloud refused to take, which stay here until people have dealt with them.
 */
const acked = (read: ReadHandle): number => getMetaNumber(read, 'acked-position');
/** The same inside a question: one instead of two. */
const ackedHere = `coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'acked-position'), 0)`;

/** An entry's order; NULL when it has none, or when its text is damaged. */
const orderIdOfEntry = `CASE WHEN json_valid(body) THEN json_extract(body, '$.orderId') END`;

/** How many orders the cloud does not have, and how much turnover is in them: what was given up is none. */
export const undelivered = (
  read: ReadHandle,
): { readonly count: number; readonly sumFen: number } => {
  const byState = read.all<{ state: OrderStateName; count: number; sumFen: number }>(
    `SELECT state, count(*) AS count, coalesce(sum(amount_fen), 0) AS sumFen FROM orders
     WHERE order_id IN (
       SELECT ${orderIdOfEntry} FROM entry WHERE position > ${ackedHere}
       UNION SELECT order_id FROM refused_orders
     ) GROUP BY state`,
  );
  const turnover = byState.filter(({ state }) => tallyBucket(state) !== undefined);
  return {
    count: byState.reduce((sum, { count }) => sum + count, 0),
    sumFen: turnover.reduce((sum, { sumFen }) => sum + sumFen, 0),
  };
};

/** Does the cloud have everything about this order? */
export const isDelivered = (
  read: ReadHandle,
  stored: { readonly order: { readonly orderId: string }; readonly lastPosition: number },
): boolean =>
  stored.lastPosition <= acked(read) &&
  read.one('SELECT 1 FROM refused_orders WHERE order_id = $orderId', {
    orderId: stored.order.orderId,
  }) === undefined;

/** Accepted offline and not yet in the cloud's hands. */
export const undeliveredOffline = (
  read: ReadHandle,
): { readonly count: number; readonly sumFen: number } =>
  read.one<{ count: number; sumFen: number }>(
    `SELECT count(*) AS count, coalesce(sum(amount_fen), 0) AS sumFen FROM offline_usage
     WHERE position > ${ackedHere} OR order_id IN (SELECT order_id FROM refused_orders)`,
  ) ?? { count: 0, sumFen: 0 };

export interface RefusedOrder {
  readonly orderId: string;
  readonly code: string;
  readonly amountFen: number;
  /** When the cloud refused, wall milliseconds. */
  readonly sinceMs: number;
}

/** The most refused orders that are listed; all are counted. */
const refusedListMax = 200;

/** Orders that the cloud refused to take and that nobody has dealt with, newest first. */
export const refusedOrders = (read: ReadHandle): readonly RefusedOrder[] =>
  read.all<RefusedOrder>(
    `SELECT order_id AS orderId, code, coalesce(amount_fen, 0) AS amountFen, since_ms AS sinceMs
     FROM refused_orders LEFT JOIN orders USING (order_id)
     WHERE NOT EXISTS (SELECT 1 FROM resolved WHERE row_key = 'refused:' || order_id)
     ORDER BY since_ms DESC, order_id DESC LIMIT ${refusedListMax}`,
  );

/** When the oldest thing that the cloud does not have was written, wall milliseconds; null when it has everything. */
export const oldestUndeliveredMs = (read: ReadHandle): number | null =>
  read.one<{ oldestMs: number | null }>(
    `SELECT min(ms) AS oldestMs FROM (
       SELECT wall_ms AS ms FROM entry WHERE position = ${ackedHere} + 1
       UNION ALL SELECT opened_at_ms FROM orders JOIN refused_orders USING (order_id)
     )`,
  )?.oldestMs ?? null;

/**
 * The cloud takes nothing of this epoch from `fromPosition` on. What lies there is written down as refused and the
 * acknowledged position moves to the end of the epoch; a newer epoch must have begun, or sales would fall in here.
 */
export function giveUpEpoch(
  tx: WriteHandle,
  refused: {
    readonly epoch: string;
    readonly fromPosition: number;
    readonly code: string;
    readonly sinceMs: number;
  },
): void {
  const { fromPosition, code, sinceMs } = refused;
  const lastPosition =
    tx.one<{ last: number | null }>(
      'SELECT max(position) AS last FROM entry JOIN epoch USING (epoch_no) WHERE epoch = $epoch',
      { epoch: refused.epoch },
    )?.last ?? 0;
  tx.run(
    `INSERT OR IGNORE INTO refused_orders (order_id, code, since_ms)
     SELECT orderId, $code, $sinceMs FROM (
       SELECT ${orderIdOfEntry} AS orderId FROM entry
         WHERE position BETWEEN $fromPosition AND $lastPosition
       UNION SELECT order_id FROM orders WHERE last_position BETWEEN $fromPosition AND $lastPosition
     ) WHERE orderId IS NOT NULL`,
    { code, sinceMs, fromPosition, lastPosition },
  );
  setMeta(tx, 'acked-position', String(Math.max(lastPosition, acked(tx))));
}
