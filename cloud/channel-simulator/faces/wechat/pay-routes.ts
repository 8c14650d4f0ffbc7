import type { NotifyManners } from '#cloud/channel-simulator/face.ts';
import type { FaceTerms } from '#cloud/channel-simulator/books/channel-books.ts';
import {
  merchantOf,
  partiesOf,
  type Call,
  type WechatRoute,
} from '#cloud/channel-simulator/faces/wechat/route.ts';
import { wechatRequests } from '#cloud/channel-simulator/faces/wechat/requests.ts';
import { wechatNotice } from '#cloud/channel-simulator/faces/wechat/seal.ts';
import {
  namesOf,
  refundOf,
  refuse,
  said,
  tradeOf,
  type Spoken,
} from '#cloud/channel-simulator/faces/wechat/words.ts';

const authCodePattern = /^1[0-5][0-9]{16}$/;
const transactions = ['/v3/pay/transactions', '/v3/pay/partner/transactions'] as const;

/** Paying, asking, taking back, refunding. */
export const payRoutes: readonly WechatRoute[] = [
  ...transactions.flatMap((base): readonly WechatRoute[] => [
    { method: 'POST', path: `${base}/codepay`, handle: codepay },
    { method: 'GET', path: `${base}/out-trade-no/:no`, handle: query },
    { method: 'POST', path: `${base}/out-trade-no/:no/reverse`, handle: reverse },
  ]),
  { method: 'POST', path: '/v3/refund/domestic/refunds', handle: refund },
  { method: 'GET', path: '/v3/refund/domestic/refunds/:no', handle: queryRefund },
  { method: 'POST', path: '/v3/security/echo', handle: echo },
];

const termsOf = ({ options }: Call): FaceTerms => ({
  face: 'wechat',
  ...(options.reverseNotBeforeMs === undefined
    ? {}
    : { reverseNotBeforeMs: options.reverseNotBeforeMs }),
});

function codepay(call: Call): Spoken {
  const { house, caller, nowMs } = call;
  const request = wechatRequests.codepay(call.body);
  if (request === undefined) return refuse('PARAM_ERROR');
  const merchantNo = merchantOf(request, caller);
  if (merchantNo === undefined) return refuse('NO_AUTH');
  if (!authCodePattern.test(request.payer.auth_code)) return refuse('AUTH_CODE_INVALID');
  const pay = {
    face: 'wechat' as const,
    merchantNo,
    outTradeNo: request.out_trade_no,
    amountFen: request.amount.total,
    authCode: request.payer.auth_code,
    description: request.description,
    terminalNo: request.scene_info.device_id ?? '',
  };
  const { profit_sharing: freezes = false, subsidy_amount: subsidyMarkFen } =
    request.settle_info ?? {};
  const held = {
    freezes,
    // Without the holding the mark says nothing.
    ...(freezes && subsidyMarkFen !== undefined ? { subsidyMarkFen } : {}),
  };
  const replied = house.books.pay(pay, nowMs, { ...termsOf(call), ...held });
  const order = house.books.shelf.find(pay);
  return replied.answer.code === 'SUCCESS' && order !== undefined
    ? said(200, tradeOf(order, caller), replied.delivery)
    : refuse(replied.answer.code, replied.delivery);
}

function query(call: Call): Spoken {
  const merchantNo = merchantOf(partiesOf(call.query), call.caller);
  if (merchantNo === undefined) return refuse('NO_AUTH');
  const named = { merchantNo, outTradeNo: call.params['no'] ?? '' };
  const replied = call.house.books.query(named, call.nowMs);
  const order = call.house.books.shelf.find(named);
  return order === undefined ? refuse(replied.answer.code) : said(200, tradeOf(order, call.caller));
}

function reverse(call: Call): Spoken {
  const request = wechatRequests.reverse(call.body);
  const merchantNo = request === undefined ? undefined : merchantOf(request, call.caller);
  if (merchantNo === undefined) return refuse('PARAM_ERROR');
  const named = { merchantNo, outTradeNo: call.params['no'] ?? '' };
  const replied = call.house.books.reverse(named, call.nowMs, termsOf(call));
  // WeChat Pay posts nothing about scanned codes: whoever asks, or reads the bill, finds the money.
  call.house.awaitPayer(named, () => undefined);
  return replied.answer.code === 'SUCCESS'
    ? said(200, { ...namesOf(call.caller, merchantNo), out_trade_no: named.outTradeNo })
    : refuse(replied.answer.code);
}

function refund(call: Call): Spoken {
  const request = wechatRequests.refund(call.body);
  const merchantNo = request === undefined ? undefined : merchantOf(request, call.caller);
  if (request === undefined || merchantNo === undefined) return refuse('PARAM_ERROR');
  const { books } = call.house;
  const named = { merchantNo, outTradeNo: request.out_trade_no };
  const order = books.shelf.find(named);
  if (order !== undefined && order.amountFen !== request.amount.total)
    return refuse('INVALID_REQUEST');
  const { out_refund_no: outRefundNo } = request;
  const asked = { ...named, outRefundNo, amountFen: request.amount.refund };
  const isNew = books.findRefund({ merchantNo, outRefundNo }) === undefined;
  const { splits } = call.house.money;
  if (isNew && order !== undefined && splits.refusesRefund(order.transactionId, asked.amountFen))
    return refuse('NOT_ENOUGH');
  const { code } = books.refund(asked, call.nowMs).answer;
  const booked = books.findRefund({ merchantNo, outRefundNo });
  if (code !== 'SUCCESS' || booked === undefined)
    // "Not enough" in the books is more than is left; at WeChat Pay that is a request that does not fit.
    return refuse(code === 'NOT_ENOUGH' || code === 'OUT_TRADE_NO_USED' ? 'INVALID_REQUEST' : code);
  const words = refundOf(booked.order, { ...booked.refund, outRefundNo });
  if (request.notify_url !== undefined) notifyRefund(call, request.notify_url, words, merchantNo);
  return said(200, words);
}

function queryRefund(call: Call): Spoken {
  const merchantNo = merchantOf(partiesOf(call.query), call.caller);
  const outRefundNo = call.params['no'] ?? '';
  if (merchantNo === undefined) return refuse('NO_AUTH');
  const booked = call.house.books.findRefund({ merchantNo, outRefundNo });
  return booked === undefined
    ? refuse('NOT_FOUND')
    : said(200, refundOf(booked.order, { ...booked.refund, outRefundNo }));
}

function notifyRefund(call: Call, url: string, words: object, merchantNo: string): void {
  const resource = { ...words, ...namesOf(call.caller, merchantNo), refund_status: 'SUCCESS' };
  notify(call, url, { type: 'REFUND.SUCCESS', originalType: 'refund', resource });
}

/** Signs and encrypts with our keys and moves nothing. */
function echo(call: Call): Spoken {
  const request = wechatRequests.echo(call.body);
  if (request === undefined) return refuse('PARAM_ERROR');
  const { echo_message, notify_url: url } = request;
  const event = { type: 'SECURITY_ECHO.SUCCESS', originalType: 'security' };
  if (url !== undefined) notify(call, url, { ...event, resource: { echo_message } });
  return said(200, { echo_message });
}

/** Now and then the signature is one that must not hold: then the notify was not accepted, and comes again. */
function notify(
  { house, options }: Call,
  url: string,
  event: Parameters<typeof wechatNotice>[0],
): void {
  const [entry] = options.platform;
  if (entry === undefined) return;
  const [serial, key] = entry;
  const { apiV3Key } = options;
  const make = () => {
    const nowMs = house.clock.nowMs();
    return wechatNotice(event, { serial, key, apiV3Key, nowMs, isProbe: house.isProbing() });
  };
  house.notify({ url, make, times: 1, manners });
}

const [secondMs, minuteMs] = [1_000, 60_000];
/** From 15 s to 6 h, 24 h in all. Source: WeChat Pay v3, notify of payments. */
const manners: NotifyManners = {
  pausesMs: [
    ...[15, 15, 30].map((seconds) => seconds * secondMs),
    ...[3, 10, 20, 30, 30, 30, 60, 180, 180, 180, 360, 360].map((minutes) => minutes * minuteMs),
  ],
  accepts: ({ status }) => status === 200 || status === 204,
};
