-- A till that restores its journal says where each epoch ends. What comes later than that is evidence, no entry.
alter table journal_head
  -- The last entry that this epoch may ever have; null: it is open. An epoch may be closed before its first entry came.
  add column closed_seq bigint,
  add column closed_hash text,
  add column closed_at_ms bigint;

alter table terminal_alarm drop constraint terminal_alarm_kind_check;
alter table terminal_alarm add constraint terminal_alarm_kind_check check
  (kind in ('clone', 'epoch-closed', 'epochs-exceeded', 'fork', 'owner-pin-locked', 'quarantine-full', 'tail-lost'));
