-- The posting chain (docs/adr/0015). Each run of the sealer covers every journal with a number in (after_no, through_no],
-- one seal per book that has any. A seal carries its book's chain on, a run carries the chain of all books on and is signed
-- with a key that the database does not have: whoever can write here can change rows, and cannot make the seals fit.
create table ledger_seal_run (
  operator_id  text    not null,
  run_no       integer not null check (run_no >= 1),
  after_no     bigint  not null,
  through_no   bigint  not null check (through_no > after_no),
  books_count  integer not null check (books_count >= 1),
  rows_count   integer not null check (rows_count >= books_count),
  prev_hash    text    not null check (length(prev_hash) = 64),
  hash         text    not null check (length(hash) = 64),
  sealed_at_ms bigint  not null,
  -- The public key, base64url, and its Ed25519 signature of the hash.
  key_id       text    not null check (length(key_id) = 43),
  signature    text    not null check (length(signature) = 86),
  primary key (operator_id, run_no)
);
create table ledger_seal (
  operator_id text    not null,
  book        text    not null,
  run_no      integer not null,
  rows_count  integer not null check (rows_count >= 1),
  prev_hash   text    not null check (length(prev_hash) = 64),
  hash        text    not null check (length(hash) = 64),
  primary key (operator_id, book, run_no)
);
create index ledger_seal_by_run on ledger_seal (operator_id, run_no);
create trigger ledger_seal_run_append_only before update or delete or truncate on ledger_seal_run
  for each statement execute function ledger_refuse_change();
create trigger ledger_seal_append_only before update or delete or truncate on ledger_seal
  for each statement execute function ledger_refuse_change();
alter table ledger_seal_run enable always trigger ledger_seal_run_append_only;
alter table ledger_seal enable always trigger ledger_seal_append_only;
-- Ranges of numbers are what is sealed. Numbers grow, so an insert touches the last page of it only.
create index ledger_txn_by_no on ledger_txn (txn_no);
