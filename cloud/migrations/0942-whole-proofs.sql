-- Not every proof asks every law: those that read all lots and vouchers there ever were are asked once a night.
alter table proof_run add column is_whole boolean not null default true;

-- The law of released points is asked before every release: what claw-backs restored is few among all entries.
create index points_entry_restored on points_entry (operator_id) include (points) where kind = 'restored';
