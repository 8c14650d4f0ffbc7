-- Taking money. Amounts in fen, times in ms since 1970. No column ever holds a payment code.

create table merchant_channel (
  operator_id text not null,
  merchant_id text not null,
  channel text not null,
  -- The merchant's number at the channel.
  channel_merchant_no text not null,
  wallets text[] not null,
  -- The lowest number is tried first.
  priority integer not null,
  per_txn_max_fen bigint not null check (per_txn_max_fen > 0),
  day_quota_fen bigint not null check (day_quota_fen > 0),
  enabled boolean not null default true,
  primary key (operator_id, merchant_id, channel)
);

-- What is promised and what is used of a merchant's day quota. One row per bucket, so that a reservation is one update.
create table channel_quota_day (
  operator_id text not null,
  merchant_id text not null,
  channel text not null,
  quota_date date not null,
  reserved_fen bigint not null check (reserved_fen >= 0),
  used_fen bigint not null check (used_fen >= 0),
  primary key (operator_id, merchant_id, channel, quota_date)
);

create table payment_attempt (
  operator_id text not null,
  order_id text not null,
  attempt integer not null check (attempt between 1 and 99),
  -- charge: a scanned code; withhold: a debit for a sale accepted offline.
  kind text not null check (kind in ('charge', 'withhold')),
  merchant_id text not null,
  terminal_id text not null,
  channel text not null,
  channel_merchant_no text not null,
  out_trade_no text not null,
  wallet text check (wallet in ('wechat', 'alipay', 'unionpay')),
  amount_fen bigint not null check (amount_fen > 0),
  voucher_fen bigint not null check (voucher_fen >= 0 and voucher_fen < amount_fen),
  reservation_id text,
  concession_bp integer not null,
  business_date date not null,
  cashier text not null,
  member_id text,
  claim_hash text,
  opened_at_ms bigint not null,
  -- Keyed hash of the request as it was sent: the same number with other content is refused.
  content_hash text not null,
  -- Why this channel: every candidate with its reason.
  route jsonb not null,
  quota_date date not null,
  status text not null check (status in ('submitting', 'waiting-payer', 'unknown', 'reversing',
    'paid', 'failed', 'reversed', 'refunded-late')),
  -- At most one attempt of an order is in flight; given up for good when it ends, also if money is found later.
  in_flight boolean not null,
  submitted_at_ms bigint not null,
  cancel_wanted boolean not null,
  found_paid boolean not null,
  fruitless_tries integer not null,
  next_step text check (next_step in ('query', 'reverse', 'refund')),
  next_at_ms bigint,
  lease_until_ms bigint not null,
  code text,
  channel_ref text,
  paid_at_ms bigint,
  settled_at_ms bigint,
  -- Parked: the money is there, the books refused it; people look at book_error.
  book_state text not null default 'none' check (book_state in ('none', 'booked', 'parked')),
  book_error text,
  primary key (operator_id, order_id, attempt),
  unique (operator_id, channel, out_trade_no),
  check ((next_step is null) = (status in ('paid', 'failed', 'reversed', 'refunded-late'))),
  check ((next_step is null) = (next_at_ms is null)),
  check (status <> 'paid' or (channel_ref is not null and paid_at_ms is not null))
);
create unique index payment_attempt_in_flight on payment_attempt (operator_id, order_id)
  where in_flight;
create unique index payment_attempt_paid_once on payment_attempt (operator_id, order_id)
  where status = 'paid';
create index payment_attempt_due on payment_attempt (next_at_ms) where next_step is not null;
create index payment_attempt_parked on payment_attempt (operator_id, submitted_at_ms)
  where book_state = 'parked';

-- Every call to a channel: the row stands before the first byte leaves, the answer is added when it comes.
create table payment_call (
  operator_id text not null,
  order_id text not null,
  attempt integer not null,
  call_no integer not null,
  kind text not null check (kind in ('charge', 'withhold', 'query', 'reverse', 'refund')),
  sent_at_ms bigint not null,
  answered_at_ms bigint,
  request_digest text,
  http_status integer,
  raw_answer text,
  signature text check (signature in ('valid', 'invalid', 'missing', 'no-answer')),
  outcome text,
  primary key (operator_id, order_id, attempt, call_no)
);

-- A bearer member code is good for one order.
create table member_certificate_use (
  operator_id text not null,
  certificate_id text not null,
  order_id text not null,
  used_at_ms bigint not null,
  primary key (operator_id, certificate_id)
);

-- Member codes that must not be settled any more (a lost phone), for the cloud and for the tills' lists.
create table member_certificate_revoked (
  operator_id text not null,
  certificate_id text not null,
  reason text not null,
  revoked_at_ms bigint not null,
  primary key (operator_id, certificate_id)
);

-- Sales that a till accepted offline against a signed member code, on their way to money.
create table offline_settlement (
  operator_id text not null,
  order_id text not null,
  merchant_id text not null,
  terminal_id text not null,
  member_id text not null,
  certificate_id text not null,
  -- The digits of the member code: the evidence. Single use, past its time, worthless to a reader.
  member_code text not null,
  amount_fen bigint not null check (amount_fen > 0),
  concession_bp integer not null,
  business_date date not null,
  cashier text not null,
  claim_hash text,
  accepted_at_ms bigint not null,
  state text not null check (state in ('queued', 'debiting', 'settled', 'debit-failed', 'duplicate')),
  voucher_fen bigint not null default 0,
  debit_fen bigint not null default 0,
  reservation_id text,
  debit_attempt integer not null default 0,
  next_at_ms bigint,
  code text,
  settled_at_ms bigint,
  primary key (operator_id, order_id)
);
create index offline_settlement_due on offline_settlement (next_at_ms) where state = 'queued';
create index offline_settlement_exceptions on offline_settlement (operator_id, merchant_id, accepted_at_ms)
  where state in ('debit-failed', 'duplicate');
