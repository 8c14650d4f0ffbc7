-- What one person wants and another one has to agree to: a hold that is lifted, a contract, an account money is paid to, a
-- member who is thawed. What is proposed is kept as it was, and how it ended, also when nothing came of it.
create table two_person_act (
  operator_id text not null,
  act_no integer not null check (act_no >= 1),
  kind text not null check (kind ~ '^[a-z-]{1,40}$'),
  -- What it is about: a number, an id. Of one subject one act of a kind stands open at most.
  subject text not null check (length(subject) between 1 and 100),
  -- Everything that is done when another person agrees. Secrets stand in it sealed.
  what jsonb not null,
  why text not null check (length(why) between 10 and 500),
  proposed_by text not null,
  proposed_at_ms bigint not null,
  state text not null check (state in ('proposed', 'done', 'withdrawn')),
  ended_by text,
  ended_at_ms bigint,
  ended_note text check (length(ended_note) between 3 and 300),
  -- What came of it, for example the id of a contract.
  outcome jsonb,
  primary key (operator_id, act_no),
  check ((state = 'proposed') = (ended_by is null and ended_at_ms is null and ended_note is null)),
  check ((state = 'done') = (outcome is not null)),
  check (state <> 'done' or ended_by <> proposed_by)
);
create unique index two_person_act_open on two_person_act (operator_id, kind, subject)
  where state = 'proposed';
