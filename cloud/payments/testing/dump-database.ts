import { Client } from 'pg';

/**
 * Every row of every table of a database as JSON lines: for tests that look for what must not be
 * there.
 */
export async function dumpDatabase(databaseUrl: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const tables = await client.query<{ name: string }>(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
       from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const lines: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ line: string }>(
      `select row_to_json(t)::text as line from ${name} t`,
    );
    for (const { line } of rows) lines.push(`${name} ${line}`);
  }
  await client.end();
  return lines.join('\n');
}
