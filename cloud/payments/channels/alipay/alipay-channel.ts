import type { Channel } from '#cloud/channel/channel.ts';
import type { ChannelProfile } from '#cloud/channel/channel-profile.ts';
import { createAlipayBills } from '#cloud/payments/channels/alipay/bill.ts';
import { createAlipayClient } from '#cloud/payments/channels/alipay/client.ts';
import { alipayCodes } from '#cloud/payments/channels/alipay/codes.ts';
import type { AlipayOptions } from '#cloud/payments/channels/alipay/config.ts';
import { judgeCancel, judgeCharge, judgeQuery } from '#cloud/payments/channels/alipay/judge.ts';
import { createAlipayNotify } from '#cloud/payments/channels/alipay/notify.ts';
import { createAlipayPayouts } from '#cloud/payments/channels/alipay/payout.ts';
import { createAlipayRefunds } from '#cloud/payments/channels/alipay/refund.ts';
import { createAlipaySplits } from '#cloud/payments/channels/alipay/split.ts';
import { yuanText } from '#cloud/payments/channels/wire/yuan.ts';

const dayMs = 86_400_000;

/** Source: Alipay's bar code, refund and royalty documents, by way of public mirrors. */
const profile: ChannelProfile = {
  kind: 'alipay',
  wallets: ['alipay'],
  abilities: ['bill', 'notify', 'payout', 'query-refund', 'split'],
  codes: alipayCodes,
  limits: {
    reverseNotBeforeMs: 0,
    reverseWindowMs: dayMs,
    // A code lives for a minute.
    unknownNumberFinalAfterMs: 75_000,
    refundWindowMs: 365 * dayMs,
    refundsPerOrderMax: 50,
    split: {
      othersMaxBp: 3_000,
      requestsPerOrderMax: 50,
      receiversPerRequestMax: 5,
      notBeforeMs: 30_000,
      frozenMaxMs: 30 * dayMs,
    },
  },
};

const subject = '门店消费';
/** The order closes by itself when nobody paid by then, should every reversal be lost. */
const timeoutExpress = '5m';

/**
 * Alipay's bar code payment (条码支付, alipay.trade.pay), for a provider's merchants or a merchant
 * for himself. A cancellation is allowed at once and for 24 hours; afterwards a refund is the way.
 * Source: opendocs.alipay.com/open/194.
 */
export function createAlipayChannel(options: AlipayOptions): Channel {
  const { account } = options;
  const client = createAlipayClient(options);
  return {
    profile,
    charge: async (order) => {
      const answer = await client.ask({
        method: 'alipay.trade.pay',
        channelMerchantNo: order.channelMerchantNo,
        notifyUrl: account.notifyUrl,
        value: {
          scene: 'bar_code',
          out_trade_no: order.outTradeNo,
          auth_code: order.authCode,
          total_amount: yuanText(order.netFen),
          subject,
          timeout_express: timeoutExpress,
          terminal_id: order.terminalId,
          ...(account.storeId === '' ? {} : { store_id: account.storeId }),
          ...(account.freezesMoney ? { extend_params: { royalty_freeze: 'true' } } : {}),
        },
      });
      return { outcome: judgeCharge(answer, order), evidence: answer.evidence };
    },
    query: async (order) => {
      const answer = await client.ask({
        method: 'alipay.trade.query',
        channelMerchantNo: order.channelMerchantNo,
        value: { out_trade_no: order.outTradeNo },
      });
      return { outcome: judgeQuery(answer, order), evidence: answer.evidence };
    },
    reverse: async (order) => {
      const answer = await client.ask({
        method: 'alipay.trade.cancel',
        channelMerchantNo: order.channelMerchantNo,
        value: { out_trade_no: order.outTradeNo },
      });
      return { outcome: judgeCancel(answer, order), evidence: answer.evidence };
    },
    ...createAlipayRefunds(client),
    splits: createAlipaySplits(client),
    payouts: createAlipayPayouts(client),
    bills: createAlipayBills(client, options),
    notify: createAlipayNotify(options),
  };
}
