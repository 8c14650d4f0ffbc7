import { Compile } from 'typebox/compile';
import {
  ChannelAnswerSchema,
  channelPaths,
  type ChannelAnswer,
  type ChannelPath,
  type Face,
  type OrderRequest,
  type PayRequest,
  type RefundQueryRequest,
  type RefundRequest,
  type WithholdRequest,
} from '#cloud/channel-simulator/protocol.ts';
import {
  judgeCharge,
  judgeQuery,
  judgeRefund,
  judgeRefundQuery,
  judgeReverse,
} from '#cloud/payments/channels/aggregator/judge.ts';
import { sendSigned, type AggregatorOptions } from '#cloud/payments/channels/aggregator/client.ts';
import { createAggregatorBills } from '#cloud/payments/channels/aggregator/bill.ts';
import { createAggregatorNotify } from '#cloud/payments/channels/aggregator/notify.ts';
import { neverSent, unknown } from '#cloud/payments/channels/wire/evidence.ts';
import type { ChannelProfile } from '#cloud/channel/channel-profile.ts';
import { aggregatorCodes } from '#cloud/payments/channels/aggregator/codes.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { Answered, ChannelOrder } from '#cloud/channel/channel-exchange.ts';

export interface AggregatorChannelOptions extends AggregatorOptions {
  /** Which wallet's rules the far end plays. */
  readonly face: Face;
}

const description = '门店消费';
const checkAnswer = Compile(ChannelAnswerSchema);

/** Reversals from 15 s after the charge on, for 7 days, whatever the wallet. */
const profileOf = (face: Face): ChannelProfile => ({
  kind: 'aggregator',
  wallets: face === 'withholding' ? [] : [face],
  abilities: ['bill', 'notify', 'query-refund', 'withhold'],
  codes: aggregatorCodes,
  limits: {
    reverseNotBeforeMs: 15_000,
    reverseWindowMs: 7 * 86_400_000,
    refundWindowMs: 365 * 86_400_000,
    refundsPerOrderMax: 50,
  },
});

/**
 * One wallet by way of a licensed aggregator (聚合支付): one message set for all wallets, JSON
 * signed with Ed25519. The shape is that of the acquirers' published books, the names are ours;
 * docs/payments.md tells what an acquirer's own dialect changes. Source:
 * cloud/channel-simulator/protocol.ts.
 */
export function createAggregatorChannel(options: AggregatorChannelOptions): Channel {
  const call: Call = async (request, judge, silent) => {
    const sent = await sendSigned(options, request, checkAnswer);
    return {
      evidence: sent.evidence,
      outcome: sent.type === 'answer' ? judge(sent.answer) : silent(sent.code),
    };
  };

  const notifies = options.notifyUrl === undefined ? {} : { notifyUrl: options.notifyUrl };
  return {
    profile: profileOf(options.face),
    charge: (order) => {
      const value: PayRequest = {
        face: options.face,
        ...orderRequest(order),
        amountFen: order.netFen,
        authCode: order.authCode,
        description,
        terminalNo: order.terminalId,
        ...notifies,
      };
      return call({ path: channelPaths.pay, value }, (a) => judgeCharge(a, order), neverSent);
    },
    withhold: (order) => {
      const value: WithholdRequest = {
        face: options.face,
        ...orderRequest(order),
        amountFen: order.netFen,
        agreementNo: order.memberId,
        description,
        ...notifies,
      };
      return call({ path: channelPaths.withhold, value }, (a) => judgeCharge(a, order), neverSent);
    },
    query: (order) =>
      call(
        { path: channelPaths.query, value: orderRequest(order) },
        (answer) => judgeQuery(answer, order),
        unknown,
      ),
    reverse: (order) =>
      call(
        { path: channelPaths.reverse, value: orderRequest(order) },
        (answer) => judgeReverse(answer, order),
        unknown,
      ),
    ...refundsBy(call, notifies),
    bills: createAggregatorBills(options),
    notify: createAggregatorNotify(options),
  };
}

/** One signed call: what a verified answer means, and what silence does. */
type Call = <O>(
  request: { readonly path: ChannelPath; readonly value: object },
  judge: (answer: ChannelAnswer) => O,
  silent: (code: string) => O,
) => Promise<Answered<O>>;

const refundsBy = (
  call: Call,
  notifies: { readonly notifyUrl?: string },
): Pick<Channel, 'refund' | 'queryRefund'> => ({
  refund: (order) => {
    const value: RefundRequest = {
      ...orderRequest(order),
      outRefundNo: order.outRefundNo,
      amountFen: order.refundFen,
      ...notifies,
    };
    return call({ path: channelPaths.refund, value }, (a) => judgeRefund(a, order), unknown);
  },
  queryRefund: (order) => {
    const value: RefundQueryRequest = {
      ...orderRequest(order),
      outRefundNo: order.outRefundNo,
    };
    return call(
      { path: channelPaths.refundQuery, value },
      (answer) => judgeRefundQuery(answer, order),
      unknown,
    );
  },
});

const orderRequest = (order: ChannelOrder): OrderRequest => ({
  merchantNo: order.channelMerchantNo,
  outTradeNo: order.outTradeNo,
});
