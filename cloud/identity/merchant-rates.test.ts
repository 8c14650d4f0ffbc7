import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MerchantId } from '#shared/ids/ids.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { areRatesAgreed, oldRateGraceMs } from '#cloud/identity/merchant-rates.ts';
import { provisionMerchant } from '#cloud/identity/provisioning.ts';
import { createTestCloud, type TestCloud } from '#cloud/platform/testing/test-cloud.ts';

let cloud: TestCloud;
let merchantId: MerchantId;
/** The rate of 10% was replaced by 15% at this moment. */
const replacedAtMs = 1_800_000_000_000;

beforeAll(async () => {
  cloud = await createTestCloud();
  const { db, operatorId } = cloud.deps;
  const merchant = {
    operatorId,
    name: '店',
    concessionBp: basisPoints(1_000),
    sameDayBp: basisPoints(8_000),
    cutOverHour: 4,
  };
  merchantId = await db.transaction((tx) => provisionMerchant(tx, merchant, cloud.deps));
  await db.execute(sql`update merchant_rate set from_ms = 0 where merchant_id = ${merchantId}`);
  await db.execute(sql`insert into merchant_rate (operator_id, merchant_id, from_ms, concession_bp)
    values (${operatorId}, ${merchantId}, ${replacedAtMs}, 1500)`);
});
afterAll(() => cloud.close());

const agreed = (...claims: readonly (readonly [rateBp: number, afterReplacementMs: number])[]) =>
  cloud.deps.db.transaction((tx) =>
    areRatesAgreed(
      tx,
      claims.map(([rateBp, afterMs]) => ({
        operatorId: cloud.deps.operatorId,
        merchantId,
        concessionBp: basisPoints(rateBp),
        atMs: replacedAtMs + afterMs,
      })),
    ),
  );
const before = -1_000;
const late = oldRateGraceMs + 1_000;

test('a replaced rate holds for a week; each rate of a batch is judged by its latest sale', async () => {
  expect(await agreed()).toBe(true);
  expect(await agreed([1_000, before], [1_000, oldRateGraceMs], [1_500, late])).toBe(true);
  expect(await agreed([1_000, late])).toBe(false);
  expect(await agreed([1_000, before], [1_000, late], [1_500, late])).toBe(false);
  expect(await agreed([1_000, late], [1_000, before], [1_500, late])).toBe(false);
});

test('one rate that the merchant never had spoils the batch', async () => {
  expect(await agreed([1_500, late], [1_200, late], [1_000, before])).toBe(false);
});
