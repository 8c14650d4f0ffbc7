import { ruleOfChannelCode } from '#cloud/channel/channel-codes.ts';
import type {
  ChannelOrder,
  Paid,
  QueryOutcome,
  RefundOutcome,
  Unknown,
} from '#cloud/channel/channel-exchange.ts';
import type { UnionpayAnswer } from '#cloud/payments/channels/unionpay/client.ts';
import { notFoundCode, stillOpen, unionpayCodes } from '#cloud/payments/channels/unionpay/codes.ts';
import type { Fields } from '#cloud/payments/channels/unionpay/sign.ts';
import { shanghaiInstantOfDigits } from '#cloud/payments/channels/wire/shanghai-time.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';

/** What names one transaction, and what every answer about it is checked against. */
export interface Transaction {
  readonly merchantNo: string;
  readonly orderId: string;
  /** YYYYMMDDhhmmss in Shanghai. */
  readonly txnTime: string;
  readonly amountFen: number;
}

export const transactionOf = (order: ChannelOrder, txnTime: string): Transaction => ({
  merchantNo: order.channelMerchantNo,
  orderId: order.outTradeNo,
  txnTime,
  amountFen: order.netFen,
});

/** The same merchant, number and time. */
export const isNamed = (said: Fields, asked: Transaction): boolean =>
  said['merId'] === asked.merchantNo &&
  said['orderId'] === asked.orderId &&
  said['txnTime'] === asked.txnTime;

/** And the same amount, in yuan. A missing amount proves nothing. */
const isAbout = (said: Fields, asked: Transaction): boolean =>
  isNamed(said, asked) &&
  said['txnAmt'] === String(asked.amountFen) &&
  said['currencyCode'] === '156';

/** What a query says of one transaction, before it is known what it was. */
export type Found =
  | {
      readonly type: 'done';
      readonly queryId: string;
      readonly atMs: number;
      readonly payerId?: string;
    }
  | { readonly type: 'open'; readonly code: string }
  | { readonly type: 'failed'; readonly code: string }
  | { readonly type: 'not-found'; readonly code: string }
  | Unknown;

export function judgeFound(answer: UnionpayAnswer, asked: Transaction): Found {
  if (answer.type === 'none') return unknown(answer.code);
  const { fields } = answer;
  const code = fields['respCode'] ?? '';
  if (code === notFoundCode && isNamed(fields, asked)) return { type: 'not-found', code };
  if (code !== '00') return unknown(code);
  const state = fields['origRespCode'] ?? '';
  if (state === '00') return doneOr(fields, asked);
  if (!isNamed(fields, asked)) return unknown('order-mismatch');
  if (stillOpen.has(state)) return { type: 'open', code: state };
  return ruleOfChannelCode(unionpayCodes, state).outcome === 'failed'
    ? { type: 'failed', code: state }
    : unknown(state === '' ? 'state-missing' : state);
}

function doneOr(said: Fields, asked: Transaction): Found {
  if (!isAbout(said, asked)) return unknown('order-mismatch');
  const { queryId } = said;
  const atMs = instantOf(said['traceTime'], asked.txnTime);
  return queryId === undefined || queryId === '' || atMs === undefined
    ? unknown('proof-missing')
    : { type: 'done', queryId, atMs, ...payerOf(said) };
}

/**
 * The payer's account without its middle, where UnionPay tells it (assumed: only to merchants it
 * was opened for).
 */
export const payerOf = ({ accNo = '' }: Fields): { readonly payerId?: string } =>
  accNo === '' ? {} : { payerId: accNo };

/**
 * `traceTime` is MMDDhhmmss without a year: it is the year of the transaction, or the next one at
 * its turn.
 */
export function instantOf(traceTime: string | undefined, txnTime: string): number | undefined {
  if (traceTime === undefined || !/^[0-9]{10}$/.test(traceTime)) return undefined;
  const year = Number(txnTime.slice(0, 4));
  const turns = txnTime.slice(4, 6) === '12' && traceTime.startsWith('01');
  return shanghaiInstantOfDigits(`${String(turns ? year + 1 : year)}${traceTime}`);
}

/** What was found, of a charge. A failed one is final: not charged, and the number is spent. */
export function chargeState(found: Found): QueryOutcome {
  switch (found.type) {
    case 'done':
      return paidOf(found);
    case 'open':
      return { type: 'paying', code: found.code };
    case 'failed':
      return { type: 'closed' };
    case 'not-found':
      return { type: 'unpaid', code: found.code };
    case 'unknown':
      return found;
  }
}

export const paidOf = (found: Extract<Found, { readonly type: 'done' }>): Paid => ({
  type: 'paid',
  channelRef: found.queryId,
  paidAtMs: found.atMs,
  ...(found.payerId === undefined ? {} : { payerId: found.payerId }),
});

/** What was found, of a refund. */
export function refundState(found: Found): RefundOutcome {
  switch (found.type) {
    case 'done':
      return { type: 'refunded' };
    case 'open':
      return { type: 'refunding', code: found.code };
    case 'failed':
      return { type: 'refund-failed', code: found.code };
    case 'not-found':
      return { type: 'no-such-refund', code: found.code };
    case 'unknown':
      return found;
  }
}
