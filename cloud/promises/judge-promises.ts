import { sql } from 'drizzle-orm';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { judgePromise } from '#shared/promise/judge-promise.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { limitsOfPromise } from '#cloud/promises/promise-limits.ts';

/** A promise that a till's journal tells of. */
export interface NewPromise {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly orderId: string;
  readonly amountFen: number;
  readonly limitsVersion: number;
  readonly promisedAtMs: number;
}

/**
 * Judges promises again, now with what all tills of the shop have outside: a till knows its own
 * only. One above the limits gets a flag with its reason and stays what it is, because the goods
 * are gone. Call after the orders were saved.
 */
export async function judgePromises(
  tx: Tx,
  promises: readonly NewPromise[],
  nowMs: number,
): Promise<void> {
  const shops = new Map<string, NewPromise[]>();
  for (const promise of promises) {
    const shop = `${promise.operatorId}/${promise.merchantId}`;
    shops.set(shop, [...(shops.get(shop) ?? []), promise]);
  }
  // In one order everywhere, so that two projections never wait for each other.
  for (const [, ofShop] of [...shops].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    await judgeShop(tx, ofShop, nowMs);
}

async function judgeShop(tx: Tx, promises: readonly NewPromise[], nowMs: number): Promise<void> {
  const [first] = promises;
  if (first === undefined) return;
  const { operatorId, merchantId } = first;
  // Two tills that come back at once are counted one after the other.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('promises' || ${operatorId} || ${merchantId}, 0))`,
  );
  const ids = promises.map(({ orderId }) => orderId);
  const { rows } = await tx.execute<{ count: number; sum_fen: number }>(sql`
    select count(*) as count, coalesce(sum(amount_fen - voucher_fen), 0)::bigint as sum_fen
      from customer_order
     where operator_id = ${operatorId} and merchant_id = ${merchantId} and state = 'promised'
       and order_id <> all (${sql.param(ids)}::text[])`);
  let open = { count: rows[0]?.count ?? 0, sumFen: rows[0]?.sum_fen ?? 0 };
  for (const promise of promises) {
    const { orderId, amountFen } = promise;
    const limits = await limitsOfPromise(tx, promise);
    // How long the till had been away is not known here; the window is the till's to keep.
    const judged = judgePromise({ amountFen, limits, open, sinceContactMs: 0 });
    open = { count: open.count + 1, sumFen: open.sumFen + amountFen };
    if (judged.ok) continue;
    await tx.execute(sql`
      insert into promise_flag (operator_id, merchant_id, order_id, code, flagged_at_ms)
      values (${operatorId}, ${merchantId}, ${orderId}, ${judged.error.type}, ${nowMs})
      on conflict do nothing`);
  }
}
