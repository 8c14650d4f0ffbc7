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
