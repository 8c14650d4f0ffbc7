import {
  channelPaths,
  type ChannelAnswer,
  type ChannelPath,
  type Face,
  type OrderRequest,
  type PayRequest,
  type RefundRequest,
  type WithholdRequest,
} from '#cloud/channel-simulator/protocol.ts';
import {
  judgeCharge,
  judgeQuery,
  judgeRefund,
  judgeReverse,
} from '#cloud/payments/channels/simulated/judge-answer.ts';
import {
  sendSigned,
  type SignedClientOptions,
} from '#cloud/payments/channels/simulated/signed-client.ts';
import { neverSent, unknown } from '#cloud/payments/channels/wire/evidence.ts';
import type { ChannelProfile } from '#cloud/payments/channel-profile.ts';
import { simulatedCodes } from '#cloud/payments/channels/simulated/codes.ts';
import type { Answered, Channel, ChannelOrder } from '#cloud/payments/channel.ts';

export interface SimulatedChannelOptions extends SignedClientOptions {
  /** Which wallet's rules the far end plays. */
  readonly face: Face;
}

const description = '门店消费';

/** Reversals from 15 s after the charge on, for 7 days. The neutral protocol has no word for the rest. */
const profileOf = (face: Face): ChannelProfile => ({
  kind: 'neutral',
  wallets: face === 'withholding' ? [] : [face],
  abilities: ['withhold'],
  codes: simulatedCodes,
  limits: {
    reverseNotBeforeMs: 15_000,
    reverseWindowMs: 7 * 86_400_000,
    refundWindowMs: 365 * 86_400_000,
    refundsPerOrderMax: 50,
  },
});

/** The adapter to the neutral channel protocol (cloud/channel-simulator/protocol.ts) over HTTP. */
export function createSimulatedChannel(options: SimulatedChannelOptions): Channel {
  const call = async <O>(
    request: { readonly path: ChannelPath; readonly value: object },
    judge: (answer: ChannelAnswer) => O,
    silent: (code: string) => O,
  ): Promise<Answered<O>> => {
    const sent = await sendSigned(options, request);
    return {
      evidence: sent.evidence,
      outcome: sent.type === 'answer' ? judge(sent.answer) : silent(sent.code),
    };
  };

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
    refund: (order) => {
      const value: RefundRequest = {
        ...orderRequest(order),
        outRefundNo: order.outRefundNo,
        amountFen: order.refundFen,
      };
      return call({ path: channelPaths.refund, value }, (a) => judgeRefund(a, order), unknown);
    },
  };
}

const orderRequest = (order: ChannelOrder): OrderRequest => ({
  merchantNo: order.channelMerchantNo,
  outTradeNo: order.outTradeNo,
});
