-- What channels told us unasked: one row per event, however often it came. Only verified notifies get here, so nobody
-- but a channel can make this table grow.
create table channel_notify (
  operator_id text not null,
  -- The account it came for: the name that stands in merchant_channel.
  channel text not null,
  -- The channel's own number of the event: a repetition bears the same.
  event_id text not null,
  -- Whom it is about; null where we know no such number.
  merchant_id text,
  order_id text,
  attempt integer,
  kind text not null check (kind in ('payment', 'refund', 'split', 'payout', 'echo', 'other')),
  -- Our number of the order or instruction; '' where it names none.
  out_no text not null,
  -- SHA-256 of the body that came first, and what it says in neutral words.
  digest text not null check (length(digest) = 64),
  said text not null,
  first_at_ms bigint not null,
  last_at_ms bigint not null,
  seen_count integer not null default 1,
  -- taken: it moved the attempt. hurried: what is open is asked about at once. no-news: it says what we know.
  -- asking: it tells of money behind an end; queries decide. finding: people look.
  verdict text not null check (verdict in ('taken', 'hurried', 'no-news', 'asking', 'finding')),
  finding text check (finding in ('number-unknown', 'order-mismatch', 'reference-mismatch', 'not-confirmed')),
  ask_at_ms bigint,
  asks integer not null default 0,
  -- Who looked at a finding, and what he found.
  closed_by text,
  closed_note text,
  closed_at_ms bigint,
  primary key (operator_id, channel, event_id),
  check ((verdict = 'finding') = (finding is not null)),
  check ((verdict = 'asking') = (ask_at_ms is not null)),
  check (closed_at_ms is null or verdict = 'finding')
);
create index channel_notify_asking on channel_notify (ask_at_ms) where verdict = 'asking';
create index channel_notify_findings on channel_notify (operator_id, first_at_ms)
  where verdict = 'finding' and closed_at_ms is null;

-- A refund's notify names it by its number at the channel.
create index order_refund_by_number on order_refund (operator_id, out_refund_no)
  where out_refund_no is not null;
