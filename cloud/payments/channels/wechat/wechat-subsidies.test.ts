import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  makeWechatSandboxKeys,
  type WechatSandboxKeys,
} from '#cloud/channel-simulator/faces/wechat/keys.ts';
import type { ChannelOrder } from '#cloud/channel/channel-exchange.ts';
import type { PaidOrder } from '#cloud/channel/channel-money.ts';
import { createMoneyScript, to } from '#cloud/payments/channels/testing/money-script.ts';
import {
  merchantNo,
  openWechatRig,
  type WechatRig,
} from '#cloud/payments/channels/wechat/testing/wechat-rig.ts';
import { direct, partner } from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { createWechatChannel } from '#cloud/payments/channels/wechat/wechat-channel.ts';
import { fen } from '#shared/money/fen.ts';

let keys: WechatSandboxKeys;
let rig: WechatRig;
beforeAll(() => {
  keys = makeWechatSandboxKeys();
});
beforeEach(async () => {
  rig = await openWechatRig(partner, { keys });
});
afterEach(() => rig.close());

type Marked = ChannelOrder & PaidOrder;
const { paidOrder, split } = createMoneyScript(() => rig);
const marked = (subsidyFen: number): Promise<Marked> => paidOrder(10_000, subsidyFen);
const create = async (order: PaidOrder, outSubsidyNo: string, amountFen: number) => {
  const asked = { ...order, outSubsidyNo, amountFen: fen(amountFen), description: '券补贴' };
  return (await rig.channel.subsidies!.create(asked)).outcome.type;
};
const cancel = async (order: PaidOrder) =>
  (await rig.channel.subsidies!.cancel({ ...order, description: '券补贴取消' })).outcome;
const refund = (order: Marked, refundFen: number) =>
  rig.channel.refund({
    ...order,
    outRefundNo: `BACK-${order.outTradeNo}`,
    refundFen: fen(refundFen),
  });
const subsidised = () => rig.simulator.money.subsidies.all();
const share = (order: PaidOrder) => split(order, [to(merchantNo, 1)]);

describe('a subsidy', () => {
  it('once per order; the same again changes nothing, another number or amount concludes nothing', async () => {
    const order = await marked(500);
    expect(await create(order, 'SUBSIDY-1', 500)).toBe('done');
    expect(await create(order, 'SUBSIDY-1', 500)).toBe('done');
    expect(await create(order, 'SUBSIDY-1', 501)).toBe('unknown');
    expect(await create(order, 'SUBSIDY-2', 500)).toBe('unknown');
    expect(subsidised()).toHaveLength(1);
    const back = { ...order, outSubsidyNo: 'SUBSIDY-1', outReturnNo: 'SUBBACK-1' };
    const taken = { ...back, amountFen: fen(200), description: '券补贴退回' };
    expect((await rig.channel.subsidies!.takeBack(taken)).outcome.type).toBe('done');
  });

  it('is what the charge said: none of one that said nothing, no more, and less only behind a refund', async () => {
    const [silent, order] = [await paidOrder(), await marked(500)];
    expect(await create(silent, 'SUBSIDY-3', 500)).toBe('unknown');
    expect(await create(order, 'SUBSIDY-4', 501)).toBe('unknown');
    expect(await create(order, 'SUBSIDY-4', 499)).toBe('unknown');
    await refund(order, 1_000);
    expect(await create(order, 'SUBSIDY-4', 450)).toBe('done');
    expect(subsidised()).toMatchObject([{ amountFen: 450 }]);
  });

  it('comes before the first split, and an order that waits for it gives nobody a share', async () => {
    const [order, silent] = [await marked(5), await paidOrder()];
    rig.advance(30_000);
    expect((await share(silent)).type).toBe('processing');
    expect(await share(order)).toEqual({ type: 'declined', code: 'RULE_LIMIT' });
    expect(await create(order, 'SUBSIDY-5', 5)).toBe('done');
    expect((await share(order)).type).toBe('processing');
  });
});

describe('the cancelling of one', () => {
  it('needs a refund; then shares are given, and nothing is subsidised any more', async () => {
    const order = await marked(500);
    rig.advance(30_000);
    expect((await cancel(order)).type).toBe('unknown');
    await refund(order, 9_000);
    expect(await cancel(order)).toEqual({ type: 'done', ref: order.channelRef });
    expect(await cancel(order)).toEqual({ type: 'done', ref: order.channelRef });
    expect(await create(order, 'SUBSIDY-6', 500)).toBe('declined');
    expect((await share(order)).type).toBe('processing');
    expect(rig.simulator.money.subsidies.cancelled()).toHaveLength(1);
    expect(subsidised()).toEqual([]);
  });

  it('is refused where nothing was marked and where it was paid: then it is taken back', async () => {
    const [silent, paid] = [await paidOrder(), await marked(500)];
    for (const order of [silent, paid]) await refund(order, 1_000);
    expect((await cancel(silent)).type).toBe('unknown');
    expect(await create(paid, 'SUBSIDY-7', 500)).toBe('done');
    expect((await cancel(paid)).type).toBe('unknown');
    expect(rig.simulator.money.subsidies.cancelled()).toEqual([]);
  });

  it.each(['lose-answer', 'lose-request', 'forge-answer', 'garbage', 'too-many-requests'] as const)(
    '%s: nothing is concluded, and asking again tells the truth',
    async (fault) => {
      const order = await marked(500);
      await refund(order, 10_000);
      rig.setLine(fault);
      expect((await cancel(order)).type).toBe('unknown');
      rig.setLine('none');
      expect((await cancel(order)).type).toBe('done');
      expect(rig.simulator.money.subsidies.cancelled()).toHaveLength(1);
    },
  );
});

it('a merchant of his own, and a partner whose charges hold nothing, mark nothing and subsidise nothing', async () => {
  const free = createWechatChannel({
    ...rig.options,
    account: { ...rig.options.account, freezesMoney: false },
  });
  const own = createWechatChannel({
    ...rig.options,
    account: { ...rig.options.account, identity: direct },
  });
  for (const channel of [free, own]) {
    expect(channel.profile.abilities).not.toContain('subsidy');
    expect(channel.subsidies).toBeUndefined();
  }
});
