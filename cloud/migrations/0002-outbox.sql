-- Effects that leave the transaction: written with it, done at least once, in order of due time.
create table outbox (
  operator_id text not null,
  topic text not null,
  -- The sender's own key of the effect: the same effect is enqueued once.
  effect_key text not null,
  payload jsonb not null,
  due_at_ms bigint not null,
  attempts integer not null default 0,
  state text not null default 'waiting' check (state in ('waiting', 'parked')),
  last_error text,
  created_at_ms bigint not null,
  primary key (operator_id, topic, effect_key)
);
create index outbox_due on outbox (due_at_ms) where state = 'waiting';
