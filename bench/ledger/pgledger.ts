import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { accounts, totalOf, type BenchOrder } from './orders.ts';

/** The state of 2026-07-07: a comparison must not change with what others push. */
export const pgledgerCommit = 'c18c7d267d46ab396641d5e44f1ce3166aeb9a6d';
/** Its public SQL (MIT licence); fetched when the benchmark runs, never kept here. */
const sourceUrl = `https://raw.githubusercontent.com/pgr0ss/pgledger/${pgledgerCommit}/`;
/** In the order in which they are run, with the SHA-256 that each has at that commit. */
const sourceFiles = [
  {
    path: 'vendor/scoville-pgsql-ulid/uuid-to-ulid.sql',
    digest: '507cc0cf4890fc51f2dd900b52e5f5eefb38f6c5150cdb9a32a886c3817ad04e',
  },
  {
    path: 'pgledger.sql',
    digest: 'fc41721e718630c5d98e39788045c4e75cba5db922ef6bf00c63973933960720',
  },
] as const;
const fetchTimeoutMs = 10_000;

/** pgledger over its own tables. */
export interface Pgledger {
  /** Books the orders, so many of them in each call of its array function. */
  book(orders: readonly BenchOrder[], ordersPerCall: number): Promise<void>;
}

/**
 * Its SQL at {@link pgledgerCommit}: from the folder that PGLEDGER_SQL names (a copy of its repository), else fetched.
 * Undefined when it cannot be fetched. Another text than that commit's is never run: it throws.
 */
export async function loadPgledgerSql(): Promise<string | undefined> {
  const folder = process.env['PGLEDGER_SQL'] ?? '';
  const load = async ({ path }: (typeof sourceFiles)[number]): Promise<string> => {
    if (folder !== '') return readFile(join(folder, path), 'utf8');
    const answer = await fetch(`${sourceUrl}${path}`, {
      signal: AbortSignal.timeout(fetchTimeoutMs),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.text();
  };
  const texts = await Promise.all(sourceFiles.map(load)).catch((error: unknown) => {
    if (folder !== '') throw error;
    return undefined;
  });
  texts?.forEach((text, index) => {
    const { path, digest } = sourceFiles[index]!;
    if (createHash('sha256').update(text).digest('hex') !== digest)
      throw new Error(`${path} is not pgledger's of ${pgledgerCommit}`);
  });
  return texts?.join('\n');
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
