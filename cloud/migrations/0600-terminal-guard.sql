-- A terminal changes its key: the one before stays good for a while, so that a lost answer shuts nobody out.
alter table terminal
  -- When the key in force came; null: with the activation.
  add column key_since_ms bigint,
  add column previous_public_key text,
  add column previous_until_ms bigint,
  -- Somebody asked for a new key at this moment.
  add column key_wanted_at_ms bigint;

-- What is wrong with a terminal as a whole: one row for each kind and subject, however often it is seen.
create table terminal_alarm (
  operator_id text not null,
  terminal_id text not null,
  kind text not null check (kind in ('clone', 'epochs-exceeded', 'fork', 'quarantine-full', 'tail-lost')),
  -- The epoch that it is about.
  subject text not null,
  detail text not null,
  first_at_ms bigint not null,
  last_at_ms bigint not null,
  seen_count bigint not null default 1,
  primary key (operator_id, terminal_id, kind, subject),
  foreign key (operator_id, terminal_id) references terminal
);

-- The runs and epochs that spoke last, with the highest head each claimed; and how often an earlier one came back.
alter table terminal_heartbeat
  add column lanes jsonb not null default '[]',
  add column lane_returns integer not null default 0,
  add column lane_returned_at_ms bigint not null default 0;

-- When an epoch began to arrive, and the time span of its entries: spans of one terminal's epochs never overlap.
alter table journal_head
  add column begun_at_ms bigint not null default 0,
  add column first_hlc text not null default '',
  add column last_hlc text not null default '';

-- What every configuration of an operator shares (caps, keys), as one digest: when it changes, all are pulled anew.
create table config_basis (
  operator_id text primary key references operator,
  digest text not null
);
