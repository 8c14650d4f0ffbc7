-- Orders as they follow from the journals, by the same pure machine as on the till.
create table customer_order (
  operator_id text not null,
  merchant_id text not null,
  order_id text not null,
  terminal_id text not null,
  epoch text not null,
  state text not null,
  amount_fen bigint not null,
  voucher_fen bigint not null,
  business_date text not null,
  member_id text,
  -- SHA-256 of the receipt's claim token, hex.
  claim_hash text,
  reservation_id text,
  -- The folded order (shared/order/order.ts), for the next fact.
  folded jsonb not null,
  updated_at_ms bigint not null,
  primary key (operator_id, merchant_id, order_id)
);
create index customer_order_by_claim on customer_order (operator_id, claim_hash);
create index customer_order_by_day on customer_order (operator_id, merchant_id, business_date);
