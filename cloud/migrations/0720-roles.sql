-- Two roles that own nothing (docs/adr/0014). The cloud logs in as whoever DATABASE_URL names and enters one of them
-- for every transaction: greentill_app is held to one tenant by row-level security, greentill_worker sees all tenants.
-- Rights and policies of the tables are made by cloud/platform/tenancy/seal-tables.ts after the migrations.
-- Roles belong to the whole server: another database may have made them already, or a DBA beforehand.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['greentill_app', 'greentill_worker'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise exception 'the role % is missing and this login may not create it', wanted
            using hint = 'A DBA creates both roles beforehand: docs/operations.md.';
      end;
    end if;
    if not pg_has_role(current_user, wanted, 'member') then
      execute format('grant %I to %I', wanted, current_user);
    end if;
  end loop;
end $$;
grant usage on schema public to greentill_app, greentill_worker;

-- The tenant of this transaction. A tenant that nobody set is an error and not an empty answer.
create function app_setting(name text) returns text
language plpgsql stable parallel safe as $$
declare
  value text := current_setting(name, true);
begin
  if value is null or value = '' then
    raise exception 'no tenant: % is not set in this transaction', name
      using errcode = 'insufficient_privilege';
  end if;
  return value;
end $$;

-- The books: also who owns the tables, and also on a replica.
alter table ledger_txn enable always trigger ledger_txn_append_only;
alter table ledger_entry enable always trigger ledger_entry_append_only;
