-- Runs of kind `adjust`: corrections of a posted run for one member, by two people. Nothing that is posted changes.
create table release_adjustment (
  operator_id text not null,
  adjustment_no integer not null check (adjustment_no >= 1),
  -- The run that it corrects.
  period text not null,
  day date not null,
  member_id text not null,
  kind text not null check (kind in ('give', 'take')),
  value_fen bigint not null check (value_fen > 0),
  points bigint not null check (points >= 0),
  why text not null check (length(why) between 10 and 500),
  proposed_by text not null,
  proposed_at_ms bigint not null,
  state text not null check (state in ('proposed', 'posted', 'withdrawn')),
  ended_by text,
  ended_at_ms bigint,
  ended_note text,
  -- What it was judged by when it was posted, and its SHA-256.
  explanation jsonb,
  explanation_hash text check (length(explanation_hash) = 64),
  primary key (operator_id, adjustment_no),
  foreign key (operator_id, period, day) references release_run (operator_id, period, day),
  foreign key (operator_id, proposed_by) references operator_person (operator_id, person_id),
  foreign key (operator_id, ended_by) references operator_person (operator_id, person_id),
  check ((state = 'proposed') = (ended_by is null)),
  check ((ended_by is null) = (ended_at_ms is null)),
  check ((state = 'posted') = (explanation_hash is not null)),
  constraint release_adjustment_two_people check (state <> 'posted' or ended_by <> proposed_by)
);
create index release_adjustment_by_run on release_adjustment (operator_id, period, day)
  where state = 'posted';
