-- What channels are told to do with money that they hold: split, release, subsidise, pay out, give back. The platform holds
-- none of it. A row is written in the transaction of the decision it carries out; a worker sends it after the commit.

-- How an operator settles by a channel. Without a row nothing is instructed there, and the statement says so.
create table channel_settlement (
  operator_id text not null,
  channel text not null,
  splits boolean not null,
  subsidises boolean not null,
  pays_out boolean not null,
  -- The platform's own account at the channel and its full name: the receiver of the concession.
  platform_account text not null check (length(platform_account) between 1 and 64),
  platform_name text not null check (length(platform_name) between 1 and 100),
  -- The channel's rules, from its profile. Milliseconds after the payment; basis points of the order.
  split_not_before_ms bigint not null check (split_not_before_ms >= 0),
  frozen_max_ms bigint not null check (frozen_max_ms > 0),
  others_max_bp integer not null check (others_max_bp between 0 and 10000),
  primary key (operator_id, channel)
);

create table channel_instruction (
  operator_id text not null,
  -- The number at the channel; never used for another content.
  instruction_no text not null check (length(instruction_no) between 1 and 64),
  -- Null: the operator's own book (payouts).
  merchant_id text,
  kind text not null check (kind in ('subsidy', 'same-day', 'concession', 'release', 'payout',
    'split-return', 'subsidy-return')),
  -- Of one order, what has a lower step comes first.
  step smallint not null,
  channel text not null,
  amount_fen bigint not null check (amount_fen > 0),
  -- The order, as the channel knows it.
  order_id text,
  channel_merchant_no text,
  out_trade_no text,
  channel_ref text,
  -- Of a split or payout: who gets it. Of a return: from whom.
  payee text,
  payee_name text,
  -- Of a return: the number that it takes back from.
  of_instruction_no text,
  state text not null check (state in ('ready', 'open', 'done', 'failed', 'cancelled')),
  -- ready: no byte has left. open: it may have.
  next_step text check (next_step in ('send', 'query')),
  next_at_ms bigint,
  lease_until_ms bigint not null default 0,
  sends integer not null default 0,
  fruitless_tries integer not null default 0,
  -- A repeated sending was refused; the number must be unknown to the channel as well before that is final.
  refused_code text,
  code text,
  ref text,
  created_at_ms bigint not null,
  sent_at_ms bigint,
  ended_at_ms bigint,
  -- After this the channel gives what is frozen to the merchant by itself.
  freeze_lapses_at_ms bigint,
  -- The instruction that replaces this failed or cancelled one.
  replaced_by text,
  primary key (operator_id, instruction_no),
  check ((next_at_ms is not null) = (state in ('ready', 'open'))),
  check ((next_at_ms is null) = (next_step is null)),
  check ((ended_at_ms is not null) = (state in ('done', 'failed', 'cancelled'))),
  check (kind = 'payout' or (merchant_id is not null and order_id is not null)),
  check (kind <> 'payout' or payee is not null)
);
create index channel_instruction_due on channel_instruction (operator_id, next_at_ms)
  where next_at_ms is not null;
create index channel_instruction_by_order on channel_instruction (operator_id, order_id, step);
create index channel_instruction_failed on channel_instruction (operator_id, ended_at_ms)
  where state = 'failed' and replaced_by is null;

-- Every call: the row stands before the first byte leaves, the answer is added when it comes.
create table channel_instruction_call (
  operator_id text not null,
  instruction_no text not null,
  call_no integer not null,
  kind text not null check (kind in ('send', 'query', 'add-receiver')),
  sent_at_ms bigint not null,
  answered_at_ms bigint,
  request_digest text,
  http_status integer,
  raw_answer text,
  signature text check (signature in ('valid', 'invalid', 'missing', 'no-answer')),
  outcome text,
  primary key (operator_id, instruction_no, call_no)
);

-- Receivers that a merchant's account at a channel has been told of.
create table split_receiver (
  operator_id text not null,
  channel text not null,
  channel_merchant_no text not null,
  account text not null,
  primary key (operator_id, channel, channel_merchant_no, account)
);
