-- The tenant of this transaction, as in 0720, but in SQL: the planner puts the body where the name stands, so that asking
-- for the tenant, which every table of every statement does twice, calls no procedural language. What raises the error
-- stands apart, and runs for nobody who has a tenant.
create function no_tenant(name text) returns text
language plpgsql stable parallel safe as $$
begin
  raise exception 'no tenant: % is not set in this transaction', name
    using errcode = 'insufficient_privilege';
end $$;

create or replace function app_setting(name text) returns text
language sql stable parallel safe as $$
  select coalesce(nullif(current_setting(name, true), ''), no_tenant(name))
$$;
