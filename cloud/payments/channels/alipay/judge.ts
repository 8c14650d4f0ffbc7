import { ruleOfChannelCode } from '#cloud/channel/channel-codes.ts';
import type {
  ChannelOrder,
  ChargeOutcome,
  FailedFinal,
  Paid,
  QueryOutcome,
  RefundOrder,
  RefundOutcome,
  ReverseOutcome,
  Unknown,
} from '#cloud/channel/channel-exchange.ts';
import type { AlipayAnswer } from '#cloud/payments/channels/alipay/client.ts';
import {
  alipayCodes,
  alipayDeclines,
  alipayUnknownNumbers,
} from '#cloud/payments/channels/alipay/codes.ts';
import { alipayMessages, type AlipayTrade } from '#cloud/payments/channels/alipay/messages.ts';
import { shanghaiInstantOf } from '#cloud/payments/channels/wire/shanghai-time.ts';
import { neverSent, unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { fenOfYuan } from '#cloud/payments/channels/wire/yuan.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

/** Orders are in yuan; an answer in another currency is about something else. */
const currency = 'CNY';
const paidStates: ReadonlySet<string | undefined> = new Set(['TRADE_SUCCESS', 'TRADE_FINISHED']);

/**
 * The same number, amount and currency as asked for. Alipay's answers name no merchant: whose order
 * it is follows from the authorisation that the request carried, and numbers are ours alone.
 */
const isAbout = (trade: AlipayTrade, order: ChannelOrder): boolean =>
  trade.out_trade_no === order.outTradeNo &&
  fenOfYuan(trade.total_amount) === order.netFen &&
  (trade.pay_currency ?? currency) === currency;

/** An order that is not paid may be told without its amount, but not with another one. */
const isAboutUnpaid = (trade: AlipayTrade, order: ChannelOrder): boolean =>
  trade.total_amount === undefined
    ? trade.out_trade_no === order.outTradeNo
    : isAbout(trade, order);

/** What an answer to a charge means. */
export function judgeCharge(answer: AlipayAnswer, order: ChannelOrder): ChargeOutcome {
  if (answer.type === 'none') return neverSent(answer.code);
  if (answer.type === 'refused') return chargeRule(answer.code);
  const trade = answer.value;
  if (!alipayMessages.trade.Check(trade)) return unknown('garbled-answer');
  if (answer.code === '10003')
    return isAboutUnpaid(trade, order)
      ? { type: 'paying', code: answer.code }
      : unknown('order-mismatch');
  // Charges are answered without a state; where one stands, it must say the same.
  const isDone = trade.trade_status === undefined || paidStates.has(trade.trade_status);
  return isDone ? paidOr(trade, order, trade.gmt_payment) : unknown('state-mismatch');
}

function chargeRule(code: string): Exclude<ChargeOutcome, Paid> | FailedFinal {
  const { outcome } = ruleOfChannelCode(alipayCodes, code);
  switch (outcome) {
    case 'paid':
    case 'paying':
      // A "yes" stands among the refusals only when it carries an error too.
      return unknown('state-mismatch');
    case 'broken-off':
    case 'unknown':
    case 'failed':
      return { type: outcome, code };
    default:
      return exhaustive(outcome);
  }
}

/** What an answer to a query means. A number that Alipay does not know may still arrive there. */
export function judgeQuery(answer: AlipayAnswer, order: ChannelOrder): QueryOutcome {
  if (answer.type === 'none') return unknown(answer.code);
  if (answer.type === 'refused')
    return alipayUnknownNumbers.has(answer.code)
      ? { type: 'unpaid', code: answer.code }
      : unknown(answer.code);
  const trade = answer.value;
  if (answer.code !== '10000' || !alipayMessages.trade.Check(trade))
    return unknown('garbled-answer');
  const { trade_status: state } = trade;
  if (paidStates.has(state)) return paidOr(trade, order, trade.send_pay_date);
  if (!isAboutUnpaid(trade, order)) return unknown('order-mismatch');
  if (state === 'WAIT_BUYER_PAY') return { type: 'paying', code: state };
  // Closed is said of orders nobody paid and of orders that went back wholly; only the latter had
  // been paid once.
  if (state === 'TRADE_CLOSED')
    return { type: trade.send_pay_date === undefined ? 'closed' : 'refunded' };
  return unknown(state ?? 'state-missing');
}

function paidOr(
  trade: AlipayTrade,
  order: ChannelOrder,
  paidAt: string | undefined,
): Paid | Unknown {
  if (!isAbout(trade, order)) return unknown('order-mismatch');
  const paidAtMs = shanghaiInstantOf(paidAt);
  if (trade.trade_no === undefined || paidAtMs === undefined) return unknown('proof-missing');
  const payerId = trade.buyer_open_id ?? trade.buyer_user_id;
  return {
    type: 'paid',
    channelRef: trade.trade_no,
    paidAtMs,
    ...(payerId === undefined ? {} : { payerId }),
  };
}

/**
 * What an answer to a cancellation means: `retry_flag` Y asks for the same again, `action` says
 * what was found.
 */
export function judgeCancel(answer: AlipayAnswer, order: ChannelOrder): ReverseOutcome {
  if (answer.type === 'none') return unknown(answer.code);
  if (answer.type === 'refused')
    return answer.code === 'ACQ.TRADE_CANCEL_TIME_OUT'
      ? { type: 'window-over' }
      : unknown(answer.code);
  const said = answer.value;
  if (!alipayMessages.cancel.Check(said)) return unknown('garbled-answer');
  if (said.out_trade_no !== order.outTradeNo) return unknown('order-mismatch');
  if (said.retry_flag !== 'N') return unknown('retry');
  if (said.action === 'refund') return { type: 'refunded' };
  // No action: Alipay found no such order. The charge may still be on its way, so nothing is closed
  // by that.
  if (said.action === undefined) return { type: 'no-such-order', code: 'action-missing' };
  return said.action === 'close' ? { type: 'closed' } : unknown('state-mismatch');
}

/**
 * What an answer to a refund means. `moved`: this very request moved the money. `ask`: it says
 * nothing about this number, because it had been asked for before or because it is a "no" that is
 * not on the whitelist.
 */
export function judgeRefund(
  answer: AlipayAnswer,
  order: RefundOrder,
): { readonly type: 'ask' } | RefundOutcome {
  if (answer.type === 'none') return unknown(answer.code);
  if (answer.type === 'refused')
    return alipayDeclines.has(answer.code)
      ? { type: 'refund-failed', code: answer.code }
      : unknown(answer.code);
  const said = answer.value;
  if (!alipayMessages.refund.Check(said)) return unknown('garbled-answer');
  const backFen = fenOfYuan(said.refund_fee);
  if (said.out_trade_no !== order.outTradeNo || backFen === undefined)
    return unknown('order-mismatch');
  if (said.fund_change !== 'Y') return { type: 'ask' };
  return backFen >= order.refundFen && backFen <= order.netFen
    ? { type: 'refunded' }
    : unknown('order-mismatch');
}

/** What an answer about a refund means. Without a state Alipay has no such refund, or it failed. */
export function judgeRefundQuery(answer: AlipayAnswer, order: RefundOrder): RefundOutcome {
  if (answer.type === 'none') return unknown(answer.code);
  if (answer.type === 'refused')
    return alipayUnknownNumbers.has(answer.code)
      ? { type: 'no-such-refund', code: answer.code }
      : unknown(answer.code);
  const said = answer.value;
  if (!alipayMessages.refundQuery.Check(said)) return unknown('garbled-answer');
  if (said.refund_status === undefined && said.refund_amount === undefined)
    return { type: 'no-such-refund', code: answer.code };
  const isAboutIt =
    said.out_trade_no === order.outTradeNo &&
    said.out_request_no === order.outRefundNo &&
    fenOfYuan(said.refund_amount) === order.refundFen &&
    fenOfYuan(said.total_amount) === order.netFen;
  if (!isAboutIt) return unknown('order-mismatch');
  return said.refund_status === 'REFUND_SUCCESS'
    ? { type: 'refunded' }
    : unknown(said.refund_status ?? 'state-missing');
}
