import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import {
  loadUnionpaySandboxKeys,
  makeUnionpaySandboxKeys,
  type UnionpaySandboxKeys,
} from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import { judgeNotified } from '#cloud/channel/channel-notify.ts';
import type { ChannelOrder } from '#cloud/channel/channel-exchange.ts';
import { readUnionpayAccount } from '#cloud/payments/channels/unionpay/config.ts';
import { createMoneyScript, terminalId } from '#cloud/payments/channels/testing/money-script.ts';
import {
  openUnionpayRig,
  startMs,
  type UnionpayRig,
} from '#cloud/payments/channels/unionpay/testing/unionpay-rig.ts';

let keys: UnionpaySandboxKeys;
let rig: UnionpayRig;

beforeAll(() => {
  keys = makeUnionpaySandboxKeys();
});
beforeEach(async () => {
  rig = await openUnionpayRig({ keys });
});
afterEach(() => rig.close());

const { newOrder, charge } = createMoneyScript(() => rig, { openedAtMs: startMs });

describe('what only UnionPay does', () => {
  it.each([
    ['02', 'paying', 'paid'],
    ['08', 'paid', 'paid'],
    ['09', 'unknown', 'paid'],
    ['11', 'unknown', 'unpaid'],
    ['13', 'unknown', 'unknown'],
    ['14', 'failed', 'unpaid'],
  ] as const)('code %s: the charge says %s, the query %s', async (suffix, says, then) => {
    const order = newOrder();
    expect((await charge(order, suffix)).type).toBe(says);
    expect((await rig.channel.query(order)).outcome.type).toBe(then);
  });

  it('a void is of the same day: when the day has turned at 23:00, a refund is the way', async () => {
    const [early, late, lost] = [newOrder(), newOrder(), newOrder()];
    await charge(early);
    await charge(late);
    const untilTurnMs = 46 * 60_000 + 40_000;
    rig.advance(untilTurnMs - 1_000);
    expect((await rig.channel.reverse(early)).outcome.type).toBe('refunded');
    rig.advance(1_000);
    expect((await rig.channel.reverse(late)).outcome.type).toBe('window-over');
    expect((await rig.channel.reverse(lost)).outcome.type).toBe('closed');
    const refund = { ...late, outRefundNo: `${late.outTradeNo}R1`, refundFen: late.netFen };
    expect((await rig.channel.refund(refund)).outcome.type).toBe('refunded');
  });

  it('what UnionPay does not know is not called closed because its day has turned a second ago: it may still arrive', async () => {
    const untilTurnMs = 46 * 60_000 + 40_000;
    rig.advance(untilTurnMs - 5_000);
    const order = { ...newOrder(), openedAtMs: startMs + untilTurnMs - 5_000 };
    rig.advance(6_000);
    expect((await rig.channel.reverse(order)).outcome.type).toBe('unknown');
    expect((await charge(order)).type).toBe('paid');
    expect((await rig.channel.reverse(order)).outcome.type).toBe('window-over');
    const never = { ...newOrder(), openedAtMs: startMs + untilTurnMs - 5_000 };
    rig.advance(10 * 60_000);
    expect((await rig.channel.reverse(never)).outcome.type).toBe('closed');
  });

  it('a void and a refund that lose their answers are done once', async () => {
    const order = newOrder();
    await charge(order);
    rig.simulator.setFaults(({ path }) => (path.includes('backTrans') ? 'lose-answer' : 'none'));
    const refund = { ...order, outRefundNo: `${order.outTradeNo}R1`, refundFen: fen(400) };
    expect((await rig.channel.refund(refund)).outcome.type).toBe('unknown');
    expect((await rig.channel.queryRefund!(refund)).outcome.type).toBe('refunded');
    rig.setLine('none');
    expect((await rig.channel.refund(refund)).outcome.type).toBe('refunded');
    const [line] = rig.simulator.books().filter((one) => one.outTradeNo === order.outTradeNo);
    expect(line?.refundedFen).toBe(400);
  });

  it('a code that is none of UnionPay is refused, by prefix and by length', async () => {
    for (const authCode of ['1300000000000000001', '620000000000000001'])
      expect(
        (await rig.channel.charge({ ...newOrder(), wallet: 'unionpay', authCode, terminalId }))
          .outcome,
      ).toEqual({ type: 'failed', code: '61' });
  });

  it('for a merchant that is none of ours nothing leaves the house', async () => {
    const order = { ...newOrder(), channelMerchantNo: '777290058110049' };
    expect(await charge(order)).toEqual({ type: 'failed', code: 'not-sent' });
    expect([...rig.simulator.requestCounts().values()]).toEqual([]);
  });

  it('notifies come verified: one for a payment, two for code 08, one for a late payment', async () => {
    const bodies: Buffer[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks));
        response.end('ok');
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    await rig.close();
    rig = await openUnionpayRig({ keys, backUrl: `http://127.0.0.1:${port}/unionpay` });
    const orders = [newOrder(), newOrder(), newOrder()] as const;
    await charge(orders[0]);
    await charge(orders[1], '08');
    await charge(orders[2], '02');
    await rig.channel.query(orders[2]);
    await expect.poll(() => bodies).toHaveLength(4);
    const paid = (order: ChannelOrder) =>
      bodies.filter((body) => {
        const event = rig.channel.notify!.read({ headers: {}, body });
        return event.ok && judgeNotified(event.value, order).type === 'paid';
      }).length;
    expect(orders.map(paid)).toEqual([1, 2, 1]);
    server.closeAllConnections();
    server.close();
  });
});

it('what the sandbox wrote is what the cloud reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unionpay-keys-'));
  const made = loadUnionpaySandboxKeys(folder);
  expect(loadUnionpaySandboxKeys(folder).issuerCertificate).toBe(made.issuerCertificate);
  const environment = {
    UNIONPAY_KEYS: folder,
    UNIONPAY_MERCHANTS: 'a,b',
    UNIONPAY_TERM_ID: '49000002',
    UNIONPAY_BACK_URL: 'none',
  };
  const account = readUnionpayAccount(environment);
  expect(account.privateKey.equals(made.merchantPrivateKey)).toBe(true);
  expect(account.certId).toBe(made.certId);
  expect(account.issuers.map((one) => one.subject)).toEqual(['CN=Greentill Sandbox OCA']);
  expect(() => readUnionpayAccount({ ...environment, UNIONPAY_TERM_ID: '' })).toThrow(
    'UNIONPAY_TERM_ID is not set',
  );
  rmSync(folder, { recursive: true });
});
