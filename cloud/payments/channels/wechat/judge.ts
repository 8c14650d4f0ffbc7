import { ruleOfChannelCode } from '#cloud/channel/channel-codes.ts';
import type {
  ChannelOrder,
  ChargeOutcome,
  FailedFinal,
  Paid,
  QueryOutcome,
  RefundOrder,
  RefundOutcome,
  Unknown,
} from '#cloud/channel/channel-exchange.ts';
import type { WechatAnswer } from '#cloud/payments/channels/wechat/client.ts';
import {
  wechatCodes,
  wechatDeclines,
  wechatUnknownNumbers,
} from '#cloud/payments/channels/wechat/codes.ts';
import type { WechatIdentity } from '#cloud/payments/channels/wechat/config.ts';
import {
  merchantOf,
  wechatMessages,
  type WechatTrade,
} from '#cloud/payments/channels/wechat/messages.ts';
import { neverSent, unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

/** Orders are in yuan; an answer in another currency is about something else. */
const currency = 'CNY';

/** The same merchant, number, amount and currency as asked for. A missing amount proves nothing. */
const isAbout = (trade: WechatTrade, order: ChannelOrder, identity: WechatIdentity): boolean =>
  isNamed(trade, order, identity) &&
  trade.amount?.total === order.netFen &&
  (trade.amount.currency ?? currency) === currency;

const isNamed = (trade: WechatTrade, order: ChannelOrder, identity: WechatIdentity): boolean =>
  merchantOf(trade, identity) === order.channelMerchantNo &&
  trade.out_trade_no === order.outTradeNo;

/** An order that is not paid may be told without its amount, but not with another one. */
const isAboutUnpaid = (
  trade: WechatTrade,
  order: ChannelOrder,
  identity: WechatIdentity,
): boolean =>
  trade.amount === undefined ? isNamed(trade, order, identity) : isAbout(trade, order, identity);

/** What an answer to a charge means. */
export function judgeCharge(
  answer: WechatAnswer,
  order: ChannelOrder,
  identity: WechatIdentity,
): ChargeOutcome {
  if (answer.type === 'none') return neverSent(answer.code);
  if (answer.type === 'refused') return chargeRule(answer.code);
  const trade = answer.value;
  if (!wechatMessages.trade.Check(trade)) return unknown('garbled-answer');
  if (trade.trade_state === 'SUCCESS') return paidOr(trade, order, identity);
  // A 2xx that says anything but "paid" or "paying" is no refusal of the charge.
  return trade.trade_state === 'USERPAYING' && isAboutUnpaid(trade, order, identity)
    ? { type: 'paying', code: trade.trade_state }
    : unknown('state-mismatch');
}

function chargeRule(code: string): Exclude<ChargeOutcome, Paid> | FailedFinal {
  const { outcome } = ruleOfChannelCode(wechatCodes, code);
  switch (outcome) {
    case 'paid':
      return unknown('state-mismatch');
    case 'paying':
    case 'broken-off':
    case 'unknown':
    case 'failed':
      return { type: outcome, code };
    default:
      return exhaustive(outcome);
  }
}

/**
 * What an answer to a query means. A number that WeChat Pay does not know may still arrive there.
 */
export function judgeQuery(
  answer: WechatAnswer,
  order: ChannelOrder,
  identity: WechatIdentity,
): QueryOutcome {
  if (answer.type === 'none') return unknown(answer.code);
  if (answer.type === 'refused')
    return wechatUnknownNumbers.has(answer.code)
      ? { type: 'unpaid', code: answer.code }
      : unknown(answer.code);
  const trade = answer.value;
  if (!wechatMessages.trade.Check(trade)) return unknown('garbled-answer');
  if (trade.trade_state === 'SUCCESS') return paidOr(trade, order, identity);
  if (!isAboutUnpaid(trade, order, identity)) return unknown('order-mismatch');
  switch (trade.trade_state) {
    case 'USERPAYING':
      return { type: 'paying', code: trade.trade_state };
    case 'NOTPAY':
      return { type: 'unpaid', code: trade.trade_state };
    case 'PAYERROR':
      return { type: 'broken-off', code: trade.trade_state };
    case 'CLOSED':
      return { type: 'closed' };
    case 'REVOKED':
      // A reversal of a paid order gives the money back; only such an order has a payment's number.
      return { type: trade.transaction_id === undefined ? 'closed' : 'refunded' };
    default:
      // REFUND does not tell how much went back: the refund itself is to be asked for.
      return unknown(trade.trade_state);
  }
}

function paidOr(trade: WechatTrade, order: ChannelOrder, identity: WechatIdentity): Paid | Unknown {
  if (!isAbout(trade, order, identity)) return unknown('order-mismatch');
  const paidAtMs = Date.parse(trade.success_time ?? '');
  if (trade.transaction_id === undefined || !Number.isSafeInteger(paidAtMs) || paidAtMs < 0)
    return unknown('proof-missing');
  const payerId = trade.payer?.sp_openid ?? trade.payer?.openid;
  return {
    type: 'paid',
    channelRef: trade.transaction_id,
    paidAtMs,
    ...(payerId === undefined ? {} : { payerId }),
  };
}

/** What an answer to a refund, or to a query about one, means. */
export function judgeRefund(
  answer: WechatAnswer,
  order: RefundOrder,
  asked: 'refund' | 'query',
): RefundOutcome {
  if (answer.type === 'none') return unknown(answer.code);
  if (answer.type === 'refused') {
    const { code } = answer;
    if (asked === 'query')
      return wechatUnknownNumbers.has(code) ? { type: 'no-such-refund', code } : unknown(code);
    return wechatDeclines.has(code) ? { type: 'refund-failed', code } : unknown(code);
  }
  const refund = answer.value;
  if (!wechatMessages.refund.Check(refund)) return unknown('garbled-answer');
  const isAboutIt =
    refund.out_refund_no === order.outRefundNo &&
    refund.out_trade_no === order.outTradeNo &&
    refund.amount.refund === order.refundFen &&
    refund.amount.total === order.netFen &&
    (refund.amount.currency ?? currency) === currency;
  if (!isAboutIt) return unknown('order-mismatch');
  switch (refund.status) {
    case 'SUCCESS':
      return { type: 'refunded' };
    case 'CLOSED':
      return { type: 'refund-failed', code: refund.status };
    case 'PROCESSING':
    case 'ABNORMAL':
      // Abnormal: the payer's card is gone; people finish it at WeChat Pay, the number stays the
      // same.
      return { type: 'refunding', code: refund.status };
    default:
      return unknown(refund.status);
  }
}
