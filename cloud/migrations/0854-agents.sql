-- An agent's own look at his figures: a bearer token of which only the hash is kept.
create table agent_token (
  operator_id text not null,
  token_hash text not null check (token_hash ~ '^[0-9a-f]{64}$'),
  agent_id text not null,
  made_at_ms bigint not null,
  revoked_at_ms bigint,
  primary key (operator_id, token_hash),
  foreign key (operator_id, agent_id) references agent (operator_id, agent_id)
);

-- For tax: a person's pay for services is reported and withheld from by who pays it out; a company's is not.
alter table agent add column tax_kind text not null default 'person' check (tax_kind in ('person', 'company'));

create index agent_contract_by_agent on agent_contract (operator_id, agent_id);

-- The statement's file, in parts, as it was made: what a person holds in his hand can be compared by its hash.
create table commission_statement_file (
  operator_id text not null,
  agent_id text not null,
  period text not null,
  sha256 text not null check (length(sha256) = 64),
  row_count integer not null check (row_count >= 0),
  part_count integer not null check (part_count >= 1),
  -- Of this month alone; the statement itself is cumulative.
  month_earned_fen bigint not null,
  month_back_fen bigint not null,
  -- What stood open from earlier months; negative: carried debt of refunds.
  carried_fen bigint not null,
  tax_kind text not null,
  -- Of a payout to a person: computed for the payer who withholds and files (docs/points.md 2.12). 0 otherwise.
  tax_income_fen bigint not null check (tax_income_fen >= 0),
  tax_rate_bp integer not null check (tax_rate_bp in (0, 2000, 3000, 4000)),
  tax_withheld_fen bigint not null check (tax_withheld_fen >= 0),
  primary key (operator_id, agent_id, period),
  foreign key (operator_id, agent_id, period) references commission_statement (operator_id, agent_id, period)
);
create table commission_statement_part (
  operator_id text not null,
  agent_id text not null,
  period text not null,
  part_no integer not null,
  csv text not null,
  primary key (operator_id, agent_id, period, part_no)
);
create trigger commission_statement_file_append_only before update or delete or truncate
  on commission_statement_file for each statement execute function ledger_refuse_change();
create trigger commission_statement_part_append_only before update or delete or truncate
  on commission_statement_part for each statement execute function ledger_refuse_change();
