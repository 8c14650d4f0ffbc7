-- What the daily run gave back, by accounting day; later runs of the same day add what they still find.
create table daily_run (
  operator_id text not null,
  day date not null,
  expired_vouchers bigint not null check (expired_vouchers >= 0),
  back_to_fund_fen bigint not null check (back_to_fund_fen >= 0),
  lapsed_lots bigint not null check (lapsed_lots >= 0),
  primary key (operator_id, day)
);
