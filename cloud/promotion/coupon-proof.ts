import { sql, type SQL } from 'drizzle-orm';

/** States of an order whose money is there: of a channel, in the drawer, on the box, or debited. */
const soldStates = sql`('paid', 'cash-recorded', 'pos-paid', 'settled')`;

/** What went back of the sale that a coupon `c` was printed after. */
const backFen = sql`(select coalesce(sum(r.amount_fen), 0) from order_refund r
  where r.operator_id = c.operator_id and r.merchant_id = c.merchant_id
    and r.order_id = c.printed_for and r.status in ('booking', 'done'))`;

/**
 * True of a coupon `c` (promo_coupon) after whose sale money came to the shop that printed it, and
 * is not all gone back: by the cloud's own book of charges, or by the order that the till's journal
 * told. A till's word alone proves nothing, and its silence neither: what went back of a charge is
 * in the cloud's books, whatever its journal says.
 */
export const isSaleProven: SQL = sql`(
  exists (select from payment_attempt a
           where a.operator_id = c.operator_id and a.order_id = c.printed_for
             and a.merchant_id = c.merchant_id and a.status = 'paid' and a.amount_fen > ${backFen})
  or exists (select from customer_order o
              where o.operator_id = c.operator_id and o.merchant_id = c.merchant_id
                and o.order_id = c.printed_for and o.state in ${soldStates}
                and o.amount_fen > ${backFen}))`;

/** True of a coupon `c` that was used for a sale whose money came to its issuer. */
export const isUseProven: SQL = sql`(
  exists (select from payment_attempt a
           where a.operator_id = c.operator_id and a.order_id = c.redeemed_for
             and a.merchant_id = c.issuer_id and a.status = 'paid')
  or exists (select from customer_order o
              where o.operator_id = c.operator_id and o.merchant_id = c.issuer_id
                and o.order_id = c.redeemed_for and o.state in ${soldStates}))`;
