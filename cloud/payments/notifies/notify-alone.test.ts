import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import {
  merchantChannelsDefault,
  openMerchantChannels,
} from '#cloud/payments/merchant-channels.ts';
import {
  keptOf,
  merchantNo,
  openNotifyBench,
  speakers,
  type NotifyBench,
} from '#cloud/payments/notifies/testing/notify-bench.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';

/**
 * A till over HTTP, a channel that posts by itself, and nobody who asks: no worker, no query of the
 * till.
 */
let house: NotifyBench;
let till: TestTerminal;
beforeAll(async () => {
  house = await openNotifyBench();
  till = await activateTestTerminal({ origin: house.origin, operatorToken: testOperatorToken });
  await openMerchantChannels(house.bench.deps.db, {
    operatorId: house.bench.till.operatorId,
    merchantId: till.merchantId,
    channels: merchantChannelsDefault(merchantNo),
  });
});
afterAll(() => house.close());

const inTime = () => ({
  createdShiftSeconds: Math.floor((house.bench.clock.nowMs() - Date.now()) / 1000),
});
let codes = 0;
async function charge(speaker: 'alipay' | 'unionpay', suffix: string) {
  codes += 1;
  const { wallet, prefix, digits } = speakers[speaker];
  const authCode = `${prefix}${String(codes).padStart(digits - 4, '0')}${suffix}`;
  const request = house.bench.request(suffix, { wallet, authCode });
  const answer = await till.post('/v1/charges', request, inTime());
  return { request, answer, no: outTradeNo(request.orderId as OrderId, 1) };
}
const statusOf = async (orderId: string): Promise<string> => {
  const { rows } = await house.bench.deps.db.execute<{ status: string }>(
    sql`select status from payment_attempt where order_id = ${orderId}`,
  );
  return rows[0]?.status ?? 'none';
};
const resultsOf = async (orderId: string) => {
  const { body } = await till.get('/v1/results?after=0', inTime());
  const { results } = body as unknown as { results: readonly { readonly orderId: string }[] };
  return results.filter((result) => result.orderId === orderId);
};
/** Requests that the channel was sent, whatever they asked. */
const sent = (): number =>
  [...house.bench.simulator.requestCounts().values()].reduce((sum, count) => sum + count, 0);

describe.each(['alipay', 'unionpay'] as const)('%s', (speaker) => {
  it('a payment is learned by its notify alone: one request went out, and the till hears paid', async () => {
    const before = sent();
    const { request, answer } = await charge(speaker, '04');
    // The notify may be there before the till has its answer.
    expect(answer).toMatchObject({
      status: 200,
      body: { status: expect.stringMatching(/^(unknown|paid)$/) },
    });
    await vi.waitFor(async () => expect(await statusOf(request.orderId)).toBe('paid'), 5_000);
    expect(await resultsOf(request.orderId)).toMatchObject([
      { result: 'paid', channel: speaker, attempt: 1 },
    ]);
    expect(sent() - before).toBe(1);
  });

  it('a notify that comes late and twice: paid with the first, one result, one sale, nothing asked', async () => {
    const before = sent();
    const { request, answer, no } = await charge(speaker, '15');
    expect(answer).toMatchObject({ status: 200, body: { status: 'unknown' } });
    expect(await resultsOf(request.orderId)).toEqual([]);
    await vi.waitFor(
      async () => expect(await keptOf(house.bench, no)).toMatchObject([{ seen_count: 2 }]),
      5_000,
    );
    expect(await statusOf(request.orderId)).toBe('paid');
    expect(await resultsOf(request.orderId)).toHaveLength(1);
    const { rows } = await house.bench.deps.db.execute(
      sql`select 1 from settlement_line where order_id = ${request.orderId}`,
    );
    expect(rows).toHaveLength(1);
    expect(sent() - before).toBe(1);
  });
});
