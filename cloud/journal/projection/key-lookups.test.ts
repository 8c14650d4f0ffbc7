import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { loadOrders } from '#cloud/orders/order-store.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import { storedOrders } from '#cloud/settlement/settlement-lines.ts';

/** One busy shop in a database that has never seen ANALYZE: the first flood after an outage. */
const operatorId = 'opr_00000000000000000000000000' as OperatorId;
const merchantId = 'mch_00000000000000000000000000' as MerchantId;
const plantedCount = 12_000;
/** As wide as orders are: reading the whole table must not look cheap. */
const foldedChars = 600;
const soughtCount = 300;
/** While nothing is known of a table, one look over all of it may seem cheap; one look for each order is the flaw. */
const readMax = plantedCount + soughtCount;
const day = '2026-11-22';

const database = useTestDatabase();

beforeAll(async () => {
  await database.db.execute(sql`alter table customer_order set (autovacuum_enabled = false)`);
  await database.db.execute(sql`alter table settlement_line set (autovacuum_enabled = false)`);
  await database.db.execute(sql`
    insert into customer_order (operator_id, merchant_id, order_id, terminal_id, epoch, state,
      amount_fen, voucher_fen, business_date, folded, updated_at_ms)
    select ${operatorId}, ${merchantId}, 'ord_' || lpad(i::text, 26, '0'), 'trm', 'e', 'paid',
           100, 0, ${day}, to_jsonb(repeat('x', ${foldedChars}::integer)), 0
      from generate_series(1, ${plantedCount}::integer) i`);
  await database.db.execute(sql`
    insert into settlement_line (operator_id, merchant_id, order_id, terminal_id, source, channel,
      business_date, ledger_date, paid_at_ms, accepted_at_ms, amount_fen, voucher_fen, net_fen,
      concession_bp, concession_fen, same_day_fen, reserve_fen, subsidy_fen, due_at_ms, state)
    select operator_id, merchant_id, order_id, terminal_id, 'cash', 'cash',
           business_date::date, business_date::date, 0, 0, 100, 0, 100, 1000, 10, 0, 0, 0, 0, 'held'
      from customer_order`);
});

const orderIdAt = (index: number) => `ord_${String(index).padStart(26, '0')}` as OrderId;
/** Half of the orders asked for are there, half are new. */
const sought = Array.from({ length: soughtCount }, (_, index) =>
  orderIdAt(plantedCount - soughtCount / 2 + index + 1),
);

/** Rows of `table`, or entries of its indexes, that `work` read. */
async function rowsRead(table: string, work: (tx: Tx) => Promise<unknown>): Promise<number> {
  const count = async () => {
    const { rows } = await database.db.execute<{ read: number }>(sql`
      select seq_tup_read + (select sum(idx_tup_read) from pg_stat_user_indexes i
                              where i.relid = t.relid) as read
        from pg_stat_user_tables t where relname = ${table}`);
    return Number(rows[0]?.read);
  };
  const before = await count();
  await database.db.transaction(async (tx) => {
    await work(tx);
    await tx.execute(sql`select pg_stat_force_next_flush()`);
  });
  return (await count()) - before;
}

const planOf = async (statement: ReturnType<typeof sql>) =>
  JSON.stringify((await database.db.execute(sql`explain ${statement}`)).rows);

describe('without statistics', () => {
  test("orders are found by their key: the shop's orders are not read again for each", async () => {
    const names = sought.map((orderId) => ({ operatorId, merchantId, orderId }));
    const read = await rowsRead('customer_order', async (tx) => {
      expect(await loadOrders(tx, names)).toHaveLength(soughtCount / 2);
    });
    expect(read).toBeLessThanOrEqual(readMax);
  });

  test("settlement lines are found by their key: the shop's orders are not read again for each", async () => {
    const orders = sought.map((orderId) => ({
      operatorId,
      merchantId,
      orderId,
      terminalId: 'trm' as TerminalId,
      source: 'cash' as const,
      channel: 'cash',
      amountFen: fen(100),
      voucherFen: fen(0),
      netFen: fen(100),
      concessionBp: basisPoints(1000),
      memberId: undefined,
      claimHash: undefined,
      paidAtMs: 0,
      acceptedAtMs: 0,
      businessDate: day,
    }));
    const read = await rowsRead('settlement_line', async (tx) => {
      const stored = await storedOrders(tx, orders);
      expect(orders.filter((order) => stored.has(order))).toHaveLength(soughtCount / 2);
      expect(stored.contradicted).toEqual([]);
    });
    expect(read).toBeLessThanOrEqual(readMax);
  });

  test('a day is found by the index for days', async () => {
    const ofShop = sql`operator_id = ${operatorId} and merchant_id = ${merchantId}`;
    const dayQueries = {
      customer_order_by_day: sql`select * from customer_order where ${ofShop} and business_date = ${'2020-01-01'}`,
      settlement_line_by_day: sql`select * from settlement_line where ${ofShop} and business_date = ${'2020-01-01'}::date`,
      settlement_line_by_ledger_date: sql`select * from settlement_line
        where operator_id = ${operatorId} and ledger_date = ${'2020-01-01'}::date`,
    };
    for (const [index, query] of Object.entries(dayQueries))
      expect(await planOf(query)).toContain(index);
  });
});
