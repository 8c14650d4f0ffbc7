-- Periods of every kind, and what a close computes besides the multiplier.

alter table points_config_version drop constraint points_config_version_effective_period_check;
alter table points_config_version add constraint points_config_version_effective_period_check
  check (effective_period ~ '^\d{4}-((0[1-9]|1[0-2])(-(T[1-3]|[0-3][0-9]))?|W(0[1-9]|[1-4][0-9]|5[0-3]))$');
-- The first day of the effective period: names of different kinds do not sort among each other. Older versions have
-- months only.
alter table points_config_version add column effective_from date;
alter table points_config_version disable trigger points_config_append_only;
update points_config_version set effective_from = (effective_period || '-01')::date;
alter table points_config_version enable trigger points_config_append_only;
alter table points_config_version alter column effective_from set not null;
create index points_config_by_day on points_config_version (operator_id, effective_from);

alter table period_close drop constraint period_close_period_check;
alter table period_close add constraint period_close_period_check
  check (period ~ '^\d{4}-((0[1-9]|1[0-2])(-(T[1-3]|[0-3][0-9]))?|W(0[1-9]|[1-4][0-9]|5[0-3]))$');
-- Concession that became final in the period: the history that the forecast reads. Null at closes of before.
alter table period_close add column concession_points bigint check (concession_points >= 0);

-- A change of the rules that one person proposes and another one approves; then it is a version.
create table policy_proposal (
  operator_id text not null,
  proposal_no integer not null check (proposal_no >= 1),
  -- The version that it changes: another one meanwhile ends the proposal.
  base_version integer not null,
  effective_period text not null,
  effective_from date not null,
  config jsonb not null,
  -- Key by key, from and to.
  changes jsonb not null,
  why text not null check (length(why) between 10 and 500),
  proposed_by text not null,
  proposed_at_ms bigint not null,
  state text not null check (state in ('proposed', 'approved', 'withdrawn')),
  ended_by text,
  ended_at_ms bigint,
  ended_note text,
  version integer,
  primary key (operator_id, proposal_no),
  foreign key (operator_id, proposed_by) references operator_person (operator_id, person_id),
  foreign key (operator_id, ended_by) references operator_person (operator_id, person_id),
  check ((state = 'proposed') = (ended_by is null)),
  check ((ended_by is null) = (ended_at_ms is null)),
  check ((state = 'approved') = (version is not null)),
  constraint policy_proposal_two_people check (state <> 'approved' or ended_by <> proposed_by)
);
create unique index policy_proposal_version on policy_proposal (operator_id, version)
  where version is not null;
