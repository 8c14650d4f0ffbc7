-- Closing a period fixes the gate, the multiplier and the budget; every day of the following month may then release.

create table period_close (
  operator_id text not null,
  period text not null check (period ~ '^\d{4}-(0[1-9]|1[0-2])$'),
  config_version integer not null,
  gate_open boolean not null,
  gate_reason text not null,
  -- The pools that the next close compares with: stock of unreleased points, and what entered in the period.
  unreleased_points bigint not null,
  inflow_points bigint not null,
  mult_bp integer not null check (mult_bp between 2000 and 50000),
  budget_fen bigint not null check (budget_fen >= 0),
  -- Periods of lots that become final after this close.
  n_base smallint not null check (n_base between 36 and 40),
  explanation jsonb not null,
  -- SHA-256 of the canonical text of the explanation, hex.
  explanation_hash text not null check (length(explanation_hash) = 64),
  primary key (operator_id, period),
  check (gate_open or budget_fen = 0)
);
create trigger period_close_append_only before update or delete or truncate on period_close
  for each statement execute function points_refuse_change();

create table release_run (
  operator_id text not null,
  period text not null,
  day date not null,
  run_id text not null,
  state text not null check (state in ('planned', 'allocated', 'posted')),
  -- Everything the allocation reads, stored before it is made.
  snapshot jsonb not null,
  snapshot_hash text not null check (length(snapshot_hash) = 64),
  limit_fen bigint not null check (limit_fen >= 0),
  theta_num numeric(60, 0),
  theta_den numeric(60, 0),
  account_count integer,
  released_fen bigint check (released_fen between 0 and limit_fen),
  points_used bigint,
  explanation jsonb,
  explanation_hash text,
  primary key (operator_id, period, day),
  foreign key (operator_id, period) references period_close (operator_id, period),
  check ((state = 'planned') = (released_fen is null)),
  check ((state = 'posted') = (explanation_hash is not null))
);

create table release_allocation (
  operator_id text not null,
  period text not null,
  day date not null,
  member_id text not null,
  due_points bigint not null check (due_points > 0),
  mult_bp integer not null,
  want_fen bigint not null,
  -- min(want, own month cap).
  most_fen bigint not null,
  alloc_fen bigint not null check (alloc_fen > 0 and alloc_fen <= most_fen and most_fen <= want_fen),
  points_used bigint not null check (points_used > 0 and points_used <= due_points),
  voucher_id text not null,
  primary key (operator_id, period, day, member_id),
  foreign key (operator_id, period, day) references release_run (operator_id, period, day)
);
create index release_allocation_by_member on release_allocation (operator_id, member_id, day);
create trigger release_allocation_append_only before update or delete or truncate on release_allocation
  for each statement execute function points_refuse_change();
