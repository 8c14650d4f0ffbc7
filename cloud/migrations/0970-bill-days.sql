-- A channel's day may turn before midnight (UnionPay's at 23:00): its bill begins and ends so many milliseconds earlier.
alter table bill add column day_turns_before_ms integer not null default 0
  check (day_turns_before_ms between 0 and 86399999);
