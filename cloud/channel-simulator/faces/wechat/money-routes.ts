import { constants, privateDecrypt } from 'node:crypto';
import type { BookedPayout } from '#cloud/channel-simulator/books/payout-books.ts';
import type { BookedReturn, BookedSplit } from '#cloud/channel-simulator/books/split-books.ts';
import type { BookedSubsidy } from '#cloud/channel-simulator/books/subsidy-books.ts';
import type { MoneyRefusal } from '#cloud/channel-simulator/books/money-ground.ts';
import { rfc3339Of } from '#cloud/channel-simulator/shanghai-time.ts';
import {
  merchantOf,
  partiesOf,
  type Call,
  type WechatRoute,
} from '#cloud/channel-simulator/faces/wechat/route.ts';
import { wechatRequests } from '#cloud/channel-simulator/faces/wechat/requests.ts';
import { refuse, said, type Spoken } from '#cloud/channel-simulator/faces/wechat/words.ts';

const sharing = '/v3/profitsharing';
const subsidies = '/v3/ecommerce/subsidies';
const transfers = ['/v3/fund-app/mch-transfer', '/v3/fund-app/mch-transfer/partner'] as const;

/** Splits, subsidies and transfers. */
export const moneyRoutes: readonly WechatRoute[] = [
  { method: 'POST', path: `${sharing}/receivers/add`, handle: addReceiver },
  { method: 'POST', path: `${sharing}/receivers/delete`, handle: removeReceiver },
  { method: 'POST', path: `${sharing}/orders`, handle: split },
  { method: 'GET', path: `${sharing}/orders/:no`, handle: querySplit },
  { method: 'POST', path: `${sharing}/orders/unfreeze`, handle: unfreeze },
  { method: 'POST', path: `${sharing}/return-orders`, handle: takeBack },
  { method: 'GET', path: `${sharing}/return-orders/:no`, handle: queryTakeBack },
  { method: 'GET', path: `${sharing}/transactions/:no/amounts`, handle: frozen },
  { method: 'POST', path: `${subsidies}/create`, handle: subsidise },
  { method: 'POST', path: `${subsidies}/return`, handle: returnSubsidy },
  { method: 'POST', path: `${subsidies}/cancel`, handle: cancelSubsidy },
  ...transfers.flatMap((base): readonly WechatRoute[] => [
    { method: 'POST', path: `${base}/transfer-bills`, handle: transfer },
    { method: 'GET', path: `${base}/transfer-bills/out-bill-no/:no`, handle: queryTransfer },
  ]),
];

function addReceiver(call: Call): Spoken {
  const request = wechatRequests.receiver(call.body);
  const merchantNo = request === undefined ? undefined : merchantOf(request, call.caller);
  if (request === undefined || merchantNo === undefined) return refuse('PARAM_ERROR');
  const { type, account, relation_type: relation } = request;
  if (type === 'MERCHANT_ID' && !isEncrypted(request.name, call)) return refuse('PARAM_ERROR');
  call.house.money.splits.addReceiver(merchantNo, account);
  return said(200, { ...subOf(merchantNo, call), type, account, relation_type: relation });
}

function removeReceiver(call: Call): Spoken {
  const request = wechatRequests.receiverGone(call.body);
  const merchantNo = request === undefined ? undefined : merchantOf(request, call.caller);
  if (request === undefined || merchantNo === undefined) return refuse('PARAM_ERROR');
  const { type, account } = request;
  const refused = call.house.money.splits.removeReceiver(merchantNo, account);
  return refused === undefined
    ? said(200, { ...subOf(merchantNo, call), type, account })
    : refuse(refused.code);
}

/** A name is readable with one of the platform's keys, and is not in the clear. */
const isEncrypted = (name: string | undefined, { options }: Call): boolean =>
  [...options.platform.values()].some((key) => {
    try {
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      privateDecrypt({ key, padding, oaepHash: 'sha1' }, Buffer.from(name ?? '', 'base64'));
      return true;
    } catch {
      return false;
    }
  });

function split(call: Call): Spoken {
  const request = wechatRequests.split(call.body);
  const merchantNo = request === undefined ? undefined : merchantOf(request, call.caller);
  if (request === undefined || merchantNo === undefined) return refuse('PARAM_ERROR');
  const booked = call.house.money.splits.split(
    {
      merchantNo,
      transactionId: request.transaction_id,
      outSplitNo: request.out_order_no,
      releasesRest: request.unfreeze_unsplit,
      receivers: request.receivers.map((one) => ({
        type: one.type === 'MERCHANT_ID' ? ('merchant' as const) : ('person' as const),
        account: one.account,
        amountFen: one.amount,
        description: one.description,
      })),
    },
    call.nowMs,
  );
  return answerSplit(booked, call);
}

function unfreeze(call: Call): Spoken {
  const request = wechatRequests.unfreeze(call.body);
  const merchantNo = request === undefined ? undefined : merchantOf(request, call.caller);
  if (request === undefined || merchantNo === undefined) return refuse('PARAM_ERROR');
  const { transaction_id: transactionId, out_order_no: outSplitNo } = request;
  const asked = { merchantNo, transactionId, outSplitNo, releasesRest: true, receivers: [] };
  return answerSplit(call.house.money.splits.split(asked, call.nowMs), call);
}

function querySplit(call: Call): Spoken {
  const merchantNo = merchantOf(partiesOf(call.query), call.caller);
  if (merchantNo === undefined) return refuse('NO_AUTH');
  const asked = { merchantNo, outSplitNo: call.params['no'] ?? '' };
  const booked = call.house.money.splits.query(asked);
  const isOther = !isRefused(booked) && booked.transactionId !== call.query.get('transaction_id');
  return isOther ? refuse('NOT_FOUND') : answerSplit(booked, call);
}

const answerSplit = (booked: BookedSplit | MoneyRefusal, call: Call): Spoken =>
  isRefused(booked)
    ? refuse(booked.code)
    : said(200, {
        ...subOf(booked.merchantNo, call),
        transaction_id: booked.transactionId,
        out_order_no: booked.outSplitNo,
        order_id: booked.ref,
        state: booked.isFinished ? 'FINISHED' : 'PROCESSING',
        receivers: booked.parts.map((part) => ({
          type: part.type === 'merchant' ? 'MERCHANT_ID' : 'PERSONAL_OPENID',
          account: part.account,
          amount: part.amountFen,
          description: part.description,
          result: part.state,
          ...(part.reason === undefined ? {} : { fail_reason: part.reason }),
        })),
      });

function takeBack(call: Call): Spoken {
  const request = wechatRequests.splitReturn(call.body);
  const merchantNo = request === undefined ? undefined : merchantOf(request, call.caller);
  if (request === undefined || merchantNo === undefined) return refuse('PARAM_ERROR');
  const booked = call.house.money.splits.takeBack({
    merchantNo,
    outSplitNo: request.out_order_no,
    outReturnNo: request.out_return_no,
    account: request.return_mchid,
    amountFen: request.amount,
  });
  return answerReturn(booked, call);
}

function queryTakeBack(call: Call): Spoken {
  const merchantNo = merchantOf(partiesOf(call.query), call.caller);
  if (merchantNo === undefined) return refuse('NO_AUTH');
  const asked = { merchantNo, outReturnNo: call.params['no'] ?? '' };
  return answerReturn(call.house.money.splits.queryTakeBack(asked), call);
}

const answerReturn = (booked: BookedReturn | MoneyRefusal, call: Call): Spoken =>
  isRefused(booked)
    ? refuse(booked.code)
    : said(200, {
        ...subOf(booked.merchantNo, call),
        out_order_no: booked.outSplitNo,
        out_return_no: booked.outReturnNo,
        return_id: booked.ref,
        return_mchid: booked.account,
        amount: booked.amountFen,
        result: 'SUCCESS',
      });

function frozen(call: Call): Spoken {
  const transactionId = call.params['no'] ?? '';
  const amountFen = call.house.money.splits.frozenFen(transactionId, call.nowMs);
  return typeof amountFen === 'number'
    ? said(200, { transaction_id: transactionId, unsplit_amount: amountFen })
    : refuse(amountFen.code);
}

function subsidise(call: Call): Spoken {
  const request = wechatRequests.subsidy(call.body);
  if (request?.out_subsidy_no === undefined) return refuse('PARAM_ERROR');
  const asked = {
    merchantNo: request.sub_mchid,
    transactionId: request.transaction_id,
    outSubsidyNo: request.out_subsidy_no,
    amountFen: request.amount,
  };
  const booked = call.house.money.subsidies.create(asked, call.nowMs);
  return isRefused(booked)
    ? refuse(booked.code)
    : said(200, { ...subsidyWords(booked, request.amount), subsidy_id: booked.ref });
}

function returnSubsidy(call: Call): Spoken {
  const request = wechatRequests.subsidy(call.body);
  if (request?.out_order_no === undefined) return refuse('PARAM_ERROR');
  const booked = call.house.money.subsidies.takeBack({
    merchantNo: request.sub_mchid,
    transactionId: request.transaction_id,
    outSubsidyNo: '',
    outReturnNo: request.out_order_no,
    amountFen: request.amount,
  });
  return isRefused(booked)
    ? refuse(booked.code)
    : said(200, {
        ...subsidyWords(booked, request.amount),
        subsidy_refund_id: `51${booked.ref.slice(2)}`,
      });
}

function cancelSubsidy(call: Call): Spoken {
  const request = wechatRequests.subsidyCancel(call.body);
  if (request === undefined) return refuse('PARAM_ERROR');
  const { sub_mchid, transaction_id, description } = request;
  const asked = { merchantNo: sub_mchid, transactionId: transaction_id };
  const booked = call.house.money.subsidies.cancel(asked, call.nowMs);
  return isRefused(booked)
    ? refuse(booked.code)
    : said(200, { sub_mchid, transaction_id, result: 'SUCCESS', description });
}

const subsidyWords = (booked: BookedSubsidy, amount: number): object => ({
  sub_mchid: booked.merchantNo,
  transaction_id: booked.transactionId,
  description: '门店消费',
  amount,
  result: 'SUCCESS',
  success_time: rfc3339Of(booked.atMs),
});

function transfer(call: Call): Spoken {
  const request = wechatRequests.transfer(call.body);
  if (request === undefined) return refuse('PARAM_ERROR');
  const isNamed = request.user_name !== undefined;
  // From 2,000 yuan on WeChat Pay wants the payee's name.
  if (request.transfer_amount >= 2_000_00 && !isNamed) return refuse('PARAM_ERROR');
  if (isNamed && !isEncrypted(request.user_name, call)) return refuse('PARAM_ERROR');
  const asked = {
    account: call.caller,
    outPayoutNo: request.out_bill_no,
    payee: request.openid,
    amountFen: request.transfer_amount,
  };
  const { said: booked, delivery } = call.house.money.payouts.submit(asked, call.nowMs);
  return isRefused(booked)
    ? refuse(booked.code, delivery)
    : said(200, transferWords(booked), delivery);
}

function queryTransfer(call: Call): Spoken {
  const asked = { account: call.caller, outPayoutNo: call.params['no'] ?? '' };
  const booked = call.house.money.payouts.query(asked, call.nowMs);
  return isRefused(booked)
    ? refuse(booked.code)
    : said(200, { ...transferWords(booked), transfer_amount: booked.amountFen });
}

const transferStates: Readonly<Record<BookedPayout['state'], string>> = {
  WAITING: 'WAIT_USER_CONFIRM',
  PROCESSING: 'PROCESSING',
  DONE: 'SUCCESS',
  LAPSED: 'FAIL',
};

const transferWords = (booked: BookedPayout): object => ({
  out_bill_no: booked.outPayoutNo,
  transfer_bill_no: booked.ref,
  create_time: rfc3339Of(booked.atMs),
  state: transferStates[booked.state],
  ...(booked.state === 'LAPSED' ? { fail_reason: 'OVERDUE_CLOSE' } : {}),
});

const isRefused = (booked: object): booked is MoneyRefusal =>
  'type' in booked && booked.type === 'refused';

const subOf = (merchantNo: string, { caller }: Call): object =>
  merchantNo === caller ? {} : { sub_mchid: merchantNo };
