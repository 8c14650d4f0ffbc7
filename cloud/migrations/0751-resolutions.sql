-- People decide about a charge that the channel cannot explain: one proposes, another one confirms.

-- Who works for the operator, each with a key of his own that only he holds.
create table operator_person (
  operator_id text not null references operator,
  person_id text not null,
  name text not null,
  -- SHA-256 of the key, hex.
  key_hash text not null,
  made_at_ms bigint not null,
  ended_at_ms bigint,
  primary key (operator_id, person_id),
  unique (operator_id, key_hash)
);

create table attempt_resolution (
  operator_id text not null,
  merchant_id text not null,
  order_id text not null,
  attempt integer not null,
  proposal_no integer not null,
  verdict text not null check (verdict in ('paid', 'not-paid')),
  -- What was seen, and where: for whoever confirms, and for the auditor.
  evidence text not null check (length(evidence) between 10 and 500),
  channel_ref text,
  paid_at_ms bigint,
  proposed_by text not null,
  proposed_at_ms bigint not null,
  state text not null check (state in ('proposed', 'confirmed', 'withdrawn')),
  -- Who confirmed or withdrew it.
  ended_by text,
  ended_at_ms bigint,
  ended_note text,
  -- A confirmed one is still held against what the channel says, for a while.
  next_check_at_ms bigint,
  check_count integer not null default 0,
  -- The channel said later that it is not so.
  break_at_ms bigint,
  break_said text,
  break_closed_by text,
  break_closed_at_ms bigint,
  break_note text,
  primary key (operator_id, order_id, attempt, proposal_no),
  foreign key (operator_id, order_id, attempt) references payment_attempt,
  foreign key (operator_id, proposed_by) references operator_person (operator_id, person_id),
  foreign key (operator_id, ended_by) references operator_person (operator_id, person_id),
  check (verdict = 'not-paid' or (channel_ref is not null and paid_at_ms is not null)),
  check ((state = 'proposed') = (ended_by is null)),
  check ((ended_by is null) = (ended_at_ms is null)),
  -- Two people: whoever proposed it never confirms it.
  constraint attempt_resolution_two_people check (state <> 'confirmed' or ended_by <> proposed_by),
  check ((break_at_ms is null) = (break_said is null))
);
create unique index attempt_resolution_one_open on attempt_resolution (operator_id, order_id, attempt)
  where state <> 'withdrawn';
create index attempt_resolution_due on attempt_resolution (next_check_at_ms)
  where next_check_at_ms is not null;
create index attempt_resolution_breaks on attempt_resolution (operator_id, merchant_id)
  where break_at_ms is not null and break_closed_at_ms is null;
