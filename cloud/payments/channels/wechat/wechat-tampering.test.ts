import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { makeWechatSandboxKeys, publicKeyId } from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { signedHeaders } from '#cloud/channel-simulator/faces/wechat/seal.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { partner, sandboxAccount } from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

const nowMs = 1_790_000_000_000;
const keys = makeWechatSandboxKeys();
const order = { channelMerchantNo: '1900000109', outTradeNo: 'ORDER00000001', netFen: fen(1_234) };
const paid = {
  sp_mchid: partner.spMchid,
  sub_mchid: '1900000109',
  out_trade_no: 'ORDER00000001',
  transaction_id: '4200000000000000000000000001',
  trade_state: 'SUCCESS',
  success_time: '2026-09-21T12:00:00+08:00',
  amount: { total: 1_234, currency: 'CNY' },
};
const platformKey = keys.platform.get(publicKeyId)!;
const signed = (value: object): Answer => {
  const body = JSON.stringify(value);
  const headers = signedHeaders(body, { serial: publicKeyId, key: platformKey, nowMs });
  return { headers, body: Buffer.from(body), status: 200 };
};

interface Answer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly status: number;
}

let server: Server;
let channel: Channel;
let answer: Answer;

/** A far end that says exactly what the test tells it, signed or not. */
beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  channel = createWechatChannel({
    baseUrl: `http://127.0.0.1:${port}`,
    clock: createManualClock(nowMs),
    random: createSystemRandom(),
    readTimeoutMs: 5_000,
    account: sandboxAccount(keys),
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const query = async () => (await channel.query(order)).outcome;

it('the answer as it was signed is believed', async () => {
  answer = signed(paid);
  expect(await query()).toMatchObject({ type: 'paid' });
});

it('every byte of the body: changed, it is no longer believed', async () => {
  const whole = signed(paid);
  for (let at = 0; at < whole.body.length; at += 1) {
    const body = Buffer.from(whole.body);
    body[at] = (body[at] ?? 0) ^ 1;
    answer = { ...whole, body };
    expect(await query(), `byte ${at}`).toEqual({ type: 'unknown', code: 'bad-signature' });
  }
});

it('every character of the signature, time, nonce and serial: changed, it is no longer believed', async () => {
  const whole = signed(paid);
  for (const name of ['signature', 'timestamp', 'nonce', 'serial']) {
    const header = `wechatpay-${name}`;
    const value = whole.headers[header] ?? '';
    for (let at = 0; at < value.length; at += 1) {
      const other = value[at] === '0' ? '1' : '0';
      const changed = value.slice(0, at) + other + value.slice(at + 1);
      answer = { ...whole, headers: { ...whole.headers, [header]: changed } };
      expect((await query()).type, `${header} at ${at}`).toBe('unknown');
    }
  }
});

it('truly signed, but about another amount, merchant, number or currency: not paid', async () => {
  const others = [
    { ...paid, amount: { total: 1_233, currency: 'CNY' } },
    { ...paid, amount: { total: 1_234, currency: 'HKD' } },
    { ...paid, amount: undefined },
    { ...paid, sub_mchid: '1900000110' },
    { ...paid, sp_mchid: '1900000002' },
    { ...paid, out_trade_no: 'ORDER00000002' },
    { ...paid, transaction_id: undefined },
    { ...paid, success_time: 'soon' },
  ];
  for (const value of others) {
    answer = signed(value);
    expect((await query()).type, JSON.stringify(value)).toBe('unknown');
  }
});

it('an unsigned refusal concludes nothing, however final its code', async () => {
  const body = Buffer.from(JSON.stringify({ code: 'NOTENOUGH', message: '余额不足' }));
  answer = { status: 403, headers: { 'content-type': 'application/json' }, body };
  const refund = { ...order, outRefundNo: 'REFUND0001', refundFen: fen(1) };
  const { outcome, evidence } = await channel.refund(refund);
  expect(outcome).toEqual({ type: 'unknown', code: 'bad-signature' });
  expect(evidence).toMatchObject({ httpStatus: 403, signature: 'missing' });
});

it.each([
  ['PROCESSING', 'refunding'],
  ['ABNORMAL', 'refunding'],
  ['CLOSED', 'refund-failed'],
  ['SUCCESS', 'refunded'],
  ['SOMETHING_NEW', 'unknown'],
])('a refund that is %s is %s', async (status, type) => {
  answer = signed({
    out_trade_no: order.outTradeNo,
    out_refund_no: 'REFUND0001',
    refund_id: '50',
    status,
    amount: { total: 1_234, refund: 34, currency: 'CNY' },
  });
  const refund = { ...order, outRefundNo: 'REFUND0001', refundFen: fen(34) };
  expect((await channel.refund(refund)).outcome.type).toBe(type);
  const other = { ...refund, refundFen: fen(35) };
  expect((await channel.refund(other)).outcome.type).toBe('unknown');
});

it('no address but the channel’s own is asked for a bill', async () => {
  const chunks: Uint8Array[] = [];
  answer = signed({
    hash_type: 'SHA1',
    hash_value: '0'.repeat(40),
    download_url: 'https://elsewhere.invalid/file',
  });
  const { outcome } = await channel.bills!.download({ date: '2026-09-21' }, (chunk) => {
    chunks.push(chunk);
  });
  expect(outcome).toEqual({ type: 'unknown', code: 'foreign-address' });
  expect(chunks).toEqual([]);
});
