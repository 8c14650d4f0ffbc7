-- A receiver whose shares have come to an end is taken off the merchant's account at the channel: asked for until that is
-- certain. leaving: a request may have left. gone: it is certain. refused: the channel said no for good, people look.
alter table split_receiver
  add column state text not null default 'bound' check (state in ('bound', 'leaving', 'gone', 'refused')),
  -- How often it was removed: bound anew, it is another relation.
  add column round integer not null default 0 check (round >= 0),
  add column sends integer not null default 0,
  add column fruitless_tries integer not null default 0,
  add column refused_code text,
  add column code text,
  add column next_at_ms bigint,
  add column lease_until_ms bigint not null default 0,
  add column leaving_since_ms bigint,
  add column ended_at_ms bigint,
  add check ((next_at_ms is not null) = (state = 'leaving')),
  add check ((leaving_since_ms is null) = (state = 'bound')),
  add check ((ended_at_ms is not null) = (state in ('gone', 'refused')));
create index split_receiver_leaving on split_receiver (operator_id, next_at_ms) where next_at_ms is not null;

-- Every call: the row stands before the first byte leaves, the answer is added when it comes.
create table split_receiver_call (
  operator_id text not null,
  channel text not null,
  channel_merchant_no text not null,
  account text not null,
  call_no integer not null,
  sent_at_ms bigint not null,
  answered_at_ms bigint,
  request_digest text,
  http_status integer,
  raw_answer text,
  signature text check (signature in ('valid', 'invalid', 'missing', 'no-answer')),
  outcome text,
  primary key (operator_id, channel, channel_merchant_no, account, call_no)
);
