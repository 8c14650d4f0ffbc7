-- Every edition of the caps that was signed, so that a sale is judged by the one in force when it was taken.
create table offline_caps_edition (
  operator_id text not null references operator,
  version integer not null,
  caps jsonb not null,
  since_ms bigint not null,
  primary key (operator_id, version)
);

-- When each terminal was in touch: heartbeats that follow each other are one row. It proves how long a till was away.
create table terminal_contact (
  operator_id text not null,
  terminal_id text not null,
  from_ms bigint not null,
  until_ms bigint not null check (until_ms >= from_ms),
  primary key (operator_id, terminal_id, from_ms),
  foreign key (operator_id, terminal_id) references terminal
);

alter table offline_settlement
  -- By which caps the till took it; null: from before they were kept.
  add column caps_version integer,
  -- Its entry in the terminal's journal, and when that came.
  add column epoch text,
  add column seq bigint,
  add column received_at_ms bigint,
  -- False: the till wrote its own clock's time only.
  add column time_trusted boolean not null default false,
  -- What the phone counted; 0: the bearer form.
  add column counter integer not null default 0,
  -- The first cap it went over; null: inside, or not judged.
  add column over_caps text,
  -- Who bears what was lost, what of it the platform paid the merchant, and the other sale that proves it.
  add column bearer_party text check (bearer_party in ('member', 'platform', 'merchant')),
  add column covered_fen bigint not null default 0 check (covered_fen between 0 and amount_fen),
  add column rival_order_id text,
  add check (bearer_party is not null or covered_fen = 0),
  add check (bearer_party is null or state in ('debit-failed', 'duplicate'));
create index offline_settlement_by_terminal on offline_settlement (operator_id, terminal_id, accepted_at_ms);
create index offline_settlement_by_certificate on offline_settlement (operator_id, certificate_id);

-- Which caps a till had put into force: few entries among many.
create index journal_entry_caps on journal_entry (operator_id, terminal_id, epoch, seq)
  where type = 'caps.applied';
