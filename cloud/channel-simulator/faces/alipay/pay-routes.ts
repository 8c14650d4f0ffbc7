import { refundedFen } from '#cloud/channel-simulator/books/booked-order.ts';
import type { FaceTerms } from '#cloud/channel-simulator/books/channel-books.ts';
import { alipayRequests, fenOf } from '#cloud/channel-simulator/faces/alipay/requests.ts';
import type { Call, Handlers } from '#cloud/channel-simulator/faces/alipay/route.ts';
import {
  payOf,
  refuse,
  said,
  tradeOf,
  waiting,
  yuan,
  type Spoken,
} from '#cloud/channel-simulator/faces/alipay/words.ts';

const authCodePattern = /^(?:2[5-9]|30)[0-9]{14,22}$/;
/** A cancellation is allowed at once, and for a day. */
const terms: FaceTerms = {
  face: 'alipay',
  reverseNotBeforeMs: 0,
  reverseWindowMs: 86_400_000,
};

/** Paying, asking, cancelling, refunding. */
export const payRoutes: Handlers = {
  'alipay.trade.pay': pay,
  'alipay.trade.query': query,
  'alipay.trade.cancel': cancel,
  'alipay.trade.refund': refund,
  'alipay.trade.fastpay.refund.query': queryRefund,
};

function pay(call: Call): Spoken {
  const { house, merchantNo, nowMs } = call;
  const request = alipayRequests.pay(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  if (!authCodePattern.test(request.auth_code)) return refuse('AUTH_CODE_INVALID');
  const asked = {
    face: 'alipay' as const,
    merchantNo,
    outTradeNo: request.out_trade_no,
    amountFen: fenOf(request.total_amount),
    authCode: request.auth_code,
    description: request.subject,
    terminalNo: request.terminal_id ?? '',
  };
  const freezes = request.extend_params?.royalty_freeze === 'true';
  const replied = house.books.pay(asked, nowMs, { ...terms, freezes });
  const order = house.books.shelf.find(asked);
  if (order !== undefined)
    call.announce(order, { times: replied.notices ?? 0, afterMs: replied.noticeAfterMs ?? 0 });
  const { code } = replied.answer;
  if (order !== undefined && code === 'SUCCESS') return said(payOf(order), replied.delivery);
  return order !== undefined && code === 'USERPAYING'
    ? waiting(payOf(order), replied.delivery)
    : refuse(code, replied.delivery);
}

function query(call: Call): Spoken {
  const request = alipayRequests.order(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  const { books } = call.house;
  const named = { merchantNo: call.merchantNo, outTradeNo: request.out_trade_no };
  const wasPaid = books.shelf.find(named)?.paidAtMs !== undefined;
  const { code } = books.query(named, call.nowMs).answer;
  const order = books.shelf.find(named);
  // What never got as far as its payer does not exist at Alipay, cancelled or not.
  if (order === undefined || order.state === 'NOTPAY' || order.amountFen === 0)
    return refuse('ORDER_NOT_FOUND');
  if (!wasPaid && order.state === 'SUCCESS') call.announce(order, { times: 1 });
  return code === 'SUCCESS' ? said(tradeOf(order)) : refuse(code);
}

function cancel(call: Call): Spoken {
  const request = alipayRequests.order(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  const { books } = call.house;
  const named = { merchantNo: call.merchantNo, outTradeNo: request.out_trade_no };
  const { code } = books.reverse(named, call.nowMs, terms).answer;
  call.house.awaitPayer(named, (paid) => call.announce(paid, { times: 1 }));
  const order = books.shelf.find(named);
  if (code === 'REVERSE_EXPIRED') return refuse('CANCEL_EXPIRED');
  if (code !== 'SUCCESS' || order === undefined) return refuse(code);
  const answer = { out_trade_no: named.outTradeNo, retry_flag: 'N' };
  // Nothing was found under this number; it is closed for what may still be on its way.
  if (order.amountFen === 0) return said(answer);
  const whole = { ...answer, trade_no: order.transactionId };
  if (order.state === 'CLOSED') return said({ ...whole, action: 'close' });
  return refundedFen(order) === order.amountFen
    ? said({ ...whole, action: 'refund' })
    : refuse('TRADE_STATUS');
}

/** Refusals of refunds have words of their own. */
const refundWords: Readonly<Record<string, string>> = {
  NOT_ENOUGH: 'REFUND_TOO_MUCH',
  OUT_TRADE_NO_USED: 'NUMBER_USED',
  TRADE_ERROR: 'TRADE_STATUS',
};

function refund(call: Call): Spoken {
  const request = alipayRequests.refund(call.bizContent);
  if (request === undefined) return takeBack(call);
  const { merchantNo, house, nowMs } = call;
  const { out_trade_no: outTradeNo, out_request_no: outRefundNo } = request;
  const wasThere = house.books.findRefund({ merchantNo, outRefundNo }) !== undefined;
  const asked = { merchantNo, outTradeNo, outRefundNo, amountFen: fenOf(request.refund_amount) };
  const { code } = house.books.refund(asked, nowMs).answer;
  const order = house.books.shelf.find(asked);
  if (code !== 'SUCCESS' || order === undefined) return refuse(refundWords[code] ?? code);
  if (!wasThere) call.announce(order, { times: 1, refund: { outRefundNo, atMs: nowMs } });
  return said({
    out_trade_no: outTradeNo,
    trade_no: order.transactionId,
    fund_change: wasThere ? 'N' : 'Y',
    refund_fee: yuan(refundedFen(order)),
  });
}

/** A refund of receivers' parts alone: the payer gets nothing, the split is turned round. */
function takeBack(call: Call): Spoken {
  const request = alipayRequests.splitRefund(call.bizContent);
  const [back] = request?.refund_royalty_parameters ?? [];
  if (request === undefined || back === undefined) return refuse('PARAM_ERROR');
  const { merchantNo, house } = call;
  const { splits } = house.money;
  const { trade_no: tradeNo, out_request_no: outReturnNo } = request;
  const amountFen = fenOf(back.amount);
  const known = splits.queryTakeBack({ merchantNo, outReturnNo });
  const source =
    'outSplitNo' in known
      ? known.outSplitNo
      : splits
          .ofOrder(tradeNo)
          .find((split) => split.parts.some((part) => part.account === back.trans_out))?.outSplitNo;
  if (source === undefined) return refuse('NO_RELATION');
  const asked = { merchantNo, outSplitNo: source, outReturnNo, account: back.trans_out, amountFen };
  const booked = splits.takeBack(asked);
  if (!('outSplitNo' in booked))
    return refuse(booked.code === 'NOT_ENOUGH' ? 'OVER_ORDER' : booked.code);
  return said({ trade_no: tradeNo, fund_change: 'outSplitNo' in known ? 'N' : 'Y' });
}

function queryRefund(call: Call): Spoken {
  const request = alipayRequests.refundQuery(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  const { out_trade_no: outTradeNo, out_request_no: outRefundNo } = request;
  const { books } = call.house;
  if (books.shelf.find({ merchantNo: call.merchantNo, outTradeNo }) === undefined)
    return refuse('ORDER_NOT_FOUND');
  const booked = books.findRefund({ merchantNo: call.merchantNo, outRefundNo });
  if (booked?.order.outTradeNo !== outTradeNo) return said({});
  return said({
    out_trade_no: outTradeNo,
    out_request_no: outRefundNo,
    trade_no: booked.order.transactionId,
    total_amount: yuan(booked.order.amountFen),
    refund_amount: yuan(booked.refund.amountFen),
    refund_status: 'REFUND_SUCCESS',
  });
}
