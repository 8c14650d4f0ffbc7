import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import {
  makeAlipaySandboxKeys,
  type AlipaySandboxKeys,
} from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { shanghaiDateOf } from '#cloud/channel-simulator/shanghai-time.ts';
import { judgeNotified } from '#cloud/channel/channel-notify.ts';
import type { ChannelOrder } from '#cloud/channel/channel-exchange.ts';
import { alipayBillLines } from '#cloud/payments/channels/alipay/bill-file.ts';
import {
  createMoneyScript,
  terminalId,
  to,
} from '#cloud/payments/channels/testing/money-script.ts';
import {
  openAlipayRig,
  otherSellerId,
  provider,
  sellerId,
  type AlipayRig,
} from '#cloud/payments/channels/alipay/testing/alipay-rig.ts';

const dayMs = 86_400_000;
const platformNo = '2088000000000001';
let keys: AlipaySandboxKeys;
let rig: AlipayRig;
let payouts = 0;

beforeAll(() => {
  keys = makeAlipaySandboxKeys();
});
beforeEach(async () => {
  rig = await openAlipayRig(provider, { keys });
});
afterEach(() => rig.close());

const script = createMoneyScript(() => rig);
const { newOrder, charge, paidOrder, split } = script;
const bind = (account = platformNo) => script.bind(account);

describe('splitting', () => {
  it('20 % to a bound receiver at once, the rest stays frozen until it is released', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    expect((await bind()).outcome.type).toBe('done');
    const outSplitNo = 'SPLIT-A';
    expect(await split(order, [to(platformNo, 2_000)], { outSplitNo })).toMatchObject({
      type: 'split',
      shares: [{ account: platformNo, amountFen: 2_000, state: 'done' }],
    });
    const asked = await rig.channel.splits!.querySplit({ ...order, outSplitNo });
    expect(asked.outcome).toMatchObject({
      type: 'split',
      shares: [{ account: platformNo, amountFen: 2_000, state: 'done' }],
    });
    const frozen = async () => (await rig.channel.splits!.queryFrozen(order)).outcome;
    expect(await frozen()).toEqual({ type: 'frozen', amountFen: 8_000 });
    const release = { ...order, outSplitNo: 'RELEASE-A', description: '解冻' };
    expect((await rig.channel.splits!.unfreeze(release)).outcome.type).toBe('split');
    expect(await frozen()).toEqual({ type: 'frozen', amountFen: 0 });
    expect((await split(order, [to(platformNo, 1)])).type).toBe('declined');
  });

  it('all or none: with one stranger among the receivers nobody gets anything', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    await bind();
    const both = [to(platformNo, 100), to('2088000000000099', 100)];
    expect((await split(order, both)).type).toBe('declined');
    expect((await rig.channel.splits!.queryFrozen(order)).outcome).toEqual({
      type: 'frozen',
      amountFen: 10_000,
    });
  });

  it('more than 30 % to others, a sixth receiver, a 51st request: declined', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    await bind();
    expect((await split(order, [to(platformNo, 3_001)])).type).toBe('declined');
    const six = Array.from({ length: 6 }, () => to(platformNo, 1));
    expect((await split(order, six)).type).toBe('declined');
    expect((await split(order, six.slice(1))).type).toBe('split');
    for (let index = 1; index < 50; index += 1)
      expect((await split(order, [to(platformNo, 1)])).type).toBe('split');
    expect((await split(order, [to(platformNo, 1)])).type).toBe('declined');
  });

  it('not before 30 s, and after 30 days the money is the merchant’s by itself', async () => {
    const order = await paidOrder();
    await bind();
    expect((await split(order, [to(platformNo, 1)])).type).toBe('declined');
    rig.advance(30 * dayMs + 1);
    expect((await split(order, [to(platformNo, 1)])).type).toBe('declined');
  });

  it('the same number is the same split; with other content nothing is concluded', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    await bind();
    const again = { outSplitNo: 'SAME-NO-1' };
    expect((await split(order, [to(platformNo, 5)], again)).type).toBe('split');
    expect((await split(order, [to(platformNo, 5)], again)).type).toBe('split');
    expect((await split(order, [to(platformNo, 6)], again)).type).toBe('unknown');
    expect(rig.simulator.money.splits.ofOrder(order.channelRef)).toHaveLength(1);
  });

  it('a lost answer is unknown, and the query tells the truth', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    await bind();
    const asked = { ...order, outSplitNo: 'LOST-1' };
    expect((await rig.channel.splits!.querySplit(asked)).outcome.type).toBe('not-known');
    rig.setLine('lose-answer');
    expect((await split(order, [to(platformNo, 7)], asked)).type).toBe('unknown');
    rig.setLine('none');
    expect((await rig.channel.splits!.querySplit(asked)).outcome.type).toBe('split');
  });

  it('money comes back from a receiver once per number and never more than he got', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    await bind();
    await split(order, [to(platformNo, 1_000)], { outSplitNo: 'BACK-1' });
    const request = (outReturnNo: string, amountFen: number) => ({
      channelMerchantNo: sellerId,
      channelRef: order.channelRef,
      outSplitNo: 'BACK-1',
      outReturnNo,
      fromAccount: platformNo,
      amountFen: fen(amountFen),
      description: '退货',
    });
    const back = async (outReturnNo: string, amountFen: number) =>
      (await rig.channel.splits!.takeBack(request(outReturnNo, amountFen))).outcome.type;
    const ask = async (outReturnNo: string, amountFen: number) =>
      (await rig.channel.splits!.queryTakeBack(request(outReturnNo, amountFen))).outcome.type;
    expect(await ask('RETURN-1', 600)).toBe('not-known');
    expect(await back('RETURN-1', 600)).toBe('done');
    expect(await back('RETURN-1', 600)).toBe('done');
    expect(await back('RETURN-1', 500)).toBe('unknown');
    expect(await back('RETURN-2', 401)).toBe('declined');
    expect(await ask('RETURN-1', 600)).toBe('done');
    expect(await ask('RETURN-1', 599)).toBe('unknown');
  });
});

const payout = (suffix: string, amountFen = 1_000) => {
  payouts += 1;
  return {
    outPayoutNo: `PAYOUT${payouts}`,
    payee: `20881021800000${suffix}`,
    amountFen: fen(amountFen),
    remark: '佣金',
  };
};

describe('transfers', () => {
  it.each([
    ['accepted', '01', 'processing', 'paid-out'],
    ['the payee must confirm', '03', 'waiting-payee', 'waiting-payee'],
    ['a doubtful answer, booked', '04', 'unknown', 'paid-out'],
    ['a doubtful answer, not booked', '05', 'unknown', 'not-known'],
    ['a lost answer', '07', 'unknown', 'paid-out'],
    ['a refusal by code', '06', 'unknown', 'not-known'],
    ['too many requests', '11', 'unknown', 'not-known'],
  ] as const)('%s: the query decides', async (_what, suffix, says, then) => {
    const one = payout(suffix);
    expect((await rig.channel.payouts!.submit(one)).outcome.type).toBe(says);
    expect((await rig.channel.payouts!.query(one)).outcome.type).toBe(then);
  });
});

const rowsIn = async (path: string) => {
  const rows: string[][] = [];
  for await (const line of alipayBillLines(path))
    if (/^[0-9]/.test(line)) rows.push(line.split(',').map((cell) => cell.trim()));
  return rows.map((row) => [row[1], row[2], row[11], row[22]]);
};

describe('the bill of a day', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'alipay-bill-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fetchBill = async (date: string) => {
    const chunks: Uint8Array[] = [];
    const { outcome } = await rig.channel.bills!.download(
      { date, channelMerchantNo: sellerId },
      (chunk) => void chunks.push(chunk),
    );
    const path = join(folder, 'bill.zip');
    writeFileSync(path, Buffer.concat(chunks));
    return { outcome, path };
  };
  it('holds payments, refunds and cancellations to the fen, in Chinese', async () => {
    const date = shanghaiDateOf(rig.clock.nowMs());
    const [kept, refunded, cancelled] = [
      await paidOrder(123_456),
      await paidOrder(),
      await paidOrder(),
    ];
    await rig.channel.refund({ ...refunded, outRefundNo: 'REFUND-1', refundFen: fen(2_500) });
    await rig.channel.reverse(cancelled);
    expect((await fetchBill(date)).outcome.type).toBe('not-ready');
    rig.advance(2 * dayMs);
    const { outcome, path } = await fetchBill(date);
    expect(outcome).toMatchObject({ type: 'whole', digest: undefined });
    const rows = await rowsIn(path);
    expect(rows).toContainEqual([kept.outTradeNo, '交易', '1234.56', '-7.41']);
    expect(rows).toContainEqual([refunded.outTradeNo, '退款', '-25.00', '0.15']);
    expect(rows).toContainEqual([cancelled.outTradeNo, '退款', '-100.00', '0.60']);
    expect(rows).toHaveLength(5);
    expect((await fetchBill('2020-01-01')).outcome.type).toBe('no-bill');
    const stranger = { date, channelMerchantNo: '2088000000000777' };
    const { outcome: refused } = await rig.channel.bills!.download(stranger, () => undefined);
    expect(refused.type).toBe('unknown');
  });

  it('each injected mismatch shows, and nothing else changes', async () => {
    const date = shanghaiDateOf(rig.clock.nowMs());
    const orders = [];
    for (let index = 0; index < 7; index += 1) orders.push(await paidOrder());
    const [gone, amount, state, fee, refund, twice, plain] = orders.map((one) => one.outTradeNo);
    await rig.channel.refund({ ...orders[4]!, outRefundNo: 'REFUND-2', refundFen: fen(100) });
    rig.simulator.bills.setMismatches([
      { type: 'missing-on-theirs', outTradeNo: gone! },
      { type: 'amount-differs', outTradeNo: amount!, byFen: 1 },
      { type: 'state-differs', outTradeNo: state! },
      { type: 'fee-differs', outTradeNo: fee!, byFen: 2 },
      { type: 'refund-missing', outTradeNo: refund! },
      { type: 'double', outTradeNo: twice! },
      { type: 'missing-on-ours', outTradeNo: 'STRANGE00001', amountFen: 99, merchantNo: sellerId },
    ]);
    rig.advance(2 * dayMs);
    const rows = await rowsIn((await fetchBill(date)).path);
    const of = (no: string | undefined) =>
      rows.filter(([first]) => first === no).map((row) => row.slice(1));
    expect(of(gone)).toEqual([]);
    expect(of(amount)).toEqual([['交易', '100.01', '-0.60']]);
    expect(of(state)).toEqual([['交易关闭', '100.00', '-0.60']]);
    expect(of(fee)).toEqual([['交易', '100.00', '-0.62']]);
    expect(of(refund)).toEqual([['交易', '100.00', '-0.60']]);
    expect(of(twice)).toHaveLength(2);
    expect(of(plain)).toEqual([['交易', '100.00', '-0.60']]);
    expect(of('STRANGE00001')).toEqual([['交易', '0.99', '-0.01']]);
  });

  it('a changed file does not read to its end', async () => {
    const date = shanghaiDateOf(rig.clock.nowMs());
    await paidOrder();
    rig.advance(2 * dayMs);
    rig.simulator.setFaults(({ path }) =>
      path.includes('billdownload') ? 'forge-answer' : 'none',
    );
    await expect(rowsIn((await fetchBill(date)).path)).rejects.toThrow('not-a-zip');
  });
});

describe('notifies as Alipay sends them', () => {
  it('one for a payment, two for code 08, one for a payment that comes late; all verified', async () => {
    const bodies: Buffer[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks));
        response.end(rig.channel.notify!.answer(true).body);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    await rig.close();
    rig = await openAlipayRig(provider, { keys, notifyUrl: `http://127.0.0.1:${port}/alipay` });
    const [plain, twice, late, never] = [newOrder(), newOrder(), newOrder(), newOrder()];
    await charge(plain);
    await charge(twice, '08');
    await charge(never, '03');
    await charge(late, '02');
    await rig.channel.query(late);
    await rig.channel.query(late);
    await expect.poll(() => bodies).toHaveLength(4);
    const paid = (order: ChannelOrder) =>
      bodies.filter((body) => {
        const event = rig.channel.notify!.read({ headers: {}, body });
        return event.ok && judgeNotified(event.value, order).type === 'paid';
      }).length;
    expect([plain, twice, late, never].map(paid)).toEqual([1, 2, 1, 0]);
    server.closeAllConnections();
    server.close();
  });
});

describe('the magic codes of the face', () => {
  it.each([
    ['02', 'paying', 'paying'],
    ['08', 'paid', 'paid'],
    ['09', 'unknown', 'paid'],
    ['11', 'unknown', 'unpaid'],
    ['13', 'broken-off', 'paying'],
    ['14', 'failed', 'unpaid'],
  ] as const)('%s: the charge says %s, the query %s', async (suffix, says, then) => {
    const order = newOrder();
    expect((await charge(order, suffix)).type).toBe(says);
    expect((await rig.channel.query(order)).outcome.type).toBe(then);
  });

  it('a code that is none of Alipay is refused, by prefix and by length', async () => {
    for (const authCode of ['130000000000000001', '280000000000001', '310000000000000001']) {
      const order = { ...newOrder(), wallet: 'alipay' as const, authCode, terminalId };
      const { outcome } = await rig.channel.charge(order);
      expect(outcome).toEqual({ type: 'failed', code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
    }
  });

  it('for a merchant who never authorised us nothing leaves the house', async () => {
    const order = { ...newOrder(), channelMerchantNo: '2088000000000777' };
    expect(await charge(order)).toEqual({ type: 'failed', code: 'not-sent' });
    expect([...rig.simulator.requestCounts().values()]).toEqual([]);
  });

  it('two merchants’ orders are two, even under one number', async () => {
    const order = newOrder();
    await charge(order);
    const other = { ...order, channelMerchantNo: otherSellerId };
    expect((await rig.channel.query(other)).outcome.type).toBe('unpaid');
  });

  it('a cancellation is possible at once and for one day', async () => {
    const [early, late] = [await paidOrder(), await paidOrder()];
    expect((await rig.channel.reverse(early)).outcome.type).toBe('refunded');
    rig.advance(dayMs + 1);
    expect((await rig.channel.reverse(late)).outcome.type).toBe('window-over');
  });
});
