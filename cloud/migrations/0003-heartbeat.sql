-- The last heartbeat of each terminal: what it has, so that the cloud knows what it has not received yet.
create table terminal_heartbeat (
  operator_id text not null,
  terminal_id text not null,
  received_at_ms bigint not null,
  epoch text not null,
  head_seq bigint not null,
  head_hash text not null,
  acked_seq bigint not null,
  oldest_unsynced_ms bigint,
  -- Terminal's wall clock minus the cloud's, in milliseconds.
  clock_offset_ms bigint not null,
  app_version text not null,
  disk_free_bytes bigint not null,
  caps_version integer not null,
  peripherals jsonb not null,
  -- The terminal reports less than the cloud holds of the same epoch, or another hash: a lost or rewritten tail.
  tail_lost boolean not null,
  primary key (operator_id, terminal_id),
  foreign key (operator_id, terminal_id) references terminal
);
