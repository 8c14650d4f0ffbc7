import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  createPromotionBench,
  prices,
  type PromotionBench,
} from '#cloud/promotion/testing/promotion-bench.ts';

/** Rule R28 (docs/points.md): promotion credit buys services; it is never money, a voucher, or another shop's. */
let bench: PromotionBench;
beforeAll(async () => {
  bench = await createPromotionBench();
});
afterAll(() => bench.close());

const cloudFolder = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(cloudFolder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|testing\//.test(file))
  .map((file) => ({ file, text: readFileSync(join(cloudFolder, file), 'utf8') }));

/** Files that write one of the credit's tables. */
const writersOf = (files: typeof sources): string[] =>
  files
    .filter(({ text }) =>
      /\b(insert\s+into|update|delete\s+from)\s+promo_(credit|entry)\b/i.test(text),
    )
    .map(({ file }) => file)
    .toSorted();

it('credit is written where a sale is final or goes back, and where a service is bought or ends: nowhere else', () => {
  expect(writersOf(sources)).toEqual([
    'points/claw-back.ts',
    'points/final-points.ts',
    'promotion/promo-credit.ts',
  ]);
  const planted = { file: 'planted.ts', text: 'update promo_credit set points = 0' };
  expect(writersOf([planted])).toEqual(['planted.ts']);
});

/** Domains that move money, vouchers or members' points; a calendar is none of it. */
const moneyImports = (files: typeof sources): string[] =>
  files.flatMap(({ file, text }) =>
    [
      ...text.matchAll(
        /#cloud\/(ledger|settlement(?!\/calendar-day-guard)|vouchers|commissions|release|payments(?!\/resolution\/resolution-routes))\//g,
      ),
    ].map((found) => `${file}: ${found[1] ?? ''}`),
  );

it('the code that sells services knows no domain that moves money, vouchers or points of members', () => {
  const promotion = sources.filter(({ file }) => file.startsWith('promotion/'));
  expect(promotion.length).toBeGreaterThan(8);
  expect(moneyImports(promotion)).toEqual([]);
  const planted = {
    file: 'planted.ts',
    text: "import x from '#cloud/vouchers/issue-vouchers.ts';",
  };
  expect(moneyImports([planted])).toEqual(['planted.ts: vouchers']);
});

it('no column of these tables leads to an account, a payee, a voucher or a member but for showings', async () => {
  const { rows } = await bench.cloud.deps.db.execute<{ name: string }>(sql`
    select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'public' and table_name like 'promo\\_%'`);
  const names = rows.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(40);
  const outward =
    /account|payee|payout|bank|voucher|cash|wallet|ledger|transfer|to_merchant|amount_fen/;
  expect(names.filter((name) => outward.test(name))).toEqual([]);
  // What stands in fen is the issuer's own discount, and whose the rest is, is said by one column each.
  expect(names.filter((name) => name.endsWith('_fen'))).toEqual([
    'promo_coupon.off_fen',
    'promo_coupon.minimum_fen',
  ]);
  expect(names.filter((name) => name.endsWith('member_id'))).toEqual(['promo_exposure.member_id']);
  const credit = names.filter((name) => /^promo_(credit|entry)\./.test(name)).toSorted();
  expect(credit).toEqual([
    'promo_credit.merchant_id',
    'promo_credit.operator_id',
    'promo_credit.points',
    'promo_entry.kind',
    'promo_entry.merchant_id',
    'promo_entry.on_day',
    'promo_entry.operator_id',
    'promo_entry.points',
    'promo_entry.ref',
  ]);
});

it('entries are append-only, of four kinds with one sign each, and what is burned comes back at most once', async () => {
  const till = await bench.shop(100);
  const db = bench.cloud.deps.db;
  const { operatorId } = bench.cloud.deps;
  const write = (kind: string, points: number, ref = 'x') =>
    db.execute(sql`insert into promo_entry values
      (${operatorId}, ${till.merchantId}, ${kind}, ${ref}, ${points}, '2026-03-01')`);
  await write('returned', 1);
  await expect(write('returned', 1)).rejects.toThrow();
  await expect(write('returned', -1, 'y')).rejects.toThrow();
  await expect(write('burned', 1, 'y')).rejects.toThrow();
  await expect(write('given', 1, 'y')).rejects.toThrow();
  await expect(db.execute(sql`update promo_entry set points = 5`)).rejects.toThrow();
  await expect(db.execute(sql`delete from promo_entry`)).rejects.toThrow();
});

it('the routes take no points from anybody: nobody names an amount, a shop that receives, or an account', async () => {
  const document = await bench.app.inject('/docs/json');
  const { paths } = document.json<{
    paths: Record<string, Record<string, { requestBody?: unknown }>>;
  }>();
  const bodies = Object.entries(paths)
    .filter(([path]) => path.includes('/promotion'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { requestBody }]) => ({
        route: `${method} ${path}`,
        fields: [
          ...JSON.stringify(requestBody ?? {}).matchAll(
            /"([A-Za-z0-9]+)":\{"(?:type|pattern|anyOf|minimum|const)/g,
          ),
        ].map((found) => found[1]!),
      })),
    );
  expect(bodies.length).toBeGreaterThan(10);
  const naming = bodies.filter(({ fields }) =>
    fields.some((field) =>
      /points|account|payee|recipient|merchantId|voucher|memberId/i.test(field),
    ),
  );
  // The operator's prices are the one place where points are named.
  expect(naming.map(({ route }) => route)).toEqual(['post /admin/v1/promotion/price-lists']);
});

it('buying, delivering and cancelling moves no fen and makes no voucher', async () => {
  const count = async () => {
    const { rows } = await bench.cloud.deps.db.execute(sql`
      select (select count(*) from ledger_entry) as legs, (select count(*) from voucher) as vouchers,
             (select count(*) from points_entry) as points,
             (select count(*) from settlement_line) as settled`);
    return rows[0];
  };
  const list = { effectiveOn: bench.today(), prices, why: 'a test' };
  await bench.admin('promotion/price-lists', list, bench.personKey);
  const before = await count();
  const till = await bench.shop(50_000);
  const details = { service: 'map-pin', text: '人民路 8 号' };
  const bought = await bench.post(till, '/v1/promotion/orders', {
    idemKey: 'nothing-else',
    priceVersion: 1,
    details,
  });
  expect(bought.status).toBe(200);
  const id = String(bought.body['promoOrderId']);
  await bench.admin(`promotion/orders/${id}/cancel`, { note: 'a test' }, bench.personKey);
  expect(await count()).toEqual(before);
});
