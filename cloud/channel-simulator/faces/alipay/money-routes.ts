import { alipayRequests, fenOf } from '#cloud/channel-simulator/faces/alipay/requests.ts';
import type { Call, Handlers } from '#cloud/channel-simulator/faces/alipay/route.ts';
import { refuse, said, yuan, type Spoken } from '#cloud/channel-simulator/faces/alipay/words.ts';
import type { MoneyRefusal } from '#cloud/channel-simulator/books/money-ground.ts';
import type { BookedPayout } from '#cloud/channel-simulator/books/payout-books.ts';
import type {
  BookedReturn,
  BookedSplit,
  SplitPart,
} from '#cloud/channel-simulator/books/split-books.ts';
import { shanghaiTimeOf } from '#cloud/channel-simulator/shanghai-time.ts';

/** Splits and transfers. */
export const moneyRoutes: Handlers = {
  'alipay.trade.royalty.relation.bind': bind,
  'alipay.trade.royalty.relation.unbind': unbind,
  'alipay.trade.order.settle': settle,
  'alipay.trade.order.settle.query': querySettle,
  'alipay.trade.order.onsettle.query': unsettled,
  'alipay.fund.trans.uni.transfer': transfer,
  'alipay.fund.trans.common.query': queryTransfer,
};

function bind(call: Call): Spoken {
  const request = alipayRequests.bind(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  for (const { account } of request.receiver_list)
    call.house.money.splits.addReceiver(call.merchantNo, account, request.out_request_no);
  return said({ result_code: 'SUCCESS' });
}

/** Assumed: that a relation is gone already is no error. */
function unbind(call: Call): Spoken {
  const request = alipayRequests.unbind(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  for (const { account } of request.receiver_list)
    call.house.money.splits.removeReceiver(call.merchantNo, account, request.out_request_no);
  return said({ result_code: 'SUCCESS' });
}

/** "Not enough" in the books is more than is frozen; of payers it means something else. */
const splitWord = (code: string): string => (code === 'NOT_ENOUGH' ? 'OVER_ORDER' : code);

function settle(call: Call): Spoken {
  const request = alipayRequests.settle(call.bizContent);
  const releasesRest = request?.extend_params?.royalty_finish === 'true';
  if (request === undefined || (request.royalty_parameters === undefined && !releasesRest))
    return refuse('PARAM_ERROR');
  const booked = call.house.money.splits.split(
    {
      merchantNo: call.merchantNo,
      transactionId: request.trade_no,
      outSplitNo: request.out_request_no,
      releasesRest,
      receivers: (request.royalty_parameters ?? []).map((one) => ({
        type: 'merchant' as const,
        account: one.trans_in,
        amountFen: fenOf(one.amount),
        description: one.desc,
      })),
    },
    call.nowMs,
  );
  return isRefused(booked)
    ? refuse(splitWord(booked.code))
    : said({ trade_no: booked.transactionId, settle_no: booked.ref });
}

function querySettle(call: Call): Spoken {
  const request = alipayRequests.settleQuery(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  const { merchantNo, house } = call;
  const { out_request_no: outNo, trade_no: tradeNo } = request;
  const returned = house.money.splits.queryTakeBack({ merchantNo, outReturnNo: outNo });
  if (!isRefused(returned)) return said({ out_request_no: outNo, ...returnWords(returned, call) });
  const booked = house.money.splits.query({ merchantNo, outSplitNo: outNo });
  if (isRefused(booked) || booked.transactionId !== tradeNo) return refuse('SETTLE_NOT_FOUND');
  return said({
    out_request_no: outNo,
    operation_dt: shanghaiTimeOf(booked.atMs),
    royalty_detail_list: booked.parts.map((part) => partWords(part, booked, call)),
  });
}

const partStates: Readonly<Record<SplitPart['state'], string>> = {
  PENDING: 'PROCESSING',
  SUCCESS: 'SUCCESS',
  CLOSED: 'FAIL',
};

/** Amounts stand here as numbers, as Alipay's examples show them. */
const partWords = (part: SplitPart, split: BookedSplit, { merchantNo }: Call): object => ({
  operation_type: 'transfer',
  execute_dt: shanghaiTimeOf(split.atMs),
  trans_out: merchantNo,
  trans_out_type: 'userId',
  trans_in: part.account,
  trans_in_type: 'userId',
  amount: Number(yuan(part.amountFen)),
  state: partStates[part.state],
  detail_id: split.ref,
});

const returnWords = (returned: BookedReturn, { merchantNo }: Call): object => ({
  royalty_detail_list: [
    {
      operation_type: 'transfer_refund',
      trans_out: returned.account,
      trans_out_type: 'userId',
      trans_in: merchantNo,
      trans_in_type: 'userId',
      amount: Number(yuan(returned.amountFen)),
      state: 'SUCCESS',
      detail_id: returned.ref,
    },
  ],
});

function unsettled(call: Call): Spoken {
  const request = alipayRequests.tradeNo(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  const amountFen = call.house.money.splits.frozenFen(request.trade_no, call.nowMs);
  return typeof amountFen === 'number'
    ? said({ unsettled_amount: yuan(amountFen) })
    : refuse(amountFen.code);
}

/** The least that is transferred: 0.10 yuan. */
const transferFenMin = 10;

function transfer(call: Call): Spoken {
  const request = alipayRequests.transfer(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  const amountFen = fenOf(request.trans_amount);
  if (amountFen < transferFenMin) return refuse('PARAM_ERROR');
  const asked = {
    account: call.appId,
    outPayoutNo: request.out_biz_no,
    payee: request.payee_info.identity,
    amountFen,
  };
  const { said: booked, delivery } = call.house.money.payouts.submit(asked, call.nowMs);
  return isRefused(booked) ? refuse(booked.code, delivery) : said(transferWords(booked), delivery);
}

function queryTransfer(call: Call): Spoken {
  const request = alipayRequests.transferQuery(call.bizContent);
  if (request === undefined) return refuse('PARAM_ERROR');
  const asked = { account: call.appId, outPayoutNo: request.out_biz_no };
  const booked = call.house.money.payouts.query(asked, call.nowMs);
  return isRefused(booked)
    ? refuse('PAYOUT_NOT_FOUND')
    : said({ ...transferWords(booked), trans_amount: yuan(booked.amountFen) });
}

const transferStates: Readonly<Record<BookedPayout['state'], string>> = {
  WAITING: 'WAIT_PAY',
  PROCESSING: 'DEALING',
  DONE: 'SUCCESS',
  LAPSED: 'CLOSED',
};

const transferWords = (booked: BookedPayout): object => ({
  out_biz_no: booked.outPayoutNo,
  order_id: booked.ref,
  status: transferStates[booked.state],
  trans_date: shanghaiTimeOf(booked.atMs),
});

const isRefused = (booked: object): booked is MoneyRefusal =>
  'type' in booked && booked.type === 'refused';
