-- Two-phase money: a split, payout or subsidy that a channel was told to make. Its amount is held in `instruction_pending`
-- from before the first byte leaves until a definite answer. The end has the key of its instruction: it was posted or it
-- was voided, never both, and no passing of time ends it.
create table ledger_instruction (
  operator_id     text   not null,
  book            text   not null,
  instruction_key text   not null check (length(instruction_key) between 1 and 150),
  kind            text   not null check (kind in ('split', 'payout', 'subsidy')),
  from_account    text   not null,
  to_account      text   not null check (to_account <> from_account),
  amount_fen      bigint not null check (amount_fen > 0),
  held_at_ms      bigint not null,
  primary key (operator_id, book, instruction_key)
);
create table ledger_instruction_end (
  operator_id     text   not null,
  book            text   not null,
  instruction_key text   not null,
  outcome         text   not null check (outcome in ('posted', 'voided')),
  -- What the channel said: its reference, or its final code.
  evidence        text   not null check (length(evidence) between 1 and 200),
  ended_at_ms     bigint not null,
  primary key (operator_id, book, instruction_key),
  foreign key (operator_id, book, instruction_key) references ledger_instruction
);
create trigger ledger_instruction_append_only before update or delete or truncate on ledger_instruction
  for each statement execute function ledger_refuse_change();
create trigger ledger_instruction_end_append_only before update or delete or truncate on ledger_instruction_end
  for each statement execute function ledger_refuse_change();
alter table ledger_instruction enable always trigger ledger_instruction_append_only;
alter table ledger_instruction_end enable always trigger ledger_instruction_end_append_only;
