-- Sales that look unlike others are held for review: the payer has paid and the till goes on, but the sale becomes final
-- (reserve, points, shares) only after somebody looked.

-- One operator's rules; without a row the defaults of cloud/review/review-rules.ts hold.
create table review_rules (
  operator_id text primary key references operator,
  rules jsonb not null,
  changed_by text not null,
  changed_at_ms bigint not null
);

create table review_hold (
  operator_id text not null,
  merchant_id text not null,
  order_id text not null,
  -- Which rules, and the numbers they saw.
  reasons jsonb not null,
  held_at_ms bigint not null,
  state text not null check (state in ('held', 'released')),
  released_by text,
  released_note text,
  released_at_ms bigint,
  primary key (operator_id, merchant_id, order_id),
  check ((state = 'released') = (released_by is not null and released_note is not null
                                 and released_at_ms is not null))
);
create index review_hold_open on review_hold (operator_id, merchant_id, held_at_ms)
  where state = 'held';

-- From which networks a terminal's sales came: the first 16 bits of the address, for a terminal that moved.
create table terminal_network (
  operator_id text not null,
  terminal_id text not null,
  network text not null,
  sale_count bigint not null,
  last_at_ms bigint not null,
  primary key (operator_id, terminal_id, network)
);

alter table payment_attempt
  add column network text,
  -- Keyed hash of the payer's id at the channel; known when the money is there.
  add column payer_hash text;
create index payment_attempt_recent on payment_attempt (operator_id, merchant_id, submitted_at_ms);
