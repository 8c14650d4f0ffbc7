import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { accounts, totalOf, type BenchOrder } from './orders.ts';

/** Its public SQL (MIT licence); fetched when the benchmark runs, never kept here. */
const sourceUrl = 'https://raw.githubusercontent.com/pgr0ss/pgledger/main/';
const sourceFiles = ['vendor/scoville-pgsql-ulid/uuid-to-ulid.sql', 'pgledger.sql'] as const;
const fetchTimeoutMs = 10_000;

/** pgledger over its own tables. */
export interface Pgledger {
  /** Books the orders, so many of them in each call of its array function. */
  book(orders: readonly BenchOrder[], ordersPerCall: number): Promise<void>;
}

/** PGLEDGER_SQL names a folder with a copy of its repository; else it is fetched. Undefined when neither can be had. */
export async function loadPgledgerSql(): Promise<string | undefined> {
  const folder = process.env['PGLEDGER_SQL'] ?? '';
  const load = async (file: string): Promise<string> => {
    if (folder !== '') return readFile(join(folder, file), 'utf8');
    const answer = await fetch(`${sourceUrl}${file}`, {
      signal: AbortSignal.timeout(fetchTimeoutMs),
    });
    if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
    return answer.text();
  };
  try {
    return (await Promise.all(sourceFiles.map(load))).join('\n');
  } catch (error) {
    if (folder !== '') throw error;
    return undefined;
  }
}

export async function openPgledger(
  pool: Pool,
  source: { readonly sql: string; readonly merchantsCount: number },
): Promise<Pgledger> {
  await pool.query(source.sql);
  const names = Array.from({ length: source.merchantsCount }, (_, merchant) =>
    accounts.map((account) => `${merchant}.${account}`),
  ).flat();
  const { rows } = await pool.query<{ id: string; name: string }>(
    `select a.id, a.name from unnest($1::text[]) as n (name), pgledger_create_account(n.name, 'CNY') a`,
    [names],
  );
  const ids = new Map(rows.map((row) => [row.name, row.id]));
  const idOf = (order: BenchOrder, leg: number): string | undefined =>
    ids.get(`${order.merchant}.${accounts[leg]}`);
  return {
    async book(orders, ordersPerCall) {
      for (let at = 0; at < orders.length; at += ordersPerCall) {
        const transfers = orders
          .slice(at, at + ordersPerCall)
          .flatMap((order) =>
            order.sharesFen.map((share, n) => [idOf(order, 0), idOf(order, n + 1), share] as const),
          );
        await pool.query(
          `select count(*) from pgledger_create_transfers((select array_agg((f, t, a)::transfer_request)
             from unnest($1::text[], $2::text[], $3::numeric[]) as x (f, t, a)))`,
          [
            transfers.map(([from]) => from),
            transfers.map(([, to]) => to),
            transfers.map(([, , fen]) => fen),
          ],
        );
      }
      const { rows: paid } = await pool.query<{ fen: string }>(
        `select -coalesce(sum(balance), 0) as fen from pgledger_accounts where name like '%.channel_clearing'`,
      );
      const due = orders.reduce((sum, order) => sum + totalOf(order), 0);
      if (Number(paid[0]?.fen) < due) throw new Error('pgledger booked less than it was given');
    },
  };
}
