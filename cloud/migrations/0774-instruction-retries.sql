-- A failed instruction is sent again under a new number only when two people say so, and why.
create table instruction_retry (
  operator_id text not null,
  instruction_no text not null,
  retried_as text not null,
  asked_by text not null check (length(asked_by) between 1 and 64),
  agreed_by text not null check (length(agreed_by) between 1 and 64 and agreed_by <> asked_by),
  why text not null check (length(why) between 10 and 500),
  at_ms bigint not null,
  primary key (operator_id, instruction_no)
);
create trigger instruction_retry_append_only before update or delete or truncate on instruction_retry
  for each statement execute function ledger_refuse_change();
