import { mkdtempSync, rmSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { wechatBillRows } from '#cloud/payments/channels/wechat/bill-rows.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createTestDatabase, type TestDatabase } from '#cloud/platform/testing/test-database.ts';
import { importBill } from '#cloud/reconciliation/import-bill.ts';
import {
  expectedBreaks,
  plantWorld,
  writeBill,
  type BillWorld,
} from '#cloud/reconciliation/testing/bill-world.ts';

let database: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'greentill-rows-'));
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const clock = createManualClock(1_790_000_000_000);
const worldOf = (seed: number): BillWorld => ({
  operatorId: `opr_${seed}` as OperatorId,
  date: '2026-09-21',
  charges: 3_000,
  every: 150 + seed * 13,
  seed,
});

/** A night lies between a day's sales and its bill: autovacuum has looked at them. */
async function plant(world: BillWorld): Promise<void> {
  await plantWorld(database.pool, world);
  await database.pool.query('analyze');
}

const importFile = (world: BillWorld, path: string) =>
  importBill(
    { db: database.db, clock },
    {
      operatorId: world.operatorId,
      channel: 'wechat',
      account: '',
      date: world.date,
      rows: () => wechatBillRows(path),
    },
  );

async function found(world: BillWorld): Promise<readonly string[]> {
  const { rows } = await database.db.execute<{ found: string }>(sql`
    select class || ' ' || split_part(subject, '/', 1) as found from bill_break
     where operator_id = ${world.operatorId} and state <> 'resolved'`);
  return rows.map((row) => row.found).toSorted();
}

const count = async (table: string, world: BillWorld): Promise<number> => {
  const { rows } = await database.db.execute<{ n: number }>(sql`
    select count(*)::integer as n from ${sql.identifier(table)}
     where operator_id = ${world.operatorId}`);
  return rows[0]?.n ?? 0;
};

describe('a made-up day of thousands of lines', () => {
  it.each([1, 2, 3])(
    'seed %i: all injected differences are found under their names, none is invented',
    async (seed) => {
      const world = worldOf(seed);
      const path = join(folder, `${seed}.csv`);
      await plant(world);
      const lines = await writeBill(world, path);
      expect(getOrThrow(await importFile(world, path))).toMatchObject({
        rowCount: lines,
        isNew: true,
      });
      expect(expectedBreaks(world).length).toBeGreaterThan(100);
      expect(await found(world)).toEqual(expectedBreaks(world));
    },
    60_000,
  );

  it('two imports of the same bill at once make one bill, one set of breaks and one booking of fees', async () => {
    const world = worldOf(6);
    const path = join(folder, 'race.csv');
    await plant(world);
    await writeBill(world, path);
    const both = await Promise.all([importFile(world, path), importFile(world, path)]);
    expect(both.filter((one) => getOrThrow(one).isNew)).toHaveLength(1);
    expect(await count('bill', world)).toBe(1);
    expect(await found(world)).toEqual(expectedBreaks(world));
    const { rows } = await database.db.execute<{ bill: number; ledger: number }>(sql`
      select (select sum(fee_fen)::bigint from bill_total
               where operator_id = ${world.operatorId} and merchant_id <> '') as bill,
             (select -sum(amount_fen)::bigint from ledger_entry
               where operator_id = ${world.operatorId} and account = 'channel_fee') as ledger`);
    expect(rows[0]?.ledger).toBe(rows[0]?.bill);
    expect(rows[0]?.bill).toBeGreaterThan(0);
  }, 60_000);

  it('a file that ends too early, or whose sums are not those of its lines, leaves nothing behind', async () => {
    const world = worldOf(7);
    const whole = join(folder, 'whole.csv');
    await writeBill({ ...world, charges: 300 }, whole);
    const text = readFileSync(whole, 'utf8');
    const damaged = [
      text.slice(0, text.length / 2),
      text.slice(0, text.lastIndexOf('总交易单数')),
      text.replace(/\r\n`[^\r]*/, ''),
      text.replace('`0.60%', '`0.60%'.repeat(2_000)),
    ];
    for (const [index, bad] of damaged.entries()) {
      const path = join(folder, `bad${index}.csv`);
      writeFileSync(path, bad);
      const imported = await importFile(world, path);
      expect(imported).toMatchObject({ ok: false, error: { type: 'bill-unreadable' } });
    }
    expect(await count('bill_row', world)).toBe(0);
    expect(await count('bill', world)).toBe(0);
  });
});
