import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Channel } from '#cloud/channel/channel.ts';
import { hurryAttempt } from '#cloud/payments/attempt-store.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { hurryRefund } from '#cloud/refunds/refund-store.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import type { OrderId } from '#shared/ids/ids.ts';

/**
 * News of a channel that come while a question is under way: its answer is older, and must not put
 * them off.
 */
let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

/**
 * The same deps, but `meanwhile` happens after the channel answered and before anybody here heard
 * it.
 */
function during(word: 'query' | 'queryRefund', meanwhile: () => Promise<unknown>) {
  const channels = new Map(
    [...bench.deps.channels].map(([name, channel]): [string, Channel] => {
      const asked = channel[word]?.bind(channel) as
        ((order: unknown) => Promise<unknown>) | undefined;
      if (asked === undefined) return [name, channel];
      const slow = async (order: unknown) => {
        const answer = await asked(order);
        await meanwhile();
        return answer;
      };
      return [name, { ...channel, [word]: slow }];
    }),
  );
  return { ...bench.deps, channels };
}

const dueOf = async (table: string, orderId: string): Promise<number | null> => {
  const { rows } = await bench.deps.db.execute<{ due: number | null }>(
    sql`select next_at_ms as due from ${sql.identifier(table)} where order_id = ${orderId}`,
  );
  return rows[0]?.due ?? null;
};

it('a charge is asked about again at once, once', async () => {
  const request = bench.request('05');
  await startCharge(bench.deps, bench.till, request);
  const key = {
    operatorId: bench.till.operatorId,
    orderId: request.orderId as OrderId,
    attempt: 1,
  };
  bench.clock.advanceTo((await dueOf('payment_attempt', request.orderId)) ?? 0);
  const nowMs = bench.clock.nowMs();
  const hurry = () => bench.deps.db.transaction((tx) => hurryAttempt(tx, key, nowMs));
  expect(await runPaymentsOnce(during('query', hurry))).toBe(1);
  expect(await dueOf('payment_attempt', request.orderId)).toBe(nowMs);
  expect(await runPaymentsOnce(bench.deps)).toBe(1);
  expect(await dueOf('payment_attempt', request.orderId)).toBeGreaterThan(nowMs);
});

it('a refund is asked about again at once, once', async () => {
  const request = bench.request('01', { wallet: 'alipay', authCode: '280000000000000001' });
  await startCharge(bench.deps, bench.till, request);
  bench.simulator.setFaults(({ path }) => (/refund/.test(path) ? 'lose-answer' : 'none'));
  const asked = { orderId: request.orderId as OrderId, refundNo: 1, amountFen: 100 };
  const words = { cashier: '小王', reason: '退货' };
  expect(await askRefund(bench.deps, bench.till, { ...asked, ...words })).toMatchObject({
    value: { status: 'refunding' },
  });
  bench.clock.advanceTo((await dueOf('order_refund', request.orderId)) ?? 0);
  const nowMs = bench.clock.nowMs();
  const { operatorId } = bench.till;
  const { rows } = await bench.deps.db.execute<{ no: string }>(
    sql`select out_refund_no as no from order_refund where order_id = ${request.orderId}`,
  );
  const number = { operatorId, outRefundNo: rows[0]?.no ?? '', nowMs };
  const hurry = () => bench.deps.db.transaction((tx) => hurryRefund(tx, number));
  await runRefundsOnce(during('queryRefund', hurry));
  expect(await dueOf('order_refund', request.orderId)).toBe(nowMs);
  await runRefundsOnce(bench.deps);
  expect(await dueOf('order_refund', request.orderId)).toBeGreaterThan(nowMs);
});
