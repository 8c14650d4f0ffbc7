import { createHmac } from 'node:crypto';
import { assert } from '#shared/result/assert.ts';
import { scriptOfCode, type PaymentScript } from '#cloud/channel-simulator/payment-scripts.ts';
import type {
  BookLine,
  ChannelAnswer,
  Face,
  OrderRequest,
  PayRequest,
  RefundRequest,
  TradeState,
  WithholdRequest,
} from '#cloud/channel-simulator/protocol.ts';

/** The channel's own rules. Times in milliseconds of the channel's clock. */
export interface BooksRules {
  /** Queries it takes until suffix 02 is paid, 1..100. */
  readonly pollsUntilPaid: number;
  /** A reversal is refused earlier than this after the charge. WeChat: 15 s. */
  readonly reverseNotBeforeMs: number;
  /** A reversal is refused later than this after the charge. WeChat: 7 days. */
  readonly reverseWindowMs: number;
  /** A withholding from an agreement whose number ends so is refused for lack of balance. */
  readonly withholdFailEndings: readonly string[];
}

export const booksRulesDefault: BooksRules = {
  pollsUntilPaid: 2,
  reverseNotBeforeMs: 15_000,
  reverseWindowMs: 7 * 86_400_000,
  withholdFailEndings: [],
};

/** The most orders one simulator keeps; above it new charges are refused with SYSTEM_ERROR. */
export const bookedOrdersMax = 1_000_000;

/** An answer with its HTTP status and the way it travels. */
export interface Reply {
  readonly status: number;
  readonly answer: ChannelAnswer;
  readonly delivery: PaymentScript['delivery'];
}

export interface BookedOrder {
  readonly face: Face;
  readonly merchantNo: string;
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly transactionId: string;
  readonly bookedAtMs: number;
  readonly requestHash: string;
  readonly paysAfterPolls: boolean;
  state: TradeState;
  polls: number;
  paidAtMs: number | undefined;
  /** Fen by refund number. */
  readonly refunds: Record<string, number>;
}

/** One change of the books, as it is kept. */
export type BookRecord =
  | { readonly type: 'order'; readonly order: BookedOrder }
  | { readonly type: 'code'; readonly hash: string; readonly owner: string };

/** Where books are kept over a restart of the channel. */
export interface BooksStore {
  readonly records: readonly BookRecord[];
  append(record: BookRecord): void;
}

/**
 * The books of the simulated channel: what really happened to the payer's money. They are kept apart from what the
 * answers say, because the whole point is that answers get lost.
 */
export interface ChannelBooks {
  readonly pay: (request: PayRequest, nowMs: number) => Reply;
  readonly withhold: (request: WithholdRequest, nowMs: number) => Reply;
  readonly query: (request: OrderRequest, nowMs: number) => Reply;
  readonly reverse: (request: OrderRequest, nowMs: number) => Reply;
  readonly refund: (request: RefundRequest, nowMs: number) => Reply;
  readonly lines: () => readonly BookLine[];
}

export function createChannelBooks(options: {
  readonly seed: string;
  readonly rules: () => BooksRules;
  readonly store?: BooksStore;
}): ChannelBooks {
  const orders = new Map<string, BookedOrder>();
  const usedCodes = new Map<string, string>();
  for (const record of options.store?.records ?? []) {
    if (record.type === 'order') orders.set(keyOf(record.order), record.order);
    else usedCodes.set(record.hash, record.owner);
  }
  const keep = (order: BookedOrder): BookedOrder => {
    orders.set(keyOf(order), order);
    options.store?.append({ type: 'order', order });
    return order;
  };
  const keyed = (text: string): string =>
    createHmac('sha256', `greentill/channel-simulator/${options.seed}`).update(text).digest('hex');

  const book = (
    request: Pick<BookedOrder, 'face' | 'merchantNo' | 'outTradeNo' | 'amountFen'>,
    as: { readonly state: TradeState; readonly paysAfterPolls: boolean; readonly nowMs: number },
  ): BookedOrder => {
    const order: BookedOrder = {
      face: request.face,
      merchantNo: request.merchantNo,
      outTradeNo: request.outTradeNo,
      amountFen: request.amountFen,
      transactionId: transactionIdOf(keyed(keyOf(request))),
      bookedAtMs: as.nowMs,
      requestHash: keyed(JSON.stringify(request)),
      paysAfterPolls: as.paysAfterPolls,
      state: as.state,
      polls: 0,
      paidAtMs: as.state === 'SUCCESS' ? as.nowMs : undefined,
      refunds: {},
    };
    return keep(order);
  };

  /** The same number with the same content is the same order; with other content it is refused. */
  const repeated = (request: PayRequest | WithholdRequest): Reply | undefined => {
    if (orders.size >= bookedOrdersMax) return refusal(500, 'SYSTEM_ERROR', 'the books are full');
    const known = orders.get(keyOf(request));
    if (known === undefined) return undefined;
    if (known.state === 'CLOSED' || known.state === 'REFUND')
      return refusal(400, 'ORDER_CLOSED', 'the order was reversed');
    if (known.requestHash !== keyed(JSON.stringify(request)))
      return refusal(400, 'OUT_TRADE_NO_USED', 'the number belongs to another order');
    return known.state === 'SUCCESS'
      ? refusal(400, 'ORDER_PAID', 'the order is paid already')
      : reply(known, known.state === 'USERPAYING' ? 'USERPAYING' : 'SYSTEM_ERROR');
  };

  const takeOut = (order: BookedOrder): Reply => {
    if (order.state === 'SUCCESS') {
      order.refunds[`reverse ${order.outTradeNo}`] = order.amountFen;
      order.state = 'REFUND';
    } else if (order.state !== 'REFUND') {
      order.state = 'CLOSED';
    }
    return reply(keep(order), 'SUCCESS');
  };

  return {
    pay(request, nowMs) {
      const again = repeated(request);
      if (again !== undefined) return again;
      const codeHash = keyed(request.authCode);
      const owner = usedCodes.get(codeHash);
      if (owner !== undefined && owner !== keyOf(request))
        return refusal(400, 'AUTH_CODE_INVALID', 'the payment code was used before');
      usedCodes.set(codeHash, keyOf(request));
      options.store?.append({ type: 'code', hash: codeHash, owner: keyOf(request) });
      const script = scriptOfCode(request.authCode);
      if (script.booked === 'none') return refusal(400, script.answer, 'not charged');
      const order = book(request, {
        state: script.booked,
        paysAfterPolls: script.paysAfterPolls,
        nowMs,
      });
      const answered = reply(order, script.answer);
      return { ...answered, delivery: script.delivery };
    },

    withhold(request, nowMs) {
      const again = repeated(request);
      if (again !== undefined) return again;
      if (options.rules().withholdFailEndings.some((end) => request.agreementNo.endsWith(end)))
        return refusal(400, 'NOT_ENOUGH', 'the agreement could not be debited');
      return reply(book(request, { state: 'SUCCESS', paysAfterPolls: false, nowMs }), 'SUCCESS');
    },

    query(request, nowMs) {
      const order = orders.get(keyOf(request));
      if (order === undefined) return refusal(404, 'ORDER_NOT_FOUND', 'no such order');
      order.polls += 1;
      const due = order.paysAfterPolls && order.polls >= options.rules().pollsUntilPaid;
      if (order.state === 'USERPAYING' && due) {
        order.state = 'SUCCESS';
        order.paidAtMs = nowMs;
      }
      return reply(order.paysAfterPolls ? keep(order) : order, 'SUCCESS');
    },

    reverse(request, nowMs) {
      const rules = options.rules();
      const order =
        orders.get(keyOf(request)) ??
        // A number that never arrived is closed too, so that a charge still on its way is refused when it lands.
        book(
          { ...request, face: 'wechat', amountFen: 0 },
          { state: 'CLOSED', paysAfterPolls: false, nowMs },
        );
      if (order.state === 'CLOSED' || order.state === 'REFUND') return reply(order, 'SUCCESS');
      const ageMs = nowMs - order.bookedAtMs;
      if (ageMs < rules.reverseNotBeforeMs)
        return refusal(400, 'REVERSE_TOO_EARLY', 'query first, reverse later');
      if (ageMs > rules.reverseWindowMs)
        return refusal(400, 'REVERSE_EXPIRED', 'too late to reverse, refund instead');
      return takeOut(order);
    },

    refund(request) {
      const order = orders.get(keyOf(request));
      if (order === undefined) return refusal(404, 'ORDER_NOT_FOUND', 'no such order');
      if (Object.hasOwn(order.refunds, request.outRefundNo))
        return order.refunds[request.outRefundNo] === request.amountFen
          ? reply(order, 'SUCCESS')
          : refusal(400, 'OUT_TRADE_NO_USED', 'the refund number belongs to another refund');
      if (order.state !== 'SUCCESS' && order.state !== 'REFUND')
        return refusal(400, 'TRADE_ERROR', 'the order is not paid');
      if (refundedFen(order) + request.amountFen > order.amountFen)
        return refusal(400, 'NOT_ENOUGH', 'more than is left of the order');
      order.refunds[request.outRefundNo] = request.amountFen;
      order.state = 'REFUND';
      return reply(keep(order), 'SUCCESS');
    },

    lines: () => [...orders.values()].map(bookLine),
  };
}

const keyOf = (request: OrderRequest): string => `${request.merchantNo}/${request.outTradeNo}`;

function reply(order: BookedOrder, code: string): Reply {
  const line = bookLine(order);
  const answer: ChannelAnswer =
    code === 'SYSTEM_ERROR'
      ? { code, message: 'result unknown, query later' }
      : {
          code,
          message: 'ok',
          merchantNo: line.merchantNo,
          outTradeNo: line.outTradeNo,
          state: line.state,
          transactionId: line.transactionId,
          refundedFen: line.refundedFen,
          ...(line.amountFen > 0 ? { amountFen: line.amountFen } : {}),
          ...(line.paidAtMs === undefined ? {} : { paidAtMs: line.paidAtMs }),
        };
  return { status: code === 'SYSTEM_ERROR' ? 500 : 200, answer, delivery: 'prompt' };
}

const refusal = (status: number, code: string, message: string): Reply => ({
  status,
  answer: { code, message },
  delivery: 'prompt',
});

function bookLine(order: BookedOrder): BookLine {
  const back = refundedFen(order);
  assert(back <= order.amountFen, () => `refunded ${back} of ${order.amountFen}`);
  return {
    face: order.face,
    merchantNo: order.merchantNo,
    outTradeNo: order.outTradeNo,
    amountFen: order.amountFen,
    state: order.state,
    transactionId: order.transactionId,
    refundedFen: back,
    ...(order.paidAtMs === undefined ? {} : { paidAtMs: order.paidAtMs }),
  };
}

const refundedFen = (order: BookedOrder): number =>
  Object.values(order.refunds).reduce((sum, part) => sum + part, 0);

/** 28 digits beginning 42, like the numbers payers see in their bills; the same seed gives the same number. */
const transactionIdOf = (hash: string): string =>
  `42${BigInt(`0x${hash.slice(0, 32)}`)
    .toString()
    .padStart(26, '0')
    .slice(-26)}`;
