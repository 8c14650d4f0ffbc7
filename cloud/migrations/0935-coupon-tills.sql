-- Which till a coupon was used at: a coupon whose sale never came about is good again once that till's journal is past it.
alter table promo_coupon add column redeemed_by text;
update promo_coupon c set redeemed_by = o.terminal_id from customer_order o
 where o.operator_id = c.operator_id and o.merchant_id = c.issuer_id and o.order_id = c.redeemed_for;
