-- Attempts are looked up by their order, and a plan that a connection made while the table was small holds for as long as
-- the connection lives. To such a plan every index that begins with the operator looks as good as the primary key, and
-- then it reads all attempts of the operator for one charge. So, as in 0430, an index for something else than the order
-- carries a predicate that follows only from statements that name this something else.

-- By the channel's name of it: from nothing but "out_trade_no = ...".
alter table payment_attempt drop constraint payment_attempt_operator_id_channel_out_trade_no_key;
create unique index payment_attempt_by_number on payment_attempt (operator_id, channel, out_trade_no)
  where out_trade_no is not null;

-- An hour of a shop was read for each sale that the rules of review look at. Now what the same payer paid there, and what
-- the same amount was paid at the terminal, and from nothing but a span of submitted_at_ms.
drop index payment_attempt_recent;
create index payment_attempt_by_payer on payment_attempt
    (operator_id, merchant_id, payer_hash, submitted_at_ms)
  where status = 'paid' and payer_hash is not null and submitted_at_ms is not null;
create index payment_attempt_by_amount on payment_attempt
    (operator_id, terminal_id, amount_fen, submitted_at_ms)
  where status = 'paid' and submitted_at_ms is not null;
-- What went back by itself, the latest first: few of a shop's attempts.
create index payment_attempt_went_back on payment_attempt (operator_id, merchant_id, settled_at_ms)
  where status = 'refunded-late';

-- The sales and refunds of a shop's last week, out of all that it ever had.
create index channel_quota_day_by_date on channel_quota_day (operator_id, merchant_id, quota_date);
create index order_refund_by_asked on order_refund (operator_id, merchant_id, asked_at_ms)
  where asked_at_ms is not null;
