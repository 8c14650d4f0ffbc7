-- Orders are looked up by their whole key, thousands at a time. While a table has no statistics yet (a new cloud, a
-- first flood of orders) the planner takes any index that begins with some of the key's columns for as good as the
-- primary key, and then reads all orders of a shop for each one. So an index for a day only serves statements that
-- name a day: its predicate follows from "business_date = ..." and from nothing in a lookup by key.
drop index customer_order_by_day;
create index customer_order_by_day on customer_order (operator_id, merchant_id, business_date)
  where business_date is not null;
drop index settlement_line_by_day;
create index settlement_line_by_day on settlement_line (operator_id, merchant_id, business_date)
  where business_date is not null;
drop index settlement_line_by_ledger_date;
create index settlement_line_by_ledger_date on settlement_line (operator_id, ledger_date, merchant_id)
  where ledger_date is not null;

-- Claims are found in order_claim.
drop index customer_order_by_claim;
