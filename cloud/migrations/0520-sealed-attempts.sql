-- Attempts that were cancelled before they arrived: whatever still brings one of these numbers is refused.
create table sealed_attempt (
  operator_id text not null,
  order_id text not null,
  attempt integer not null check (attempt between 1 and 99),
  merchant_id text not null,
  terminal_id text not null,
  sealed_at_ms bigint not null,
  primary key (operator_id, order_id, attempt, terminal_id)
);
