import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { capsEditions } from '#cloud/identity/caps-editions.ts';
import { contactGapMsMax } from '#cloud/identity/terminal-contact.ts';
import { capsGoneOver } from '#cloud/payments/offline/caps.ts';
import { lockSettlement } from '#cloud/payments/offline/store.ts';
import type { OfflineSale } from '#cloud/payments/offline/sale.ts';
import { arrive, newBearer, saleAt } from '#cloud/payments/testing/offline-sales.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { fen } from '#shared/money/fen.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

const code = { moment: undefined, paymentCapYuan: 200, windowCapYuan: 300 };
async function judge(sale: OfflineSale) {
  await arrive(bench, sale);
  return bench.deps.db.transaction(async (tx) =>
    capsGoneOver(tx, (await lockSettlement(tx, sale))!, code),
  );
}
const saleOfFirstEdition = (acceptedAtMs: number): OfflineSale =>
  saleAt(bench, bench.till, {
    ...newBearer(bench),
    capsVersion: 1,
    amountFen: fen(1),
    acceptedAtMs,
  });

it('a till that keeps silent about newer caps can name wider old ones no longer than it may be away', async () => {
  const { operatorId } = bench.till;
  const sinceMs = bench.clock.nowMs();
  const newest = JSON.stringify(capsEditions.at(-1));
  await bench.deps.db.execute(sql`
    insert into offline_caps_edition values (${operatorId}, 4, ${newest}::jsonb, ${sinceMs})`);
  // What clocks and heartbeats leave open is the till's.
  const lastMs = sinceMs + capsEditions[0].windowMs + contactGapMsMax + 300_000;
  expect(await judge(saleOfFirstEdition(lastMs))).toBeUndefined();
  expect(await judge(saleOfFirstEdition(lastMs + 1))).toBe('offline-caps-outdated');
  // It may write an earlier time; but no sale is older than the code that paid it.
  const early = saleOfFirstEdition(sinceMs);
  const { memberId, certificateId } = early;
  const phoneHash = '0'.repeat(64);
  await bench.deps.db.execute(sql`
    insert into member values (${operatorId}, ${memberId}, ${phoneHash}, '138****0001', '', 0)`);
  await bench.deps.db.execute(sql`
    insert into member_certificate values
      (${operatorId}, ${certificateId}, ${memberId}, 1, ${lastMs + 1}, ${lastMs + 2})`);
  expect(await judge(early)).toBe('offline-caps-outdated');
});
