-- The nightly proofs and what they stop. A release hold stands until a person lifts it and says why: a restart, another
-- node or a proof that holds again the next night does not.
create table proof_run (
  operator_id text not null,
  ran_at_ms bigint not null,
  -- The accounting day on which it ran.
  day date not null,
  laws integer not null check (laws > 0),
  broken text[] not null,
  primary key (operator_id, ran_at_ms)
);
create index proof_run_by_day on proof_run (operator_id, day);
create trigger proof_run_append_only before update or delete or truncate on proof_run
  for each statement execute function ledger_refuse_change();

create table release_hold (
  operator_id text not null,
  hold_no integer not null check (hold_no >= 1),
  -- What is wrong, for example proof:balances-equal-entries; it is held once however often it is found.
  reason text not null check (length(reason) between 1 and 100),
  -- The first rows that break it.
  detail jsonb not null,
  raised_at_ms bigint not null,
  lifted_at_ms bigint,
  lifted_by text check (length(lifted_by) between 1 and 64),
  lifted_why text check (length(lifted_why) between 10 and 500),
  primary key (operator_id, hold_no),
  check ((lifted_at_ms is null) = (lifted_by is null) and (lifted_at_ms is null) = (lifted_why is null))
);
create unique index release_hold_open on release_hold (operator_id, reason) where lifted_at_ms is null;
