import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import type { KeptOrder } from '#cloud/orders/kept-order.ts';
import type { Tx } from '#cloud/platform/db.ts';

interface Row extends Record<string, unknown> {
  operator_id: OperatorId;
  merchant_id: MerchantId;
  terminal_id: TerminalId;
  epoch: string;
  folded: Order;
  claim_hash: string | null;
  reservation_id: string | null;
}

export interface OrderName {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly orderId: string;
}

/** The orders named, as they stand. One statement. */
export async function loadOrders(
  tx: Tx,
  names: readonly OrderName[],
): Promise<readonly KeptOrder[]> {
  if (names.length === 0) return [];
  const { rows } = await tx.execute<Row>(sql`
    select o.operator_id, o.merchant_id, o.terminal_id, o.epoch, o.folded, o.claim_hash,
           o.reservation_id
      from jsonb_to_recordset(${JSON.stringify(names)}::jsonb)
             as n("operatorId" text, "merchantId" text, "orderId" text)
      join customer_order o on o.operator_id = n."operatorId"
       and o.merchant_id = n."merchantId" and o.order_id = n."orderId"`);
  return rows.map((row) => ({
    stream: {
      operatorId: row.operator_id,
      merchantId: row.merchant_id,
      terminalId: row.terminal_id,
      epoch: row.epoch,
    },
    order: restored(row.folded),
    claimHash: row.claim_hash ?? undefined,
    reservationId: row.reservation_id ?? undefined,
  }));
}

/** JSON drops what is undefined; the type says the fields are always there. */
const restored = (order: Order): Order => ({
  ...order,
  memberId: order.memberId,
  tender: order.tender,
  reason: order.reason,
});

/** Writes changed orders. One statement. */
export async function saveOrders(
  tx: Tx,
  orders: readonly KeptOrder[],
  nowMs: number,
): Promise<void> {
  if (orders.length === 0) return;
  const rows = orders.map(({ stream, order, claimHash, reservationId }) => ({
    ...stream,
    orderId: order.orderId,
    state: order.state,
    amountFen: order.amountFen,
    voucherFen: order.voucherFen,
    businessDate: order.businessDate,
    memberId: order.memberId,
    claimHash,
    reservationId,
    folded: order,
  }));
  await tx.execute(sql`
    insert into customer_order (operator_id, merchant_id, order_id, terminal_id, epoch, state,
      amount_fen, voucher_fen, business_date, member_id, claim_hash, reservation_id, folded,
      updated_at_ms)
    select r."operatorId", r."merchantId", r."orderId", r."terminalId", r.epoch, r.state,
           r."amountFen", r."voucherFen", r."businessDate", r."memberId", r."claimHash",
           r."reservationId", r.folded, ${nowMs}::bigint
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r("operatorId" text, "merchantId" text, "orderId" text, "terminalId" text, epoch text,
             state text, "amountFen" bigint, "voucherFen" bigint, "businessDate" text,
             "memberId" text, "claimHash" text, "reservationId" text, folded jsonb)
    on conflict (operator_id, merchant_id, order_id) do update
      set state = excluded.state, amount_fen = excluded.amount_fen,
          voucher_fen = excluded.voucher_fen, member_id = excluded.member_id,
          folded = excluded.folded, updated_at_ms = excluded.updated_at_ms`);
}
