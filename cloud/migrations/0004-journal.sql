-- The inbox: every entry as it came, durable before it is acknowledged, judged later.

create table journal_head (
  operator_id text not null,
  terminal_id text not null,
  epoch text not null,
  head_seq bigint not null,
  head_hash text not null,
  -- Entries up to here are folded into orders and their effects are booked.
  projected_seq bigint not null default 0,
  -- Steps that threw at the same place; the projection then goes one entry at a time.
  failures integer not null default 0,
  retry_at_ms bigint not null default 0,
  updated_at_ms bigint not null,
  primary key (operator_id, terminal_id, epoch),
  foreign key (operator_id, terminal_id) references terminal
);
create index journal_head_behind on journal_head (retry_at_ms) where projected_seq < head_seq;

-- Batches exactly as they came: one row, so that a backlog becomes durable before it is looked at.
create table journal_batch (
  operator_id text not null,
  terminal_id text not null,
  epoch text not null,
  -- The entries of this row that count; what the batch repeated before first_seq stands in an earlier row.
  first_seq bigint not null,
  last_seq bigint not null check (last_seq >= first_seq),
  -- gzip of the batch's JSON text. Compressed already: PostgreSQL must not try again.
  packed bytea not null,
  received_at_ms bigint not null,
  primary key (operator_id, terminal_id, epoch, first_seq)
);
alter table journal_batch alter column packed set storage external;

-- Single entries, unpacked by the projection in the transaction that consumes them.
create table journal_entry (
  operator_id text not null,
  terminal_id text not null,
  epoch text not null,
  seq bigint not null,
  hlc text not null,
  wall_ms bigint not null,
  type text not null,
  -- The JSON text exactly as hashed; never parsed and written again.
  body text not null,
  hash text not null,
  primary key (operator_id, terminal_id, epoch, seq)
);

-- Entries that people must look at, with the reason. They are acknowledged and never block what follows.
create table journal_parked (
  operator_id text not null,
  terminal_id text not null,
  epoch text not null,
  seq bigint not null,
  code text not null,
  detail text not null,
  parked_at_ms bigint not null,
  primary key (operator_id, terminal_id, epoch, seq)
);

-- Batches that contradict what is stored: a restored copy or a cloned terminal. Kept whole as evidence.
create table journal_quarantine (
  operator_id text not null,
  terminal_id text not null,
  epoch text not null,
  first_seq bigint not null,
  -- SHA-256 of the batch text: the same batch sent again is the same evidence.
  batch_hash text not null,
  fork_seq bigint not null,
  batch text not null,
  received_at_ms bigint not null,
  primary key (operator_id, terminal_id, epoch, first_seq, batch_hash)
);
