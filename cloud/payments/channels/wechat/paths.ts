import type { ChannelOrder, RefundOrder } from '#cloud/channel/channel-exchange.ts';
import { appidOf, type WechatOptions } from '#cloud/payments/channels/wechat/config.ts';

/** Where things are, and who stands in a request, for a partner and for a direct merchant. */
export interface WechatPaths {
  readonly codepay: string;
  readonly refunds: string;
  order(order: ChannelOrder): string;
  reverse(order: ChannelOrder): string;
  refund(order: RefundOrder): string;
  parties(channelMerchantNo: string): Readonly<Record<string, string>>;
  subMerchant(channelMerchantNo: string): Readonly<Record<string, string>>;
}

export function createWechatPaths({
  account: { identity },
}: Pick<WechatOptions, 'account'>): WechatPaths {
  const isPartner = identity.type === 'partner';
  const transactions = isPartner ? '/v3/pay/partner/transactions' : '/v3/pay/transactions';
  const refunds = '/v3/refund/domestic/refunds';
  const orderPath = (order: ChannelOrder): string =>
    `${transactions}/out-trade-no/${encodeURIComponent(order.outTradeNo)}`;
  const subMerchant: WechatPaths['subMerchant'] = (no) => (isPartner ? { sub_mchid: no } : {});
  return {
    codepay: `${transactions}/codepay`,
    refunds,
    subMerchant,
    reverse: (order) => `${orderPath(order)}/reverse`,
    order: (order) => {
      const who = isPartner
        ? { sp_mchid: identity.spMchid, sub_mchid: order.channelMerchantNo }
        : { mchid: order.channelMerchantNo };
      return `${orderPath(order)}?${new URLSearchParams(who).toString()}`;
    },
    refund: (order) => {
      const query = new URLSearchParams(subMerchant(order.channelMerchantNo)).toString();
      const path = `${refunds}/${encodeURIComponent(order.outRefundNo)}`;
      return query === '' ? path : `${path}?${query}`;
    },
    parties: (no) =>
      isPartner
        ? { sp_appid: appidOf(identity), sp_mchid: identity.spMchid, sub_mchid: no }
        : { appid: identity.appid, mchid: no },
  };
}
