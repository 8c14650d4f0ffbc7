import { afterEach, describe, expect, it } from 'vitest';
import { openAlipayRig, provider } from '#cloud/payments/channels/alipay/testing/alipay-rig.ts';
import type { ChannelRig } from '#cloud/payments/channels/testing/channel-rig.ts';
import type { SimulatedEnd } from '#cloud/payments/channels/testing/simulated-rig.ts';
import { openWechatRig } from '#cloud/payments/channels/wechat/testing/wechat-rig.ts';
import { direct, partner } from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';

type Rig = Pick<ChannelRig, 'channel' | 'channelMerchantNo'> &
  Pick<SimulatedEnd<'wechat'>, 'simulator' | 'setLine' | 'close'>;
const account = '2088000000000777';
const rigs: Readonly<Record<string, () => Promise<Rig>>> = {
  'WeChat Pay, partner': () => openWechatRig(partner),
  'WeChat Pay, direct': () => openWechatRig(direct),
  Alipay: () => openAlipayRig(provider),
};
let rig: Rig;
afterEach(() => rig.close());

const relation = (round: number) => ({
  channelMerchantNo: rig.channelMerchantNo,
  type: 'merchant' as const,
  account,
  round,
});
const add = async (round: number) =>
  (await rig.channel.splits!.addReceiver({ ...relation(round), name: '绿点平台有限公司' })).outcome
    .type;
const remove = async (round: number) =>
  (await rig.channel.splits!.removeReceiver(relation(round))).outcome.type;
const known = () => rig.simulator.money.splits.receiversOf(rig.channelMerchantNo);

describe.each(Object.keys(rigs))('receivers at %s', (name) => {
  it('are removed once, and added anew under another round', async () => {
    rig = await rigs[name]!();
    expect(await add(0)).toBe('done');
    expect(known()).toEqual([account]);
    expect(await remove(1)).toBe('done');
    expect(known()).toEqual([]);
    // Said again it is the question: gone, or not known.
    expect(['done', 'not-known']).toContain(await remove(1));
    expect(await add(1)).toBe('done');
    expect(known()).toEqual([account]);
    expect(await remove(2)).toBe('done');
    expect(known()).toEqual([]);
  });

  it.each(['lose-answer', 'lose-request', 'forge-answer', 'garbage', 'too-many-requests'] as const)(
    '%s: nothing is concluded',
    async (fault) => {
      rig = await rigs[name]!();
      await add(0);
      rig.setLine(fault);
      expect(await remove(1)).toBe('unknown');
      rig.setLine('none');
      expect(['done', 'not-known']).toContain(await remove(1));
      expect(known()).toEqual([]);
    },
  );
});
