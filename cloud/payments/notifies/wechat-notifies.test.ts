import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { certificateSerial, publicKeyId } from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import {
  keptOf,
  makeFarKeys,
  openNotifyBench,
  sayWechat,
  type NotifyBench,
  type Posted,
} from '#cloud/payments/notifies/testing/notify-bench.ts';
import { askRefund } from '#cloud/refunds/ask-refund.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';

/**
 * WeChat Pay has no notify for codepay charges; those for refunds, and for payments made elsewhere,
 * come here.
 */
let house: NotifyBench;
/** The postings that bear a signature that must not hold, beginning with the last of these. */
const probes: boolean[] = [];
beforeAll(async () => {
  house = await openNotifyBench(makeFarKeys(), () => probes.pop() ?? false);
  await house.bench.deps.db.execute(
    sql`update merchant_channel set enabled = false where channel = 'aggregator'`,
  );
});
afterAll(() => house.close());

const accepted = { status: 200, body: '{"code":"SUCCESS"}' };
const refused = { status: 400, body: '{"code":"FAIL","message":"not accepted"}' };
const numberOf = ({ orderId }: Pick<ChargeRequest, 'orderId'>) => outTradeNo(orderId as OrderId, 1);
const charge = async (suffix: string): Promise<ChargeRequest> => {
  const request = house.bench.request(suffix);
  await startCharge(house.bench.restarted(), house.bench.till, request);
  return request;
};
const statusOf = async ({ orderId }: ChargeRequest) => {
  const { rows } = await house.bench.deps.db.execute<{ status: string }>(
    sql`select status from payment_attempt where order_id = ${orderId}`,
  );
  return rows[0]?.status;
};
const say = (
  request: ChargeRequest,
  change: Partial<Parameters<typeof sayWechat>[1]> = {},
): Posted =>
  sayWechat(house.keys.wechat, {
    outTradeNo: numberOf(request),
    amountFen: request.amountFen,
    nowMs: house.bench.clock.nowMs(),
    ...change,
  });
const post = async (posted: Posted) => {
  const { status, body } = await house.post('wechat', posted);
  return { status, body };
};

it.each([
  ['a platform certificate', certificateSerial],
  ['the platform’s public key', publicKeyId],
])('a payment told under %s is a sale, its repetition is none', async (_what, serial) => {
  const request = await charge('05');
  expect(await statusOf(request)).toBe('unknown');
  const posted = say(request, { serial });
  expect(await post(posted)).toEqual(accepted);
  expect(await statusOf(request)).toBe('paid');
  expect(await post(posted)).toEqual(accepted);
  // The channel encrypts and signs anew each time; the event stays the same.
  expect(await post(say(request, { serial }))).toEqual(accepted);
  expect(await keptOf(house.bench, numberOf(request))).toEqual([
    { verdict: 'taken', finding: null, seen_count: 3 },
  ]);
});

it('who paid is kept as a keyed hash, as after an answer', async () => {
  const request = await charge('05');
  await post(say(request, { eventNo: 77 }));
  const { rows } = await house.bench.deps.db.execute<{ payer_hash: string }>(
    sql`select payer_hash from payment_attempt where order_id = ${request.orderId}`,
  );
  expect(rows[0]?.payer_hash).toMatch(/^[0-9a-f]{64}$/);
});

it.each([
  ['a probe that must fail', { isProbe: true }],
  ['one sealed with another APIv3 key', { apiV3Key: 'x'.repeat(32) }],
  ['one signed five minutes ago', { nowMs: 0 }],
])('%s: refused in WeChat Pay’s word, and nothing moves', async (_what, change) => {
  const request = await charge('05');
  const nowMs = house.bench.clock.nowMs() - 301_000;
  const posted = say(request, 'nowMs' in change ? { nowMs } : change);
  expect(await post(posted)).toEqual(refused);
  expect(await statusOf(request)).toBe('unknown');
  expect(await keptOf(house.bench, numberOf(request))).toEqual([]);
});

it('without its headers, or under the other key’s name, it is refused', async () => {
  const request = await charge('05');
  const { headers, body } = say(request);
  for (const name of Object.keys(headers).filter((one) => one.startsWith('wechatpay-'))) {
    if (name === 'wechatpay-signature-type') continue;
    const { [name]: _gone, ...rest } = headers;
    expect(await post({ headers: rest, body }), name).toEqual(refused);
  }
  const swapped = { ...headers, 'wechatpay-serial': certificateSerial };
  expect(await post({ headers: swapped, body })).toEqual(refused);
  expect(await statusOf(request)).toBe('unknown');
});

it('every changed byte is refused', async () => {
  const request = await charge('05');
  const { headers, body } = say(request);
  for (let place = 0; place < body.length; place += 17) {
    const forged = `${body.slice(0, place)}${body[place] === 'x' ? 'y' : 'x'}${body.slice(place + 1)}`;
    expect(await post({ headers, body: forged })).toEqual(refused);
  }
  expect(await statusOf(request)).toBe('unknown');
});

it('another amount, another shop, another number: kept for people, and no sale', async () => {
  const request = await charge('05');
  expect(await post(say(request, { amountFen: 1 }))).toEqual(accepted);
  expect(await post(say(request, { merchantNo: '1900000999' }))).toEqual(accepted);
  const stranger = { ...request, orderId: house.bench.newOrderId() };
  expect(await post(say(stranger))).toEqual(accepted);
  const findings = await keptOf(house.bench, numberOf(request));
  expect(findings.map(({ finding }) => finding)).toEqual(['order-mismatch', 'order-mismatch']);
  expect(await keptOf(house.bench, numberOf(stranger))).toMatchObject([
    { finding: 'number-unknown' },
  ]);
  expect(await statusOf(request)).toBe('unknown');
});

it('the simulator tells of a refund, again and again until it is taken; the refund is asked about at once', async () => {
  const request = await charge('01');
  expect(await statusOf(request)).toBe('paid');
  house.setDown(1_000);
  house.bench.simulator.setFaults(({ path }) =>
    path.endsWith('/refunds') ? 'lose-answer' : 'none',
  );
  await askRefund(house.bench.restarted(), house.bench.till, {
    orderId: request.orderId as OrderId,
    refundNo: 1,
    amountFen: request.amountFen,
    cashier: '小王',
    reason: '退货',
  });
  house.setDown(0);
  const no = `${numberOf(request)}T1`;
  const kept = () => keptOf(house.bench, no);
  await expect.poll(kept).toMatchObject([{ verdict: 'hurried' }]);
  house.bench.simulator.setFaults(() => 'none');
  expect(await runRefundsOnce(house.bench.deps)).toBe(1);
  const { rows } = await house.bench.deps.db.execute(
    sql`select status from order_refund where order_id = ${request.orderId}`,
  );
  expect(rows).toEqual([{ status: 'done' }]);
});

it('WeChat Pay tries whether signatures are looked at: refused and counted, nobody is alarmed, and the true one is taken', async () => {
  const { cloud } = house.bench;
  const counted = async () =>
    Object.fromEntries(
      (await cloud.deps.metrics.channelNotifies.get()).values.map(({ labels, value }) => [
        labels.verdict,
        value,
      ]),
    );
  const [before, logged] = [await counted(), cloud.log().length];
  probes.push(true, true);
  const wechat = house.bench.deps.channels.get('wechat');
  expect((await wechat?.probe?.())?.outcome).toEqual({ type: 'healthy' });
  await expect
    .poll(async () => (await counted())['no-news'] ?? 0)
    .toBe(1 + (before['no-news'] ?? 0));
  const after = await counted();
  expect(after['probed']).toBe(2 + (before['probed'] ?? 0));
  expect(after['refused']).toBe(before['refused']);
  expect(cloud.log().slice(logged)).not.toMatch(/"level":[456]0/);
});
