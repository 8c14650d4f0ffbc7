import type { Channel } from '#cloud/channel/channel.ts';
import type { ChannelProfile } from '#cloud/channel/channel-profile.ts';
import { createWechatBills } from '#cloud/payments/channels/wechat/bill.ts';
import { createWechatClient } from '#cloud/payments/channels/wechat/client.ts';
import { wechatCodes } from '#cloud/payments/channels/wechat/codes.ts';
import type { WechatOptions } from '#cloud/payments/channels/wechat/config.ts';
import { judgeCharge, judgeQuery, judgeRefund } from '#cloud/payments/channels/wechat/judge.ts';
import { createWechatNotify } from '#cloud/payments/channels/wechat/notify.ts';
import { createWechatPaths } from '#cloud/payments/channels/wechat/paths.ts';
import { createWechatPayouts } from '#cloud/payments/channels/wechat/payout.ts';
import { createWechatProbe } from '#cloud/payments/channels/wechat/probe.ts';
import { createWechatReverse } from '#cloud/payments/channels/wechat/reverse.ts';
import { createWechatSplits } from '#cloud/payments/channels/wechat/split.ts';
import { createWechatSubsidies } from '#cloud/payments/channels/wechat/subsidy.ts';

const dayMs = 86_400_000;

/** Source: the table of WeChat Pay's rules in the codepay, refund and profit sharing documents. */
const profileOf = (subsidises: boolean): ChannelProfile => ({
  kind: 'wechat',
  wallets: ['wechat'],
  abilities: [
    'bill',
    'notify',
    'payout',
    'probe',
    'query-refund',
    'split',
    ...(subsidises ? (['subsidy'] as const) : []),
  ],
  codes: wechatCodes,
  limits: {
    reverseNotBeforeMs: 15_000,
    reverseWindowMs: 7 * dayMs,
    refundWindowMs: 365 * dayMs,
    refundsPerOrderMax: 50,
    split: {
      othersMaxBp: 3_000,
      requestsPerOrderMax: 50,
      receiversPerRequestMax: 50,
      notBeforeMs: 30_000,
      frozenMaxMs: 180 * dayMs,
      returnsBeforeRefund: true,
    },
  },
});

const description = '门店消费';

/**
 * WeChat Pay v3, codepay (付款码支付), for a partner's sub-merchants or a direct merchant. There is
 * no notify for a codepay charge: queries are what ends doubt.
 * Source: pay.weixin.qq.com/doc/v3/merchant/4012382150.
 */
export function createWechatChannel(options: WechatOptions): Channel {
  const { account } = options;
  const { identity } = account;
  // From a platform to its sub-merchants alone, and only where the money is held for splitting.
  const subsidises = identity.type === 'partner' && account.freezesMoney;
  const client = createWechatClient(options);
  const paths = createWechatPaths(options);
  const query: Channel['query'] = async (order) => {
    const answer = await client.ask({ method: 'GET', target: paths.order(order) });
    return { outcome: judgeQuery(answer, order, identity), evidence: answer.evidence };
  };
  return {
    profile: profileOf(subsidises),
    charge: async (order) => {
      const value = {
        ...paths.parties(order.channelMerchantNo),
        description,
        out_trade_no: order.outTradeNo,
        settle_info: {
          profit_sharing: account.freezesMoney,
          ...(subsidises && order.subsidyFen !== undefined
            ? { subsidy_amount: order.subsidyFen }
            : {}),
        },
        amount: { total: order.netFen, currency: 'CNY' },
        scene_info: {
          device_ip: account.deviceIp,
          device_id: order.terminalId,
          store_info: { id: account.storeId },
        },
        payer: { auth_code: order.authCode },
      };
      const answer = await client.ask({ method: 'POST', target: paths.codepay, value });
      return { outcome: judgeCharge(answer, order, identity), evidence: answer.evidence };
    },
    query,
    reverse: createWechatReverse({ client, paths, query }),
    refund: async (order) => {
      const value = {
        ...paths.subMerchant(order.channelMerchantNo),
        out_trade_no: order.outTradeNo,
        out_refund_no: order.outRefundNo,
        ...(account.notifyUrl === undefined ? {} : { notify_url: account.notifyUrl }),
        amount: { refund: order.refundFen, total: order.netFen, currency: 'CNY' },
      };
      const answer = await client.ask({ method: 'POST', target: paths.refunds, value });
      return { outcome: judgeRefund(answer, order, 'refund'), evidence: answer.evidence };
    },
    queryRefund: async (order) => {
      const answer = await client.ask({ method: 'GET', target: paths.refund(order) });
      return { outcome: judgeRefund(answer, order, 'query'), evidence: answer.evidence };
    },
    probe: createWechatProbe(client, options),
    splits: createWechatSplits(client, account),
    ...(subsidises ? { subsidies: createWechatSubsidies(client) } : {}),
    payouts: createWechatPayouts(client, account),
    bills: createWechatBills(client, options),
    notify: createWechatNotify(options),
  };
}
