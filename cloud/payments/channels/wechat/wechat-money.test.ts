import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import {
  makeWechatSandboxKeys,
  type WechatSandboxKeys,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import { shanghaiDateOf } from '#cloud/channel-simulator/shanghai-time.ts';
import {
  createMoneyScript,
  terminalId,
  to,
} from '#cloud/payments/channels/testing/money-script.ts';
import {
  merchantNo,
  openWechatRig,
  type WechatRig,
} from '#cloud/payments/channels/wechat/testing/wechat-rig.ts';
import { partner } from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';

const dayMs = 86_400_000;
const platformNo = partner.spMchid;
let keys: WechatSandboxKeys;
let rig: WechatRig;
let payouts = 0;

beforeAll(() => {
  keys = makeWechatSandboxKeys();
});
beforeEach(async () => {
  rig = await openWechatRig(partner, { keys });
});
afterEach(() => rig.close());

const script = createMoneyScript(() => rig);
const { newOrder, charge, paidOrder, split } = script;
const bind = () => script.bind(platformNo);

describe('splitting', () => {
  it('80 % to the merchant himself and 20 % held: the cap counts only what goes to others', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    expect((await bind()).outcome.type).toBe('done');
    const outSplitNo = 'SPLIT-A';
    const first = await split(order, [to(merchantNo, 8_000)], { outSplitNo });
    expect(first).toMatchObject({ type: 'processing', shares: [{ state: 'pending' }] });
    const asked = await rig.channel.splits!.querySplit({ ...order, outSplitNo });
    expect(asked.outcome).toMatchObject({
      type: 'split',
      shares: [{ account: merchantNo, amountFen: 8_000, state: 'done' }],
    });
    const frozen = await rig.channel.splits!.queryFrozen(order);
    expect(frozen.outcome).toEqual({ type: 'frozen', amountFen: 2_000 });
    expect((await split(order, [to(platformNo, 2_000)])).type).toBe('processing');
  });

  it('more than 30 % to others is declined, and nothing moved', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    await bind();
    expect((await split(order, [to(platformNo, 3_001)])).type).toBe('declined');
    expect((await split(order, [to(platformNo, 3_000)])).type).toBe('processing');
    expect((await split(order, [to(platformNo, 1)])).type).toBe('declined');
    const frozen = await rig.channel.splits!.queryFrozen(order);
    expect(frozen.outcome).toEqual({ type: 'frozen', amountFen: 7_000 });
  });

  it('not before 30 s, not after 180 days, not after the release', async () => {
    const order = await paidOrder();
    expect((await split(order, [to(merchantNo, 1)])).type).toBe('declined');
    rig.advance(30_000);
    const release = { ...order, outSplitNo: 'RELEASE-1', description: '解冻' };
    expect((await rig.channel.splits!.unfreeze(release)).outcome.type).not.toBe('declined');
    expect((await split(order, [to(merchantNo, 1)])).type).toBe('declined');
    const late = await paidOrder();
    rig.advance(180 * dayMs + 1);
    expect((await split(late, [to(merchantNo, 1)])).type).toBe('declined');
  });

  it('at most 50 receivers in one request and 50 requests for one order', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    const many = Array.from({ length: 51 }, (_, index) => to(`${19_100_000 + index}`, 1));
    expect((await split(order, many)).type).toBe('declined');
    for (let index = 0; index < 50; index += 1)
      expect((await split(order, [to(merchantNo, 1)])).type).toBe('processing');
    expect((await split(order, [to(merchantNo, 1)])).type).toBe('declined');
  });

  it('the same number is the same split; with other content nothing is concluded', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    const again = { outSplitNo: 'SAME-NO-1' };
    expect((await split(order, [to(merchantNo, 5)], again)).type).toBe('processing');
    expect((await split(order, [to(merchantNo, 5)], again)).type).toBe('processing');
    expect((await split(order, [to(merchantNo, 6)], again)).type).toBe('unknown');
    expect(rig.simulator.money.splits.ofOrder(order.channelRef)).toHaveLength(1);
  });

  it('who was never added gets nothing, and his part says so', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    await split(order, [to('1999999999', 100)], { outSplitNo: 'STRANGER-1' });
    const asked = await rig.channel.splits!.querySplit({ ...order, outSplitNo: 'STRANGER-1' });
    expect(asked.outcome).toMatchObject({ shares: [{ state: 'closed', reason: 'NO_RELATION' }] });
  });

  it('money comes back from a receiver once per number and never more than he got', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    await bind();
    await split(order, [to(platformNo, 1_000)], { outSplitNo: 'BACK-1' });
    await rig.channel.splits!.querySplit({ ...order, outSplitNo: 'BACK-1' });
    const back = (outReturnNo: string, amountFen: number) =>
      rig.channel.splits!.takeBack({
        channelMerchantNo: merchantNo,
        outSplitNo: 'BACK-1',
        outReturnNo,
        fromAccount: platformNo,
        amountFen: fen(amountFen),
        description: '退货',
      });
    expect((await back('RETURN-1', 600)).outcome.type).toBe('done');
    expect((await back('RETURN-1', 600)).outcome.type).toBe('done');
    expect((await back('RETURN-1', 500)).outcome.type).toBe('unknown');
    expect((await back('RETURN-2', 401)).outcome.type).toBe('declined');
    expect((await back('RETURN-3', 400)).outcome.type).toBe('done');
  });

  it('a lost answer is unknown, and the query tells the truth', async () => {
    const order = await paidOrder();
    rig.advance(30_000);
    const asked = { ...order, outSplitNo: 'LOST-1' };
    expect((await rig.channel.splits!.querySplit(asked)).outcome.type).toBe('not-known');
    rig.setLine('lose-answer');
    expect((await split(order, [to(merchantNo, 7)], asked)).type).toBe('unknown');
    rig.setLine('none');
    expect((await rig.channel.splits!.querySplit(asked)).outcome.type).toBe('split');
  });
});

const payout = (payee: string, amountFen = 1_000) => {
  payouts += 1;
  return { outPayoutNo: `PAYOUT${payouts}`, payee, amountFen: fen(amountFen), remark: '佣金' };
};

describe('payouts', () => {
  it('accepted, then paid out; a payee who must confirm, then lapsed after a day', async () => {
    const [prompt, never] = [payout('oPayee01'), payout('oPayee03')];
    const desk = rig.channel.payouts!;
    expect((await desk.submit(prompt)).outcome.type).toBe('processing');
    expect((await desk.query(prompt)).outcome.type).toBe('paid-out');
    expect((await desk.submit(never)).outcome.type).toBe('waiting-payee');
    rig.advance(dayMs + 1);
    expect((await desk.query(never)).outcome).toEqual({ type: 'lapsed', code: 'OVERDUE_CLOSE' });
  });

  it.each([
    ['a doubtful answer, booked', '04', 'paid-out'],
    ['a doubtful answer, not booked', '05', 'not-known'],
    ['a lost answer', '07', 'paid-out'],
    ['a refusal by code', '06', 'not-known'],
    ['too many requests', '11', 'not-known'],
  ] as const)('%s: never a failure, the query decides', async (_what, suffix, then) => {
    const one = payout(`oPayee${suffix}`);
    expect((await rig.channel.payouts!.submit(one)).outcome.type).toBe('unknown');
    expect((await rig.channel.payouts!.query(one)).outcome.type).toBe(then);
  });

  it('from 2,000 yuan on the name goes along, encrypted', async () => {
    const one = payout('oPayee01', 200_000);
    expect((await rig.channel.payouts!.submit(one)).outcome.type).toBe('unknown');
    const named = { ...one, payeeName: '张三' };
    expect((await rig.channel.payouts!.submit(named)).outcome.type).toBe('processing');
  });
});

const fetchBill = async (date: string) => {
  const chunks: Uint8Array[] = [];
  const { outcome } = await rig.channel.bills!.download(
    { date, channelMerchantNo: merchantNo },
    (chunk) => void chunks.push(chunk),
  );
  return { outcome, text: Buffer.concat(chunks).toString('utf8') };
};
const rowsOf = (text: string) =>
  text
    .split('\r\n')
    .slice(1)
    .filter((line) => line.startsWith('`20'))
    .map((line) => line.slice(1).split(',`'));

describe('the bill of a day', () => {
  it('holds payments, refunds and reversals to the fen, and its digest fits', async () => {
    const date = shanghaiDateOf(rig.clock.nowMs());
    const [kept, refunded, reversed] = [
      await paidOrder(123_456),
      await paidOrder(),
      await paidOrder(),
    ];
    await rig.channel.refund({ ...refunded, outRefundNo: 'REFUND-1', refundFen: fen(2_500) });
    rig.advance(15_000);
    await rig.channel.reverse(reversed);
    expect((await fetchBill(date)).outcome.type).toBe('not-ready');
    rig.advance(2 * dayMs);
    const { outcome, text } = await fetchBill(date);
    expect(outcome).toMatchObject({ type: 'whole' });
    const brief = rowsOf(text).map((row) => [row[6], row[9], row[12], row[16], row[22]]);
    expect(brief).toContainEqual([kept.outTradeNo, 'SUCCESS', '1234.56', '0.00', '7.41']);
    expect(brief).toContainEqual([refunded.outTradeNo, 'REFUND', '0.00', '25.00', '-0.15']);
    expect(brief).toContainEqual([reversed.outTradeNo, 'REVOKED', '0.00', '100.00', '-0.60']);
    expect(brief).toHaveLength(5);
    expect((await fetchBill('2020-01-01')).outcome.type).toBe('no-bill');
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
      { type: 'missing-on-ours', outTradeNo: 'STRANGE00001', amountFen: 99, merchantNo },
    ]);
    rig.advance(2 * dayMs);
    const { outcome, text } = await fetchBill(date);
    expect(outcome.type).toBe('whole');
    const of = (no: string | undefined) =>
      rowsOf(text)
        .filter((row) => row[6] === no)
        .map((row) => [row[9], row[12], row[22]]);
    expect(of(gone)).toEqual([]);
    expect(of(amount)).toEqual([['SUCCESS', '100.01', '0.60']]);
    expect(of(state)).toEqual([['CLOSED', '100.00', '0.60']]);
    expect(of(fee)).toEqual([['SUCCESS', '100.00', '0.62']]);
    expect(of(refund)).toEqual([['SUCCESS', '100.00', '0.60']]);
    expect(of(twice)).toHaveLength(2);
    expect(of(plain)).toEqual([['SUCCESS', '100.00', '0.60']]);
    expect(of('STRANGE00001')).toEqual([['SUCCESS', '0.99', '0.01']]);
  });

  it('a changed file is not whole, though it is not signed', async () => {
    const date = shanghaiDateOf(rig.clock.nowMs());
    await paidOrder();
    rig.advance(2 * dayMs);
    rig.simulator.setFaults(({ path }) =>
      path.includes('billdownload') ? 'forge-answer' : 'none',
    );
    expect((await fetchBill(date)).outcome.type).toBe('unknown');
  });
});

describe('the magic codes of the face', () => {
  it.each([
    ['02', 'paying', 'paying'],
    ['08', 'paid', 'paid'],
    ['09', 'unknown', 'paid'],
    ['11', 'unknown', 'unpaid'],
    ['13', 'broken-off', 'broken-off'],
    ['14', 'failed', 'unpaid'],
  ] as const)('%s: the charge says %s, the query %s', async (suffix, says, then) => {
    const order = newOrder();
    expect((await charge(order, suffix)).type).toBe(says);
    expect((await rig.channel.query(order)).outcome.type).toBe(then);
  });

  it('a code that is none of WeChat is refused, by prefix and by length', async () => {
    for (const authCode of ['288000000000000001', '1300000000000001', '160000000000000001']) {
      const { outcome } = await rig.channel.charge({
        ...newOrder(),
        wallet: 'wechat',
        authCode,
        terminalId,
      });
      expect(outcome).toEqual({ type: 'failed', code: 'AUTH_CODE_INVALID' });
    }
  });

  it('a reversal is possible for seven days', async () => {
    const order = await paidOrder();
    rig.advance(7 * dayMs + 1);
    expect((await rig.channel.reverse(order)).outcome.type).toBe('window-over');
  });

  it('at most 50 refunds of one order', async () => {
    const order = await paidOrder();
    const refund = (number: number) =>
      rig.channel.refund({ ...order, outRefundNo: `MANY-${number}-00`, refundFen: fen(1) });
    for (let number = 0; number < 50; number += 1)
      expect((await refund(number)).outcome.type).toBe('refunded');
    expect((await refund(50)).outcome.type).toBe('refund-failed');
  });
});
