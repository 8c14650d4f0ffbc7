import type { Channel } from '#cloud/channel/channel.ts';
import type { RefundOrder } from '#cloud/channel/channel-exchange.ts';
import type { AlipayClient } from '#cloud/payments/channels/alipay/client.ts';
import { judgeRefund, judgeRefundQuery } from '#cloud/payments/channels/alipay/judge.ts';
import { yuanText } from '#cloud/payments/channels/wire/yuan.ts';

/**
 * Refunds. A repeated request answers `fund_change` N, which is neither "done" nor "failed": the
 * refund itself is asked for then. `out_request_no` is the idempotency key.
 */
export function createAlipayRefunds(client: AlipayClient): {
  readonly refund: Channel['refund'];
  readonly queryRefund: NonNullable<Channel['queryRefund']>;
} {
  const queryRefund = async (order: RefundOrder) => {
    const answer = await client.ask({
      method: 'alipay.trade.fastpay.refund.query',
      channelMerchantNo: order.channelMerchantNo,
      value: { out_trade_no: order.outTradeNo, out_request_no: order.outRefundNo },
    });
    return { outcome: judgeRefundQuery(answer, order), evidence: answer.evidence };
  };
  return {
    queryRefund,
    refund: async (order) => {
      const answer = await client.ask({
        method: 'alipay.trade.refund',
        channelMerchantNo: order.channelMerchantNo,
        value: {
          out_trade_no: order.outTradeNo,
          out_request_no: order.outRefundNo,
          refund_amount: yuanText(order.refundFen),
        },
      });
      const { evidence } = answer;
      const outcome = judgeRefund(answer, order);
      if (outcome.type !== 'ask') return { outcome, evidence };
      const found = await queryRefund(order);
      const rawAnswer = `${evidence.rawAnswer}\n${found.evidence.rawAnswer}`;
      const { requestDigest } = evidence;
      return { ...found, evidence: { ...found.evidence, requestDigest, rawAnswer } };
    },
  };
}
