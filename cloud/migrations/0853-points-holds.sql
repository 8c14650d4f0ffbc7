-- Points that wait for people. The money of the sale goes its way: only points and vouchers are held.
create table points_hold (
  operator_id text not null,
  order_id text not null,
  merchant_id text not null,
  -- Which rules, and the numbers they saw.
  reasons jsonb not null,
  held_on date not null,
  state text not null default 'held' check (state in ('held', 'released', 'refused')),
  decided_by text,
  decided_note text,
  decided_at_ms bigint,
  primary key (operator_id, order_id),
  check ((state = 'held') = (decided_by is null and decided_note is null and decided_at_ms is null))
);
create index points_hold_open on points_hold (operator_id, held_on) where state = 'held';

-- One operator's numbers; without a row the defaults of cloud/review/velocity-rules.ts hold. Every version is kept.
create table velocity_rules (
  operator_id text not null,
  version integer not null,
  rules jsonb not null,
  changed_by text not null,
  changed_at_ms bigint not null,
  primary key (operator_id, version)
);
create trigger velocity_rules_append_only before update or delete or truncate on velocity_rules
  for each statement execute function points_refuse_change();

-- Shops of whose takings few members make too much, looked at once a day.
create table velocity_day (
  operator_id text not null,
  day date not null,
  primary key (operator_id, day)
);
create table velocity_shop (
  operator_id text not null,
  day date not null,
  merchant_id text not null,
  order_count bigint not null,
  net_fen bigint not null,
  top_fen bigint not null,
  top_members text[] not null check (cardinality(top_members) <= 20),
  primary key (operator_id, day, merchant_id)
);

-- A shop whose takings of a month are vouchers to more than the rule's share takes no more of them until somebody looked.
create table voucher_review (
  operator_id text not null,
  merchant_id text not null,
  month text not null check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  amount_fen bigint not null,
  voucher_fen bigint not null,
  held_at_ms bigint not null,
  state text not null default 'held' check (state in ('held', 'allowed', 'refused')),
  decided_by text,
  decided_note text,
  decided_at_ms bigint,
  primary key (operator_id, merchant_id, month),
  check ((state = 'held') = (decided_by is null and decided_note is null and decided_at_ms is null))
);
