import type { ClientBase } from 'pg';
import { appRole, workerRole } from '#cloud/platform/tenancy/scope.ts';
import { sealingOf, type TableFacts } from '#cloud/platform/tenancy/table-rules.ts';

/** Every table of the schema, as the catalogue describes it. */
export async function readTables(
  client: Pick<ClientBase, 'query'>,
): Promise<readonly TableFacts[]> {
  const { rows } = await client.query<TableFacts>(
    `select c.relname as "name", c.relrowsecurity as "isSealed",
       array(select a.attname::text from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as "columns",
       exists (select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
                where t.tgrelid = c.oid and p.proname like '%refuse_change'
                  and t.tgenabled in ('O', 'A')) as "isAppendOnly",
       array(select p.polname::text from pg_policy p where p.polrelid = c.oid order by 1) as "policies",
       array(select g.rolname || ' ' || x.privilege_type
               from aclexplode(c.relacl) x join pg_roles g on g.oid = x.grantee
              where g.rolname = any($1) order by 1) as "grants"
     from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
     order by 1`,
    [[appRole, workerRole]],
  );
  return rows;
}

/**
 * Gives every table of a tenant its row-level security and the roles their rights, where something
 * is missing. Runs as the owner after the migrations, so that no migration can forget it. Returns
 * the names of the tables it changed.
 */
export async function sealTables(client: Pick<ClientBase, 'query'>): Promise<readonly string[]> {
  const tables = await readTables(client);
  const changed: string[] = [];
  for (const table of tables) {
    const statements = sealingOf(table);
    if (statements.length === 0) continue;
    // One message without a BEGIN is one transaction.
    await client.query(statements.join('; '));
    changed.push(table.name);
  }
  return changed;
}
