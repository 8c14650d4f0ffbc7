-- The owner's PIN rests on the till alone. The cloud can only ask for it to be forgotten, and says who asked and why.
alter table terminal
  -- Number of the last reset; it travels in the signed configuration.
  add column owner_pin_reset integer not null default 0;

create table owner_pin_reset (
  operator_id text not null,
  terminal_id text not null,
  reset_no integer not null,
  asked_by text not null,
  why text not null,
  asked_at_ms bigint not null,
  primary key (operator_id, terminal_id, reset_no),
  foreign key (operator_id, terminal_id) references terminal
);

-- How often, ever, the PIN was wrong until the till locked, as its last heartbeat said.
alter table terminal_heartbeat add column pin_locks integer not null default 0;

alter table terminal_alarm drop constraint terminal_alarm_kind_check;
alter table terminal_alarm add constraint terminal_alarm_kind_check check
  (kind in ('clone', 'epochs-exceeded', 'fork', 'owner-pin-locked', 'quarantine-full', 'tail-lost'));

-- Somebody took note of an alarm. What is seen again afterwards is open again.
create table terminal_alarm_seen (
  operator_id text not null,
  terminal_id text not null,
  kind text not null,
  subject text not null,
  seen_at_ms bigint not null,
  seen_by text not null,
  note text not null,
  primary key (operator_id, terminal_id, kind, subject, seen_at_ms),
  foreign key (operator_id, terminal_id, kind, subject) references terminal_alarm
);
