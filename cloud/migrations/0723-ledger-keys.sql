-- What the posting statement pays for with every entry. Numbers of transactions come from one sequence and entries are
-- written by one statement only, so an index on the number alone finds an order's entries; the wide key of operator,
-- number and leg guarded nothing that the proofs do not. Transactions are looked up by their key, never by number.
alter table ledger_entry drop constraint ledger_entry_pkey;
create index ledger_entry_by_txn on ledger_entry (txn_no);
drop index ledger_txn_by_no;
