import type { Statement, Tx } from '#cloud/platform/db.ts';
import { planned } from '#cloud/platform/planned.ts';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import { holdMs, type SettlementSplit } from '#cloud/settlement/settlement-split.ts';
import { basisPoints, type BasisPoints } from '#shared/money/rate.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

export interface SplitOrder {
  readonly order: PaidOrder;
  readonly split: SettlementSplit;
}

const merchantKey = (order: Pick<PaidOrder, 'operatorId' | 'merchantId'>): string =>
  `${order.operatorId}/${order.merchantId}`;

const sharesOf: Statement = {
  name: 'same-day-shares',
  text: `
    SELECT operator_id, merchant_id, same_day_bp FROM merchant
    JOIN unnest($1::text[], $2::text[]) AS i (operator_id, merchant_id)
      USING (operator_id, merchant_id)`,
};

/** The merchants' own same-day shares, by operator and merchant; one who set none is absent. */
export async function sameDayShares(
  tx: Tx,
  orders: readonly PaidOrder[],
): Promise<(order: PaidOrder) => BasisPoints | undefined> {
  const merchants = [...new Map(orders.map((order) => [merchantKey(order), order])).values()];
  const { rows } = await planned<Record<string, unknown>>(tx, sharesOf, [
    merchants.map((order) => order.operatorId),
    merchants.map((order) => order.merchantId),
  ]);
  const shares = new Map(
    rows.map((row) => [merchantKey(fromRow(row)), basisPoints(Number(row['same_day_bp']))]),
  );
  return (order) => shares.get(merchantKey(order));
}

/**
 * Writes the lines of orders that have none yet and answers those orders: the row is what makes an order's booking
 * happen exactly once. A concurrent booking of the same order waits here for the other one's outcome.
 */
export async function insertSettlementLines(
  tx: Tx,
  splits: readonly SplitOrder[],
): Promise<SplitOrder[]> {
  const rows = splits.map(({ order, split }) => ({
    operator_id: order.operatorId,
    merchant_id: order.merchantId,
    order_id: order.orderId,
    terminal_id: order.terminalId,
    source: order.source,
    channel: order.channel,
    business_date: order.businessDate,
    ledger_date: accountingDate(order.acceptedAtMs),
    paid_at_ms: order.paidAtMs,
    accepted_at_ms: order.acceptedAtMs,
    amount_fen: order.amountFen,
    voucher_fen: order.voucherFen,
    net_fen: order.netFen,
    concession_bp: order.concessionBp,
    concession_fen: split.concessionFen,
    same_day_fen: split.sameDayFen,
    reserve_fen: split.reserveFen,
    subsidy_fen: split.subsidyFen,
    due_at_ms: order.acceptedAtMs + holdMs,
    state: 'held',
    collected_fen: 0,
    refunded_fen: 0,
    refunded_net_fen: 0,
    returned_concession_fen: 0,
    returned_same_day_fen: 0,
    returned_reserve_fen: 0,
  }));
  const inserted = await planned<Record<string, unknown>>(tx, linesInsertion, [
    JSON.stringify(rows),
  ]);
  const isNew = new Set(
    inserted.rows.map((row) => `${merchantKey(fromRow(row))}/${String(row['order_id'])}`),
  );
  return splits.filter(({ order }) => isNew.has(`${merchantKey(order)}/${order.orderId}`));
}

const linesInsertion: Statement = {
  name: 'settlement-lines-insertion',
  text: `
    INSERT INTO settlement_line
    SELECT * FROM jsonb_populate_recordset(NULL::settlement_line, $1::jsonb)
    ORDER BY operator_id, merchant_id, order_id
    ON CONFLICT DO NOTHING
    RETURNING operator_id, merchant_id, order_id`,
};

export interface StoredOrders {
  /** Was this order booked before? */
  readonly has: (order: PaidOrder) => boolean;
  /** Of them, those whose stored line says something else: money, rate or source differ. */
  readonly contradicted: readonly string[];
}

/** Which of the orders have a settlement line already, and whether it says the same. */
export async function storedOrders(tx: Tx, orders: readonly PaidOrder[]): Promise<StoredOrders> {
  const given = orders.map((order) => ({
    operator_id: order.operatorId,
    merchant_id: order.merchantId,
    order_id: order.orderId,
    source: order.source,
    amount_fen: order.amountFen,
    voucher_fen: order.voucherFen,
    concession_bp: order.concessionBp,
  }));
  const { rows } = await planned<Record<string, unknown>>(tx, linesStored, [JSON.stringify(given)]);
  const known = new Set(
    rows.map((row) => `${merchantKey(fromRow(row))}/${String(row['order_id'])}`),
  );
  return {
    has: (order) => known.has(`${merchantKey(order)}/${order.orderId}`),
    contradicted: rows
      .filter((row) => row['differs'] === true)
      .map((row) => String(row['order_id'])),
  };
}

const linesStored: Statement = {
  name: 'settlement-lines-stored',
  // One by one by their keys: a join may be planned as one look over all lines that there are.
  text: `
    SELECT l.operator_id, l.merchant_id, l.order_id,
      (l.source, l.amount_fen, l.voucher_fen, l.concession_bp)
        IS DISTINCT FROM (g.source, g.amount_fen, g.voucher_fen, g.concession_bp) AS differs
    FROM jsonb_populate_recordset(NULL::settlement_line, $1::jsonb) g
    CROSS JOIN LATERAL (
      SELECT * FROM settlement_line l
       WHERE l.operator_id = g.operator_id AND l.merchant_id = g.merchant_id AND l.order_id = g.order_id
       LIMIT 1) l`,
};

const fromRow = (row: Record<string, unknown>): Pick<PaidOrder, 'operatorId' | 'merchantId'> => ({
  operatorId: row['operator_id'] as PaidOrder['operatorId'],
  merchantId: row['merchant_id'] as PaidOrder['merchantId'],
});
