-- A third verdict about a charge paid beside other money: the other money went back at the till, all of it, and what the channel
-- took is what was paid.
alter table paid_twice drop constraint paid_twice_verdict_check;
alter table paid_twice add constraint paid_twice_verdict_check
  check (verdict in ('give-back', 'keep', 'keep-refunded'));
-- What had gone back of the other money when the two people decided, in fen, as far as the cloud knew. Null: decided before this
-- was written down.
alter table paid_twice add column back_fen bigint check (back_fen >= 0);
