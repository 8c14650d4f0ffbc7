import type { ChannelAnswer } from '#cloud/channel-simulator/protocol.ts';
import { ruleOfChannelCode } from '#cloud/channel/channel-codes.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { aggregatorCodes } from '#cloud/payments/channels/aggregator/codes.ts';
import type {
  ChannelOrder,
  ChargeOutcome,
  Paid,
  QueryOutcome,
  RefundOrder,
  RefundOutcome,
  ReverseOutcome,
  Unknown,
} from '#cloud/channel/channel-exchange.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

/**
 * Does a verified answer speak of this order: the same merchant, number and amount? Anything else
 * proves nothing.
 */
export const isAbout = (answer: ChannelAnswer, order: ChannelOrder): boolean =>
  answer.merchantNo === order.channelMerchantNo &&
  answer.outTradeNo === order.outTradeNo &&
  answer.amountFen === order.netFen;

/** What a verified answer to a charge or a withholding means. */
export function judgeCharge(answer: ChannelAnswer, order: ChannelOrder): ChargeOutcome {
  const { outcome } = ruleOfChannelCode(aggregatorCodes, answer.code);
  switch (outcome) {
    case 'paid':
      return answer.state === 'SUCCESS' ? paidOr(answer, order) : unknown('state-mismatch');
    case 'paying':
    case 'broken-off':
    case 'unknown':
    case 'failed':
      return { type: outcome, code: answer.code };
    default:
      return exhaustive(outcome);
  }
}

/**
 * What a verified answer to a query means. A number the channel does not know may still arrive
 * there.
 */
export function judgeQuery(answer: ChannelAnswer, order: ChannelOrder): QueryOutcome {
  if (answer.code === 'ORDER_NOT_FOUND') return { type: 'unpaid', code: answer.code };
  if (answer.code !== 'SUCCESS') return unknown(answer.code);
  if (isTombstone(answer, order)) return { type: 'closed' };
  if (!isAbout(answer, order)) return unknown('order-mismatch');
  switch (answer.state) {
    case 'SUCCESS':
      return paidOr(answer, order);
    case 'USERPAYING':
      return { type: 'paying', code: answer.state };
    case 'NOTPAY':
      return { type: 'unpaid', code: answer.state };
    case 'PAYERROR':
      return { type: 'broken-off', code: answer.state };
    case 'CLOSED':
      return { type: 'closed' };
    case 'REFUND':
      return answer.refundedFen === order.netFen
        ? { type: 'refunded' }
        : unknown('refunded-in-part');
    case undefined:
      return unknown('state-missing');
    default:
      return exhaustive(answer.state);
  }
}

/** What a verified answer to a reversal means. */
export function judgeReverse(answer: ChannelAnswer, order: ChannelOrder): ReverseOutcome {
  if (answer.code === 'REVERSE_TOO_EARLY') return { type: 'too-early' };
  if (answer.code === 'REVERSE_EXPIRED') return { type: 'window-over' };
  if (answer.code !== 'SUCCESS') return unknown(answer.code);
  if (isTombstone(answer, order)) return { type: 'closed' };
  if (!isAbout(answer, order)) return unknown('order-mismatch');
  if (answer.state === 'CLOSED') return { type: 'closed' };
  if (answer.state === 'REFUND' && answer.refundedFen === order.netFen) return { type: 'refunded' };
  return unknown('state-mismatch');
}

/**
 * What a verified answer to a refund means: carried out when the answer names it, its amount and
 * its order.
 */
export function judgeRefund(answer: ChannelAnswer, order: RefundOrder): RefundOutcome {
  if (answer.code !== 'SUCCESS') return unknown(answer.code);
  const isIt =
    isAbout(answer, order) &&
    answer.state === 'REFUND' &&
    answer.outRefundNo === order.outRefundNo &&
    answer.refundFen === order.refundFen;
  return isIt ? { type: 'refunded' } : unknown('order-mismatch');
}

/** What a verified answer about a refund means. */
export const judgeRefundQuery = (answer: ChannelAnswer, order: RefundOrder): RefundOutcome =>
  answer.code === 'REFUND_NOT_FOUND'
    ? { type: 'no-such-refund', code: answer.code }
    : judgeRefund(answer, order);

/** A number that was closed before its charge arrived has no amount in the channel's books. */
const isTombstone = (answer: ChannelAnswer, order: ChannelOrder): boolean =>
  answer.state === 'CLOSED' &&
  answer.amountFen === undefined &&
  answer.merchantNo === order.channelMerchantNo &&
  answer.outTradeNo === order.outTradeNo;

function paidOr(answer: ChannelAnswer, order: ChannelOrder): Paid | Unknown {
  if (!isAbout(answer, order)) return unknown('order-mismatch');
  if (answer.transactionId === undefined || answer.paidAtMs === undefined)
    return unknown('proof-missing');
  const { transactionId: channelRef, paidAtMs, payerId } = answer;
  return { type: 'paid', channelRef, paidAtMs, ...(payerId === undefined ? {} : { payerId }) };
}
