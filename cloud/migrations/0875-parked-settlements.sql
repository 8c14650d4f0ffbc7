-- Why the settlement of an offline sale, or the booking of what was lost with it, does not go on; null: nothing is in its way.
alter table offline_settlement
  add column parked_reason text check (length(parked_reason) <= 500);
create index offline_settlement_parked on offline_settlement (operator_id, merchant_id)
  where parked_reason is not null;
