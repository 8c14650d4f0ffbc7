import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelCharge, startCharge } from '#cloud/payments/charge.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { startOfflineSettlementWorker } from '#cloud/payments/offline/settlement.ts';
import { startPaymentWorker } from '#cloud/payments/payment-worker.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

const openAttempts = async (): Promise<number> => {
  const { rows } = await bench.deps.db.execute<{ open: number }>(
    sql`select count(*) as open from payment_attempt where next_step is not null`,
  );
  return rows[0]?.open ?? 0;
};

it('workers that are stopped and started all the time still bring every charge to its end', async () => {
  const suffixes = ['02', '03', '04', '05', '07', '02', '03', '04', '05', '07'];
  const requests = suffixes.map((suffix) => bench.request(suffix));
  await Promise.all(requests.map((one) => startCharge(bench.deps, bench.till, one)));
  const cancelled = requests[5]!;
  const key = { ...bench.till, orderId: cancelled.orderId as OrderId, attempt: 1 };
  await cancelCharge(bench.deps, bench.till, key);
  for (let life = 0; (await openAttempts()) > 0; life += 1) {
    expect(life).toBeLessThan(200);
    const deps = bench.restarted();
    const workers = [startPaymentWorker(deps), startOfflineSettlementWorker(deps)];
    await sleep(20);
    bench.clock.advance(2_000);
    await Promise.all(workers.map((worker) => worker.stop()));
  }
  const { rows } = await bench.deps.db.execute<{ order_id: string; status: string }>(
    sql`select order_id, status from payment_attempt`,
  );
  const statusOf = new Map(rows.map((row) => [row.order_id, row.status]));
  expect(requests.map((one) => statusOf.get(one.orderId))).toEqual([
    'paid',
    'reversed',
    'paid',
    'reversed',
    'paid',
    'reversed',
    'reversed',
    'paid',
    'reversed',
    'paid',
  ]);
  const taken = bench.simulator.books().filter((line) => line.state === 'SUCCESS');
  expect(taken).toHaveLength(5);
});
