-- Winding down an operator under a plan that two people publish: no new points from a day on, vouchers stay good, and
-- what is left of the fund is divided among the unreleased points as vouchers.
create table wind_down (
  operator_id text not null,
  plan_no integer not null check (plan_no >= 1),
  -- First day whose sales carry no concession and give no points.
  stop_on date not null,
  -- The plan as it is published.
  plan_zh text not null check (length(plan_zh) between 10 and 4000),
  plan_en text not null check (length(plan_en) between 10 and 4000),
  proposed_by text not null,
  proposed_at_ms bigint not null,
  state text not null check (state in ('proposed', 'withdrawn', 'published', 'distributed')),
  -- Who published or withdrew it.
  ended_by text,
  ended_at_ms bigint,
  ended_note text,
  distributed_at_ms bigint,
  distributed_fen bigint,
  account_count bigint,
  explanation jsonb,
  explanation_hash text check (length(explanation_hash) = 64),
  primary key (operator_id, plan_no),
  foreign key (operator_id, proposed_by) references operator_person (operator_id, person_id),
  foreign key (operator_id, ended_by) references operator_person (operator_id, person_id),
  check ((state = 'proposed') = (ended_by is null)),
  check ((state = 'distributed') = (explanation_hash is not null)),
  constraint wind_down_two_people check (state in ('proposed', 'withdrawn') or ended_by <> proposed_by)
);
-- A published plan stands: nobody goes back to issuing.
create unique index wind_down_one on wind_down (operator_id) where state <> 'withdrawn';

create table wind_down_share (
  operator_id text not null,
  plan_no integer not null,
  member_id text not null,
  points bigint not null check (points > 0),
  value_fen bigint not null check (value_fen >= 0),
  -- Place among the shares by member; the voucher's number.
  ordinal bigint not null,
  primary key (operator_id, plan_no, member_id),
  foreign key (operator_id, plan_no) references wind_down (operator_id, plan_no)
);
create trigger wind_down_share_append_only before update or delete or truncate on wind_down_share
  for each statement execute function points_refuse_change();

-- A sale after the stop carries no concession.
alter table settlement_line drop constraint settlement_line_concession_bp_check;
alter table settlement_line add constraint settlement_line_concession_bp_check
  check (concession_bp = 0 or concession_bp between 300 and 2000);
