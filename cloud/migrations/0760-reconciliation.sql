-- Reconciliation with the channels' bills (对账). Amounts in fen, times in ms since 1970, days are Shanghai days.
-- operator_id leads every key. A bill is never overwritten: another file for the same day is its next version.

create table bill (
  operator_id text not null,
  bill_no bigint not null,
  channel text not null,
  -- Whose bill it is: the merchant's number at the channel, or '' for the whole account.
  account text not null,
  bill_date date not null,
  version integer not null check (version >= 1),
  -- SHA-256 of its lines in neutral words, hex: the same bill packed anew is the same bill.
  digest text not null check (length(digest) = 64),
  row_count integer not null check (row_count >= 0),
  imported_at_ms bigint not null,
  primary key (operator_id, bill_no),
  unique (operator_id, channel, account, bill_date, version),
  unique (operator_id, channel, account, bill_date, digest)
);

-- A line of a bill, and what our books said about it when it was read.
create table bill_row (
  operator_id text not null,
  bill_no bigint not null,
  row_no integer not null,
  kind text not null check (kind in ('paid', 'closed', 'refund', 'reversed')),
  out_trade_no text not null,
  out_refund_no text,
  channel_ref text not null,
  channel_merchant_no text not null,
  amount_fen bigint not null check (amount_fen >= 0),
  fee_fen bigint not null,
  at_ms bigint not null,
  -- The charge it belongs to; null when we never made it.
  merchant_id text,
  order_id text,
  attempt integer,
  refund_no integer,
  -- What the ledger held against it: positive came in, negative went back.
  our_fen bigint not null,
  -- Not simply "paid there and paid here": looked at again by itself.
  is_odd boolean not null,
  primary key (operator_id, bill_no, row_no)
);
create index bill_row_odd on bill_row (operator_id, bill_no, order_id) where is_odd;

-- Sums of one merchant on one bill; an empty merchant_id stands for merchants that are not ours.
create table bill_total (
  operator_id text not null,
  bill_no bigint not null,
  merchant_id text not null,
  paid_count integer not null,
  paid_fen bigint not null,
  back_count integer not null,
  back_fen bigint not null,
  fee_fen bigint not null,
  primary key (operator_id, bill_no, merchant_id)
);

-- A difference between a bill and the books, by what it is about: found again it is the same break.
create table bill_break (
  operator_id text not null,
  break_no bigint generated always as identity,
  channel text not null,
  class text not null check (class in ('bank-miss', 'platform-miss', 'short-by-status', 'short-by-amount',
    'long-by-status', 'long-by-amount', 'fee-mismatch', 'double', 'refund-miss')),
  -- out_trade_no, or out_refund_no for a refund; of a double followed by the second line's own number.
  subject text not null,
  bill_no bigint not null,
  account text not null,
  bill_date date not null,
  merchant_id text,
  order_id text,
  attempt integer,
  refund_no integer,
  -- Signed: in is positive, back is negative. The difference is what the bill has more than the books.
  bill_fen bigint not null,
  our_fen bigint not null,
  fee_fen bigint,
  expected_fee_fen bigint,
  state text not null check (state in ('waiting', 'open', 'explained', 'resolved')),
  owner text,
  found_at_ms bigint not null,
  opened_at_ms bigint,
  -- Two people: one proposes what moves money, another confirms it.
  proposed_how text check (proposed_how in ('correct-merchant', 'correct-platform', 'give-back')),
  proposed_by text,
  resolved_how text check (resolved_how in ('later-bill', 'books-follow', 'accepted', 'correct-merchant',
    'correct-platform', 'give-back')),
  resolved_at_ms bigint,
  primary key (operator_id, break_no),
  unique (operator_id, channel, class, subject),
  check ((state = 'resolved') = (resolved_how is not null and resolved_at_ms is not null)),
  check ((proposed_how is null) = (proposed_by is null))
);
create index bill_break_unsettled on bill_break (operator_id, break_no) where state <> 'resolved';
create index bill_break_by_bill on bill_break (operator_id, bill_no);

-- What became of a break, step by step.
create table bill_break_event (
  operator_id text not null,
  break_no bigint not null,
  event_no bigint generated always as identity,
  merchant_id text,
  what text not null,
  -- A person's name, or 'cloud'.
  who text not null,
  note text not null,
  at_ms bigint not null,
  primary key (operator_id, break_no, event_no)
);

-- Days a channel is asked for: who asks next waits until next_at_ms; null when the bill is there.
create table bill_fetch (
  operator_id text not null,
  channel text not null,
  account text not null,
  bill_date date not null,
  tries integer not null,
  next_at_ms bigint,
  code text,
  primary key (operator_id, channel, account, bill_date)
);

create function bill_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'bills are append only: % on % refused', tg_op, tg_table_name
    using errcode = 'integrity_constraint_violation';
end $$;
create trigger bill_append_only before update or delete or truncate on bill
  for each statement execute function bill_refuse_change();
create trigger bill_row_append_only before update or delete or truncate on bill_row
  for each statement execute function bill_refuse_change();
create trigger bill_total_append_only before update or delete or truncate on bill_total
  for each statement execute function bill_refuse_change();
create trigger bill_break_event_append_only before update or delete or truncate on bill_break_event
  for each statement execute function bill_refuse_change();
alter table bill enable always trigger bill_append_only;
alter table bill_row enable always trigger bill_row_append_only;
alter table bill_total enable always trigger bill_total_append_only;
alter table bill_break_event enable always trigger bill_break_event_append_only;

-- What was paid on a day, whatever became of it since; and what went back.
create index payment_attempt_by_paid_time on payment_attempt (operator_id, channel, paid_at_ms)
  where paid_at_ms is not null;
