import type { Channel } from '#cloud/channel/channel.ts';
import type { Answered, RefundOrder, RefundOutcome } from '#cloud/channel/channel-exchange.ts';
import { wasTaken, unionpayDeclines } from '#cloud/payments/channels/unionpay/codes.ts';
import { bothOf, txnTimeOf, type UnionpayDesk } from '#cloud/payments/channels/unionpay/desk.ts';
import {
  refundState,
  transactionOf,
  type Transaction,
} from '#cloud/payments/channels/unionpay/judge.ts';
import { shanghaiDigitsOf } from '#cloud/payments/channels/wire/shanghai-time.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

/**
 * Refunds (04/00, 退货): transactions of their own under the refund's number, which name the
 * payment by its queryId. That is asked for first; 00 is "accepted" here too, so the refund is
 * asked about behind it. A number that was used before (12) is asked about as well.
 */
export function createUnionpayRefunds(desk: UnionpayDesk): {
  readonly refund: Channel['refund'];
  readonly queryRefund: NonNullable<Channel['queryRefund']>;
} {
  const queryRefund = async (order: RefundOrder): Promise<Answered<RefundOutcome>> => {
    const { found, evidence } = await desk.find(refundOf(order));
    return { outcome: refundState(found), evidence };
  };
  return {
    queryRefund,
    refund: async (order) => {
      const paid = await desk.find(transactionOf(order, txnTimeOf(order)));
      if (paid.found.type !== 'done') {
        const { found } = paid;
        return { outcome: unknown(found.code), evidence: paid.evidence };
      }
      const answer = await desk.send(refundOf(order), {
        txnType: '04',
        txnSubType: '00',
        origQryId: paid.found.queryId,
      });
      const { evidence } = answer;
      if (answer.type === 'none') return { outcome: unknown(answer.code), evidence };
      const code = answer.fields['respCode'] ?? '';
      if (unionpayDeclines.has(code)) return { outcome: { type: 'refund-failed', code }, evidence };
      if (!wasTaken.has(code)) return { outcome: unknown(code), evidence };
      const after = await queryRefund(order);
      // Taken and not found yet is no "no": it may only be on its way.
      const outcome =
        after.outcome.type === 'no-such-refund' ? unknown(after.outcome.code) : after.outcome;
      return { outcome, evidence: bothOf(evidence, after.evidence) };
    },
  };
}

const refundOf = (order: RefundOrder): Transaction => ({
  merchantNo: order.channelMerchantNo,
  orderId: order.outRefundNo,
  txnTime: order.askedAtMs === undefined ? txnTimeOf(order) : shanghaiDigitsOf(order.askedAtMs),
  amountFen: order.refundFen,
});
