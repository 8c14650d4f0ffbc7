import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { askNotifiedOnce } from '#cloud/payments/notifies/notified-questions.ts';
import {
  keptOf,
  openNotifyBench,
  speakers,
  type NotifyBench,
  type Speaker,
} from '#cloud/payments/notifies/testing/notify-bench.ts';

let house: NotifyBench;
beforeAll(async () => {
  house = await openNotifyBench();
  // Long enough for the end to stand first.
  house.bench.simulator.setRules({ paysOnceClosedAfterMs: 500 });
});
afterAll(() => house.close());

it.each(Object.keys(speakers) as Speaker[])(
  '%s: closed by a reversal, paid all the same, told of, asked about and given back; no sale comes of it',
  async (speaker) => {
    const { bench } = house;
    const { wallet, prefix, digits } = speakers[speaker];
    const authCode = `${prefix}${'9'.repeat(digits - 4)}16`;
    const request = bench.request('16', { wallet, authCode });
    const number = outTradeNo(request.orderId as OrderId, 1);
    const statusOf = async (): Promise<string | undefined> => {
      const { rows } = await bench.deps.db.execute<{ status: string }>(
        sql`select status from payment_attempt where order_id = ${request.orderId}`,
      );
      return rows[0]?.status;
    };
    await startCharge(bench.restarted(), bench.till, request);
    expect(await statusOf()).toBe('waiting-payer');
    await bench.runUntilQuiet();
    expect(await statusOf()).toBe('reversed');
    await expect.poll(() => keptOf(bench, number)).toMatchObject([{ verdict: 'asking' }]);
    expect(await askNotifiedOnce(bench.deps)).toBe(1);
    expect(await statusOf()).toBe('reversing');
    await bench.runUntilQuiet();
    expect(await statusOf()).toBe('refunded-late');
    const line = bench.simulator.books().find((one) => one.outTradeNo === number);
    expect(line?.closedAtMs).toBeLessThanOrEqual(line?.paidAtMs ?? 0);
    expect(line?.refundedFen).toBe(request.amountFen);
    const { rows: sales } = await bench.deps.db.execute(
      sql`select 1 from settlement_line where order_id = ${request.orderId}`,
    );
    expect(sales).toEqual([]);
  },
);
