-- A merchant's statement of one ledger date, as it was made: its file never changes.
create table settlement_statement (
  operator_id text not null,
  merchant_id text not null,
  ledger_date date not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  row_count integer not null,
  part_count integer not null check (part_count >= 1),
  made_at_ms bigint not null,
  primary key (operator_id, merchant_id, ledger_date)
);
create table settlement_statement_part (
  operator_id text not null,
  merchant_id text not null,
  ledger_date date not null,
  part_no integer not null,
  csv text not null,
  primary key (operator_id, merchant_id, ledger_date, part_no)
);
create trigger settlement_statement_append_only before update or delete or truncate
  on settlement_statement for each statement execute function ledger_refuse_change();
create trigger settlement_statement_part_append_only before update or delete or truncate
  on settlement_statement_part for each statement execute function ledger_refuse_change();
