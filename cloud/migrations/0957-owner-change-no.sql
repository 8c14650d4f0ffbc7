-- The largest count of owner's changes that a terminal ever said: an older record on its disk is known by it.
alter table terminal_heartbeat add column owner_change_no bigint;
