-- When a PIN of the owner was set last where there was none, as the terminal's last heartbeat said.
alter table terminal_heartbeat add column first_pin_at_ms bigint;

alter table terminal_alarm drop constraint terminal_alarm_kind_check;
alter table terminal_alarm add constraint terminal_alarm_kind_check check
  (kind in ('clone', 'epoch-closed', 'epochs-exceeded', 'fork', 'owner-pin-first-set', 'owner-pin-locked', 'quarantine-full', 'tail-lost'));
