-- A charge that was paid although its order had other money. Two people decide: its money goes back to the customer, or the
-- other money was never there and this one is the merchant's. One row for each that was decided about, kept for good.
create table paid_twice (
  operator_id text not null,
  merchant_id text not null,
  order_id text not null,
  attempt integer not null,
  verdict text not null check (verdict in ('give-back', 'keep')),
  -- What the channel took, in fen.
  amount_fen bigint not null check (amount_fen > 0),
  why text not null check (length(why) between 10 and 500),
  proposed_by text not null,
  agreed_by text not null,
  decided_at_ms bigint not null,
  -- When it was definite, and the state in which the charge ended. What is kept is definite at once. Given back and ended as
  -- paid: the channel would not, the customer was paid by hand, and what lies at the channel is the merchant's.
  ended_at_ms bigint,
  ended_as text check (ended_as in ('paid', 'failed', 'reversed', 'refunded-late')),
  primary key (operator_id, order_id, attempt),
  foreign key (operator_id, order_id, attempt) references payment_attempt,
  check ((ended_at_ms is null) = (ended_as is null)),
  check (verdict = 'give-back' or ended_as = 'paid')
);
create index paid_twice_of_merchant on paid_twice (operator_id, merchant_id, decided_at_ms);

-- Kept: paid, and in the books beside the sale that was booked in another way (paid_twice).
alter table payment_attempt drop constraint payment_attempt_book_state_check;
alter table payment_attempt add constraint payment_attempt_book_state_check
  check (book_state in ('none', 'booked', 'parked', 'kept'));

-- An attempt may be open for people again after they had decided about it: its money was found, or was sent back by hand.
drop index attempt_resolution_one_open;
create unique index attempt_resolution_one_open on attempt_resolution (operator_id, order_id, attempt)
  where state = 'proposed';
