import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { makeAlipaySandboxKeys, sandboxAppId } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { sealedAnswer, signedNotice } from '#cloud/channel-simulator/faces/alipay/seal.ts';
import { judgeNotified } from '#cloud/channel/channel-notify.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { createAlipayChannel } from '#cloud/payments/channels/alipay/alipay-channel.ts';
import { publicKeyMode, type AlipayAccount } from '#cloud/payments/channels/alipay/config.ts';
import {
  direct,
  otherSellerId,
  sellerId,
} from '#cloud/payments/channels/alipay/testing/alipay-rig.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

const keys = makeAlipaySandboxKeys();
const key = keys.alipayPrivateKey;
const order = { channelMerchantNo: sellerId, outTradeNo: 'ORDER00000001', netFen: fen(1_234) };
const paid = {
  code: '10000',
  msg: 'Success',
  out_trade_no: 'ORDER00000001',
  trade_no: '2026092122001400000000000001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '12.34',
  send_pay_date: '2026-09-21 12:00:00',
  subject: '门店"消费}"',
};
const sealed = (node: object, method = 'alipay.trade.query', signFirst = false): Buffer =>
  Buffer.from(sealedAnswer(JSON.stringify(node), { key, method, signFirst }));
const account: AlipayAccount = {
  appId: sandboxAppId,
  identity: direct,
  privateKey: keys.appPrivateKey,
  alipayKeys: new Map([[publicKeyMode, createPublicKey(key)]]),
  certificates: undefined,
  notifyUrl: undefined,
  billOrigins: [],
  storeId: '',
  freezesMoney: false,
};

let server: Server;
let channel: Channel;
let answer: Buffer;

/** A far end that says exactly what the test tells it, signed or not. */
beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(answer);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  channel = createAlipayChannel({
    gatewayUrl: `http://127.0.0.1:${port}/gateway.do`,
    clock: createManualClock(1_790_000_000_000),
    random: createSystemRandom(),
    readTimeoutMs: 5_000,
    account,
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const query = async () => (await channel.query(order)).outcome;

describe('answers', () => {
  it.each([
    ['behind', false],
    ['before', true],
  ])(
    'the signature stands %s the answer: as it was signed it is believed',
    async (_where, first) => {
      answer = sealed(paid, 'alipay.trade.query', first);
      expect(await query()).toMatchObject({ type: 'paid', paidAtMs: 1_789_963_200_000 });
    },
  );

  it('every byte of it, body, names and signature: changed, it is no longer believed', async () => {
    const whole = sealed(paid);
    for (let at = 0; at < whole.length; at += 1)
      for (const bit of [0x01, 0x20]) {
        answer = Buffer.from(whole);
        answer[at] = (answer[at] ?? 0) ^ bit;
        expect((await query()).type, `byte ${at}, bit ${bit}`).toBe('unknown');
      }
  });

  it('truly signed, but about another amount, number, currency, or without proof: not paid', async () => {
    const others = [
      { ...paid, total_amount: '12.33' },
      { ...paid, total_amount: '12.341' },
      { ...paid, total_amount: '1,2.34' },
      { ...paid, total_amount: undefined },
      { ...paid, pay_currency: 'HKD' },
      { ...paid, out_trade_no: 'ORDER00000002' },
      { ...paid, trade_no: undefined },
      { ...paid, send_pay_date: '2026-09-21T12:00:00Z' },
      { ...paid, sub_code: 'ACQ.SYSTEM_ERROR' },
      { ...paid, code: '10003' },
      { ...paid, code: '20000' },
    ];
    for (const node of others) {
      answer = sealed(node);
      expect((await query()).type, JSON.stringify(node)).toBe('unknown');
    }
  });

  it('a rewritten 10003 is no 10000, an answer to another method is no answer to this one', async () => {
    const waiting = { ...paid, code: '10003', trade_status: 'WAIT_BUYER_PAY' };
    answer = Buffer.from(sealed(waiting).toString().replace('"10003"', '"10000"'));
    expect(await query()).toEqual({ type: 'unknown', code: 'bad-signature' });
    answer = sealed(paid, 'alipay.trade.pay');
    expect(await query()).toEqual({ type: 'unknown', code: 'bad-signature' });
    answer = Buffer.from(`{"error_response":{"code":"40002"},"sign":"AAAA"}`);
    expect(await query()).toEqual({ type: 'unknown', code: 'bad-signature' });
  });

  it('an unsigned refusal concludes nothing, however final its code', async () => {
    const node = { code: '40004', sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' };
    answer = Buffer.from(`{"alipay_trade_refund_response":${JSON.stringify(node)}}`);
    const refund = { ...order, outRefundNo: 'REFUND0001', refundFen: fen(1) };
    const { outcome, evidence } = await channel.refund(refund);
    expect(outcome).toEqual({ type: 'unknown', code: 'bad-signature' });
    expect(evidence).toMatchObject({ httpStatus: 200, signature: 'missing' });
    answer = sealed(node, 'alipay.trade.refund');
    expect((await channel.refund(refund)).outcome.type).toBe('refund-failed');
  });

  it.each([
    [{ retry_flag: 'N', action: 'close' }, 'closed'],
    [{ retry_flag: 'N', action: 'refund' }, 'refunded'],
    [{ retry_flag: 'N' }, 'no-such-order'],
    [{ retry_flag: 'Y', action: 'refund' }, 'unknown'],
    [{ retry_flag: 'N', action: 'something' }, 'unknown'],
    [{ action: 'close' }, 'unknown'],
  ])('a cancellation that says %j is %s', async (said, type) => {
    answer = sealed(
      { code: '10000', out_trade_no: order.outTradeNo, ...said },
      'alipay.trade.cancel',
    );
    expect((await channel.reverse(order)).outcome.type).toBe(type);
    answer = sealed({ code: '10000', out_trade_no: 'OTHER', ...said }, 'alipay.trade.cancel');
    expect((await channel.reverse(order)).outcome.type).toBe('unknown');
  });

  it('no address but Alipay’s own is asked for a bill', async () => {
    const chunks: Uint8Array[] = [];
    answer = sealed(
      { code: '10000', bill_download_url: 'https://elsewhere.invalid/file' },
      'alipay.data.dataservice.bill.downloadurl.query',
    );
    const asked = { date: '2026-09-21', channelMerchantNo: sellerId };
    const { outcome } = await channel.bills!.download(asked, (chunk) => void chunks.push(chunk));
    expect(outcome).toEqual({ type: 'unknown', code: 'foreign-address' });
    expect(chunks).toEqual([]);
  });
});

describe('notifies', () => {
  const params = {
    notify_id: 'n0001',
    notify_type: 'trade_status_sync',
    notify_time: '2026-09-21 12:00:01',
    app_id: sandboxAppId,
    seller_id: sellerId,
    out_trade_no: order.outTradeNo,
    trade_no: paid.trade_no,
    trade_status: 'TRADE_SUCCESS',
    total_amount: '12.34',
    gmt_payment: '2026-09-21 12:00:00',
    subject: '门店 消费+1',
  };
  const read = (change: Readonly<Record<string, string>> = {}) =>
    channel.notify!.read({
      headers: {},
      body: Buffer.from(signedNotice({ ...params, ...change }, { key })),
    });

  it('as it was signed it is paid, for this seller, number and amount alone', () => {
    const event = read();
    if (!event.ok) throw new Error(event.error.code);
    expect(judgeNotified(event.value, order)).toMatchObject({
      type: 'paid',
      paidAtMs: 1_789_963_200_000,
    });
    for (const change of [
      { channelMerchantNo: otherSellerId },
      { outTradeNo: 'OTHER' },
      { netFen: fen(1_233) },
    ])
      expect(judgeNotified(event.value, { ...order, ...change }).type).toBe('unknown');
    expect(channel.notify!.answer(true).body).toBe('success');
    expect(Buffer.byteLength(channel.notify!.answer(true).body)).toBe(7);
    expect(channel.notify!.answer(false).body).not.toContain('success');
  });

  it('another app or seller is refused; a refund is a refund, a closed order is not paid', () => {
    expect(read({ app_id: '2021000000000002' })).toMatchObject({
      error: { code: 'account-mismatch' },
    });
    expect(read({ seller_id: otherSellerId })).toMatchObject({
      error: { code: 'account-mismatch' },
    });
    expect(read({ total_amount: 'much' })).toMatchObject({ error: { code: 'body-garbled' } });
    expect(read({ out_biz_no: 'REFUND0001', refund_fee: '1.00' })).toMatchObject({
      value: { type: 'refund', outNo: 'REFUND0001' },
    });
    expect(read({ trade_status: 'TRADE_CLOSED' })).toMatchObject({ value: { state: 'closed' } });
    expect(read({ trade_status: 'WAIT_BUYER_PAY' })).toMatchObject({ value: { state: 'other' } });
    expect(read({ notify_type: 'open_app_auth_notify' })).toMatchObject({
      value: { type: 'other' },
    });
  });

  it('every byte of it: changed, it is refused', () => {
    const body = Buffer.from(signedNotice(params, { key }));
    for (let at = 0; at < body.length; at += 1)
      for (const bit of [0x01, 0x02, 0x20, 0x80]) {
        const tampered = Buffer.from(body);
        tampered[at] = (tampered[at] ?? 0) ^ bit;
        const judged = channel.notify!.read({ headers: {}, body: tampered });
        expect(judged.ok, `byte ${at}, bit ${bit}: ${tampered.toString()}`).toBe(false);
      }
    for (const tampered of [
      `${body.toString()}&a=b`,
      `${body.toString()}&`,
      `a=&${body.toString()}`,
    ])
      expect(channel.notify!.read({ headers: {}, body: Buffer.from(tampered) }).ok).toBe(false);
    expect(channel.notify!.read({ headers: {}, body }).ok).toBe(true);
  });
});
