-- The books: double entry, append only. One statement per batch writes all three tables (cloud/ledger/post.ts).
-- operator_id leads every key, so that the tables distribute by operator unchanged. `book` is a merchant's id,
-- or '' for the operator's own book; a transaction never crosses books.

CREATE TABLE ledger_txn (
  operator_id  text   NOT NULL,
  book         text   NOT NULL,
  idem_key     text   NOT NULL CHECK (length(idem_key) BETWEEN 1 AND 200),
  txn_no       bigint GENERATED ALWAYS AS IDENTITY,
  kind         text   NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
  event_at_ms  bigint NOT NULL,
  -- SHA-256 of kind and legs, hex: the same key with other content is refused.
  content_hash text   NOT NULL CHECK (length(content_hash) = 64),
  PRIMARY KEY (operator_id, book, idem_key)
);
CREATE UNIQUE INDEX ledger_txn_by_no ON ledger_txn (operator_id, txn_no);

-- No foreign key to ledger_txn: both are written by one statement only, and the nightly proofs look for orphans;
-- a key check per leg would cost a third of the posting rate.
CREATE TABLE ledger_entry (
  operator_id text     NOT NULL,
  txn_no      bigint   NOT NULL,
  leg         smallint NOT NULL,
  book        text     NOT NULL,
  account     text     NOT NULL,
  amount_fen  bigint   NOT NULL CHECK (amount_fen <> 0),
  PRIMARY KEY (operator_id, txn_no, leg)
);

-- The running balance; a hot account is spread over slots, its balance is their sum.
CREATE TABLE ledger_balance (
  operator_id text     NOT NULL,
  book        text     NOT NULL,
  account     text     NOT NULL,
  slot        smallint NOT NULL,
  balance_fen bigint   NOT NULL,
  PRIMARY KEY (operator_id, book, account, slot)
) WITH (fillfactor = 70);

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append only: % on % refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER ledger_txn_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_txn
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
