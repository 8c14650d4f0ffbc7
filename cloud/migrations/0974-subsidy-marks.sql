-- A charge tells its channel what is going to be subsidised of it; without that no subsidy is taken. Null: nothing was told.
alter table payment_attempt add column subsidy_mark_fen bigint check (subsidy_mark_fen > 0);
