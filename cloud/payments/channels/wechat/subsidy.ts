import type {
  MovedOutcome,
  PaidOrder,
  SubsidyDesk,
  SubsidyOrder,
} from '#cloud/channel/channel-money.ts';
import type { WechatAnswer, WechatClient } from '#cloud/payments/channels/wechat/client.ts';
import { silentOr } from '#cloud/payments/channels/wechat/judge-money.ts';
import { wechatMessages } from '#cloud/payments/channels/wechat/messages.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

const base = '/v3/ecommerce/subsidies';

/**
 * The platform's subsidy to a sub-merchant (补差): once per order, before its split, of the amount
 * that the charge was marked with, or less behind a refund. Asking again with the same parameters
 * is safe for 180 days; with another amount it may debit twice, so the amount under a number never
 * changes. A marked order of which refunds left nothing to subsidise is cancelled, or nobody gets a
 * share of it. Source: pay.weixin.qq.com/doc/v3/partner/4012477631, 4012477639 (2024-10-24).
 */
export function createWechatSubsidies(client: WechatClient): SubsidyDesk {
  return {
    create: async (order) => {
      const value = { ...bodyOf(order), out_subsidy_no: order.outSubsidyNo };
      const answer = await client.ask({ method: 'POST', target: `${base}/create`, value });
      return { outcome: judgeSubsidy(answer, order), evidence: answer.evidence };
    },
    takeBack: async (order) => {
      const value = { ...bodyOf(order), out_order_no: order.outReturnNo };
      const answer = await client.ask({ method: 'POST', target: `${base}/return`, value });
      return { outcome: judgeSubsidy(answer, order), evidence: answer.evidence };
    },
    cancel: async (order) => {
      const { channelMerchantNo: sub_mchid, channelRef: transaction_id, description } = order;
      const value = { sub_mchid, transaction_id, description };
      const answer = await client.ask({ method: 'POST', target: `${base}/cancel`, value });
      return { outcome: judgeCancel(answer, order), evidence: answer.evidence };
    },
  };
}

const bodyOf = (order: SubsidyOrder) => ({
  sub_mchid: order.channelMerchantNo,
  transaction_id: order.channelRef,
  amount: order.amountFen,
  description: order.description,
});

function judgeSubsidy(answer: WechatAnswer, order: SubsidyOrder): MovedOutcome {
  return silentOr(answer, 'instruction', (said): MovedOutcome => {
    if (!wechatMessages.subsidy.Check(said)) return unknown('garbled-answer');
    const ref = said.subsidy_refund_id ?? said.subsidy_id;
    const isIt =
      said.sub_mchid === order.channelMerchantNo &&
      said.transaction_id === order.channelRef &&
      said.amount === order.amountFen;
    if (!isIt || ref === undefined) return unknown('order-mismatch');
    if (said.result === 'SUCCESS') return { type: 'done', ref };
    return said.result === 'FAIL'
      ? { type: 'declined', code: said.result }
      : unknown('state-mismatch');
  });
}

/** It has no number at WeChat Pay: the payment's is what it answers with. */
const judgeCancel = (answer: WechatAnswer, order: PaidOrder): MovedOutcome =>
  silentOr(answer, 'instruction', (said): MovedOutcome => {
    if (!wechatMessages.subsidyCancel.Check(said)) return unknown('garbled-answer');
    const isIt =
      said.sub_mchid === order.channelMerchantNo && said.transaction_id === order.channelRef;
    if (!isIt) return unknown('order-mismatch');
    if (said.result === 'SUCCESS') return { type: 'done', ref: order.channelRef };
    return said.result === 'FAIL'
      ? { type: 'declined', code: said.result }
      : unknown('state-mismatch');
  });
