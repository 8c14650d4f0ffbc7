-- When and from what sum on agents are paid.
create table payout_terms (
  operator_id text primary key,
  channel text not null,
  day_of_month smallint not null check (day_of_month between 1 and 28),
  threshold_fen bigint not null check (threshold_fen between 1 and 100000000)
);
create table agent_payee (
  operator_id text not null,
  agent_id text not null,
  payee text not null check (length(payee) between 1 and 64),
  payee_name text check (length(payee_name) between 1 and 64),
  primary key (operator_id, agent_id)
);
-- One statement per agent and period (the month that ended). All of it is cumulative: a negative is carried over.
create table commission_statement (
  operator_id text not null,
  agent_id text not null,
  period text not null check (period ~ '^[0-9]{4}-[0-9]{2}$'),
  -- Earned and taken back until the end of the period, paid until the run, all since the beginning.
  earned_fen bigint not null,
  taken_back_fen bigint not null,
  paid_before_fen bigint not null,
  balance_fen bigint not null check (balance_fen = earned_fen - taken_back_fen - paid_before_fen),
  outcome text not null check (outcome in ('paid', 'below-threshold', 'carried-negative', 'no-payee')),
  instruction_no text,
  made_at_ms bigint not null,
  primary key (operator_id, agent_id, period),
  check ((outcome = 'paid') = (instruction_no is not null))
);
create trigger commission_statement_append_only before update or delete or truncate
  on commission_statement for each statement execute function ledger_refuse_change();
