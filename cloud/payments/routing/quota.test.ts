import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCharge } from '#cloud/payments/charge.ts';
import { openMerchantChannels, type MerchantChannel } from '#cloud/payments/merchant-channels.ts';
import {
  createPaymentBench,
  provisionTill,
  type PaymentBench,
} from '#cloud/payments/testing/payment-bench.ts';
import type { TillIdentity } from '#cloud/payments/charge.ts';

/** The last hour of a month in Shanghai. */
const startMs = Date.parse('2026-09-30T23:30:00+08:00');
const tillsAtOnce = 64;
const amountFen = 1_234;

let bench: PaymentBench;
let till: TillIdentity;
let shops = 0;
beforeAll(async () => {
  bench = await createPaymentBench({ startMs });
});
afterAll(() => bench.close());
beforeEach(async () => {
  shops += 1;
  till = await provisionTill(bench.cloud, `19000002${String(shops).padStart(2, '0')}`);
});

const channelOf = (name: 'unionpay' | 'alipay', limits: Partial<MerchantChannel>) => ({
  channel: name,
  channelMerchantNo: `19000002${String(shops).padStart(2, '0')}`,
  wallets: ['unionpay' as const],
  priority: 1,
  perTxnMaxFen: 5_000_000,
  dayQuotaFen: 1_000_000_000,
  ...limits,
});

const open = (...channels: readonly MerchantChannel[]) =>
  openMerchantChannels(bench.deps.db, { ...till, channels });

/** So many tills at once; how many were paid, and why the others were not. */
async function rush(count = tillsAtOnce) {
  const answers = await Promise.all(
    Array.from({ length: count }, () =>
      startCharge(bench.deps, till, bench.request('01', { wallet: 'unionpay', amountFen })),
    ),
  );
  return {
    paid: answers.filter((one) => one.ok && one.value.status === 'paid').length,
    refused: [...new Set(answers.flatMap((one) => (one.ok ? [] : [one.error.code])))],
  };
}

async function buckets() {
  const { rows } = await bench.deps.db.execute<{ d: string; fen: number; n: number; open: number }>(
    sql`select quota_date::text as d, sum(used_fen) as fen, sum(used_count) as n,
               sum(reserved_fen + reserved_count) as open
          from channel_quota_day where merchant_id = ${till.merchantId} group by 1 order by 1`,
  );
  return rows;
}

describe(`${tillsAtOnce} charges at once get exactly what a limit leaves, and not one more`, () => {
  it.each([
    ['the amount of a day', { dayQuotaFen: 9 * amountFen + 1_233 }, 9],
    ['the count of a day', { dayCountMax: 7 }, 7],
    ['the amount of a month', { monthQuotaFen: 11 * amountFen }, 11],
    ['the count of a month', { monthCountMax: 13 }, 13],
    ['two limits, of which the month is the tighter', { dayCountMax: 20, monthCountMax: 5 }, 5],
  ])('%s', async (_, limits, expected) => {
    await open(channelOf('unionpay', limits));
    expect(await rush()).toEqual({ paid: expected, refused: ['channel-quota-reached'] });
    // What a loser took of the day before it met the month is free again.
    expect(await buckets()).toMatchObject([{ n: expected, fen: expected * amountFen, open: 0 }]);
  });

  it('over two channels: each takes what it may, no order is split, the rest is refused', async () => {
    await open(channelOf('unionpay', { dayCountMax: 6 }), channelOf('alipay', { dayCountMax: 9 }));
    expect(await rush()).toEqual({ paid: 15, refused: ['channel-quota-reached'] });
    const { rows } = await bench.deps.db.execute(sql`
      select channel, used_count from channel_quota_day where merchant_id = ${till.merchantId}
       order by 1`);
    expect(rows).toEqual([
      { channel: 'alipay', used_count: 9 },
      { channel: 'unionpay', used_count: 6 },
    ]);
  });
});

it('a definite failure gives its part back; what is unknown keeps it until it is definite', async () => {
  await open(channelOf('unionpay', { dayCountMax: 1 }));
  const charge = (suffix: string) =>
    startCharge(bench.deps, till, bench.request(suffix, { wallet: 'unionpay', amountFen }));
  expect(await charge('12')).toMatchObject({ value: { status: 'failed' } });
  expect(await charge('05')).toMatchObject({ value: { status: 'unknown' } });
  expect(await charge('01')).toMatchObject({ error: { code: 'channel-quota-reached' } });
  await bench.runUntilQuiet({ withinMs: 120_000 });
  expect(await charge('01')).toMatchObject({ value: { status: 'paid' } });
});

it('a sale that does not fit one channel goes whole to another; the attempt tells every reason', async () => {
  await open(channelOf('unionpay', { perTxnMaxFen: 1_000 }), channelOf('alipay', { priority: 2 }));
  const request = bench.request('01', { wallet: 'unionpay', amountFen });
  expect(await startCharge(bench.deps, till, request)).toMatchObject({
    value: { status: 'paid', channel: 'alipay' },
  });
  const { rows } = await bench.deps.db.execute<{ route: object }>(
    sql`select route from payment_attempt where order_id = ${request.orderId}`,
  );
  expect(rows[0]?.route).toMatchObject({
    version: 2,
    channel: 'alipay',
    candidates: [
      { channel: 'unionpay', reason: 'over-single-limit' },
      { channel: 'alipay', reason: 'taken' },
    ],
  });
});

const again = async (suffix: string) => {
  await open(channelOf('unionpay', {}), channelOf('alipay', { priority: 2 }));
  const request = bench.request(suffix, { wallet: 'unionpay', amountFen });
  await startCharge(bench.deps, till, request);
  await bench.runUntilQuiet({ withinMs: 120_000 });
  await open(channelOf('unionpay', { perTxnMaxFen: 1 }));
  const { authCode } = bench.request('01');
  return await startCharge(bench.deps, till, { ...request, attempt: 2, authCode });
};

describe('a second channel', () => {
  it('is not tried after a failure that is about the payer', async () => {
    expect(await again('12')).toMatchObject({ error: { code: 'channel-quota-reached' } });
  });

  it('is tried when the first one refused the merchant, and that is said by its table', async () => {
    expect(await again('14')).toMatchObject({ value: { status: 'paid', channel: 'alipay' } });
    const { rows } = await bench.deps.db.execute(
      sql`select channel, seen_count from channel_alarm where merchant_id = ${till.merchantId}`,
    );
    expect(rows).toEqual([{ channel: 'unionpay', seen_count: 1 }]);
  });
});

it('midnight in Shanghai at the end of a month turns both buckets', async () => {
  await open(channelOf('unionpay', { dayCountMax: 3, monthCountMax: 4 }));
  bench.clock.advanceTo(Date.parse('2026-09-30T23:59:59.999+08:00'));
  expect((await rush(8)).paid).toBe(3);
  expect((await rush(2)).paid).toBe(0);
  bench.clock.advance(1);
  expect((await rush(8)).paid).toBe(3);
  bench.clock.advance(86_400_000);
  // The new month has one left.
  expect((await rush(8)).paid).toBe(1);
  expect((await buckets()).map(({ d, n }) => [d, n])).toEqual([
    ['2026-09-30', 3],
    ['2026-10-01', 3],
    ['2026-10-02', 1],
  ]);
});

it('only a registered terminal charges where the channel wants it so', async () => {
  await open(channelOf('unionpay', { needsRegistration: true }));
  expect((await rush(1)).refused).toEqual(['no-channel']);
});
