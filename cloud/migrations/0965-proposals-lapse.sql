-- What another person did not agree to in time ends by itself (0929), whatever table it waits in.
do $$
declare waiting record;
begin
  -- Of each table the checks that speak of its states, as they are named there.
  for waiting in
    select c.conrelid::regclass as its_table, c.conname from pg_constraint c
     where c.contype = 'c' and c.conrelid in ('attempt_resolution'::regclass, 'instruction_decision'::regclass,
             'policy_proposal'::regclass, 'release_adjustment'::regclass, 'wind_down'::regclass)
       and (pg_get_constraintdef(c.oid) like '%(state = ANY%ARRAY[''proposed''::text%' and c.conname like '%state_check'
            or pg_get_constraintdef(c.oid) like '%((state = ''proposed''::text) = (ended_by IS NULL))%'
            or pg_get_constraintdef(c.oid) like '%((ended_by IS NULL) = (ended_at_ms IS NULL))%')
  loop
    execute format('alter table %s drop constraint %I', waiting.its_table, waiting.conname);
  end loop;
end $$;

alter table attempt_resolution
  add check (state in ('proposed', 'confirmed', 'withdrawn', 'lapsed')),
  add check ((state = 'proposed') = (ended_at_ms is null)),
  add check ((state in ('proposed', 'lapsed')) = (ended_by is null));
alter table instruction_decision
  add check (state in ('proposed', 'confirmed', 'withdrawn', 'lapsed')),
  add check ((state = 'proposed') = (ended_at_ms is null)),
  add check ((state in ('proposed', 'lapsed')) = (ended_by is null));
alter table policy_proposal
  add check (state in ('proposed', 'approved', 'withdrawn', 'lapsed')),
  add check ((state = 'proposed') = (ended_at_ms is null)),
  add check ((state in ('proposed', 'lapsed')) = (ended_by is null));
alter table release_adjustment
  add check (state in ('proposed', 'posted', 'withdrawn', 'lapsed')),
  add check ((state = 'proposed') = (ended_at_ms is null)),
  add check ((state in ('proposed', 'lapsed')) = (ended_by is null));
alter table wind_down
  add check (state in ('proposed', 'withdrawn', 'published', 'distributed', 'lapsed')),
  add check ((state = 'proposed') = (ended_at_ms is null)),
  add check ((state in ('proposed', 'lapsed')) = (ended_by is null));
alter table wind_down drop constraint wind_down_two_people;
alter table wind_down add constraint wind_down_two_people
  check (state in ('proposed', 'withdrawn', 'lapsed') or ended_by <> proposed_by);

-- A plan that nobody agreed to in time is in nobody's way.
drop index wind_down_one;
create unique index wind_down_one on wind_down (operator_id) where state not in ('withdrawn', 'lapsed');
