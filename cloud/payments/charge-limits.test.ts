import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { openMerchantChannels } from '#cloud/payments/merchant-channels.ts';
import { dumpDatabase } from '#cloud/payments/testing/dump-database.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());

const charge = (request: ChargeRequest) => startCharge(bench.deps, bench.till, request);

describe('channels and quotas', () => {
  it('a merchant without the wallet, and a full day quota, are refused before anything is sent', async () => {
    const { operatorId, merchantId } = bench.till;
    const nobody = { ...bench.till, merchantId: 'mch_01ARZ3NDEKTSV4RRFFQ69G5FAV' as never };
    expect(await startCharge(bench.deps, nobody, bench.request('01'))).toMatchObject({
      error: { code: 'no-channel' },
    });
    const limited = (dayQuotaFen: number) =>
      openMerchantChannels(bench.deps.db, {
        operatorId,
        merchantId,
        channels: [
          {
            channel: 'unionpay',
            channelMerchantNo: bench.merchantNo,
            wallets: ['unionpay'],
            priority: 3,
            perTxnMaxFen: 5_000_000,
            dayQuotaFen,
          },
        ],
      });
    await limited(1_500);
    const first = bench.request('01', { wallet: 'unionpay' });
    const second = bench.request('01', { wallet: 'unionpay' });
    const both = await Promise.all(
      [first, second].map((r) => startCharge(bench.deps, bench.till, r)),
    );
    expect(both.filter((one) => !one.ok)).toEqual([
      { ok: false, error: { code: 'channel-quota-reached' } },
    ]);
    await limited(50_000_000);
  });

  it('64 tills at once never get more than the day quota, and not one fen less', async () => {
    const { operatorId, merchantId } = bench.till;
    await openMerchantChannels(bench.deps.db, {
      operatorId,
      merchantId,
      channels: [
        {
          channel: 'alipay',
          channelMerchantNo: bench.merchantNo,
          wallets: ['alipay'],
          priority: 2,
          perTxnMaxFen: 5_000_000,
          dayQuotaFen: 7 * 1_234 + 100,
        },
      ],
    });
    const all = await Promise.all(
      Array.from({ length: 64 }, () => charge(bench.request('01', { wallet: 'alipay' }))),
    );
    expect(all.filter((one) => one.ok && one.value.status === 'paid')).toHaveLength(7);
    expect(all.filter((one) => !one.ok && one.error.code === 'channel-quota-reached')).toHaveLength(
      57,
    );
  });

  it('what was reserved ends as used or free: the bucket holds exactly what was paid', async () => {
    await bench.runUntilQuiet();
    const { rows } = await bench.deps.db.execute<{ bad: number }>(sql`
      select count(*) as bad from channel_quota_day q
       where reserved_fen <> 0 or used_fen <> (
         select coalesce(sum(amount_fen - voucher_fen), 0) from payment_attempt a
          where a.channel = q.channel and a.merchant_id = q.merchant_id
            and a.quota_date = q.quota_date and a.status = 'paid')`);
    expect(rows[0]?.bad).toBe(0);
  });
});

it('no payment code is in the database or in the logs, even when a channel repeats it', async () => {
  bench.simulator.setFaults(() => 'echo-request');
  const request = bench.request('01', { authCode: '134567890123456701' });
  await charge(request);
  const held = bench.request('03', { authCode: '134567890123456703' });
  await charge(held);
  await bench.runUntilQuiet();
  const dump = await dumpDatabase(bench.cloud.databaseUrl);
  // The planted proof that the dump sees such columns at all: the mask of the echoed code is there.
  expect(dump).toContain('****6701');
  expect(dump).toContain(request.orderId);
  for (const secret of [request.authCode, held.authCode, ...bench.secrets]) {
    expect(dump.includes(secret)).toBe(false);
    expect(bench.cloud.log().includes(secret)).toBe(false);
  }
});
