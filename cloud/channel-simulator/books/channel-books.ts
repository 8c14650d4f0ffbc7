import {
  refundedFen,
  bookLine,
  type BookedOrder,
  type BookedRefund,
} from '#cloud/channel-simulator/books/booked-order.ts';
import {
  createOrderShelf,
  type BooksStore,
  type OrderShelf,
} from '#cloud/channel-simulator/books/order-shelf.ts';
import { payerOfCode, scriptOfCode } from '#cloud/channel-simulator/payment-scripts.ts';
import type {
  BookLine,
  Face,
  OrderRequest,
  PayRequest,
  RefundRequest,
  WithholdRequest,
} from '#cloud/channel-simulator/protocol.ts';
import { refusal, reply, statusOfCode, type Reply } from '#cloud/channel-simulator/replies.ts';

/** The channel's own rules. Times in milliseconds of the channel's clock. */
export interface BooksRules {
  /** Queries it takes until suffix 02 is paid, 1..100. */
  readonly pollsUntilPaid: number;
  /** A reversal is refused earlier than this after the charge. WeChat: 15 s. */
  readonly reverseNotBeforeMs: number;
  /** A reversal is refused later than this after the charge. WeChat: 7 days. */
  readonly reverseWindowMs: number;
  /** So long after the reversal a payer confirms whose order it closed (suffixes 16 and 17). */
  readonly paysOnceClosedAfterMs: number;
  /** A withholding from an agreement whose number ends so is refused for lack of balance. */
  readonly withholdFailEndings: readonly string[];
  /** A refund is refused later than this after the payment. WeChat: one year. */
  readonly refundWindowMs: number;
  readonly refundsPerOrderMax: number;
}

/** What a face adds to a request: who speaks, and where its rules differ from {@link BooksRules}. */
export interface FaceTerms {
  readonly face: Face;
  readonly reverseNotBeforeMs?: number;
  readonly reverseWindowMs?: number;
  /** Hold the money of a charge for splitting. */
  readonly freezes?: boolean;
  /** What is going to be subsidised of a charge. */
  readonly subsidyMarkFen?: number;
}

export const booksRulesDefault: BooksRules = {
  pollsUntilPaid: 2,
  reverseNotBeforeMs: 15_000,
  reverseWindowMs: 7 * 86_400_000,
  paysOnceClosedAfterMs: 20_000,
  withholdFailEndings: [],
  refundWindowMs: 365 * 86_400_000,
  refundsPerOrderMax: 50,
};

/**
 * The books of the simulated channel: what really happened to the payer's money. They are kept apart from what the
 * answers say, because the whole point is that answers get lost.
 */
export interface ChannelBooks {
  readonly pay: (request: PayRequest, nowMs: number, terms?: FaceTerms) => Reply;
  readonly withhold: (request: WithholdRequest, nowMs: number) => Reply;
  readonly query: (request: OrderRequest, nowMs: number) => Reply;
  readonly reverse: (request: OrderRequest, nowMs: number, terms?: FaceTerms) => Reply;
  readonly refund: (request: RefundRequest, nowMs: number) => Reply;
  /**
   * The payer whose order a reversal closed while he typed his password confirms: the money comes in all the same.
   * Undefined: no such payer.
   */
  readonly payOnceClosed: (request: OrderRequest, nowMs: number) => BookedOrder | undefined;
  /** The order and what was refunded under this number, as the books have it. */
  readonly findRefund: (
    request: Pick<RefundRequest, 'merchantNo' | 'outRefundNo'>,
  ) => { readonly order: BookedOrder; readonly refund: BookedRefund } | undefined;
  readonly lines: () => readonly BookLine[];
  /** The orders themselves, for splits and bills. */
  readonly shelf: Pick<OrderShelf, 'find' | 'findByTransaction' | 'orders'>;
}

export function createChannelBooks(options: {
  readonly seed: string;
  readonly rules: () => BooksRules;
  readonly store?: BooksStore;
}): ChannelBooks {
  const shelf = createOrderShelf(options.seed, options.store);
  const moment = (nowMs: number, terms?: FaceTerms): Moment => ({
    shelf,
    rules: { ...options.rules(), ...definedOf(terms) },
    nowMs,
    ...(terms === undefined ? {} : { terms }),
  });
  const refundOwners = new Map<string, BookedOrder>();
  for (const order of shelf.orders())
    for (const no of Object.keys(order.refunds))
      refundOwners.set(`${order.merchantNo}/${no}`, order);
  return {
    pay: (request, nowMs, terms) => pay(request, moment(nowMs, terms)),
    withhold: (request, nowMs) => withhold(request, moment(nowMs)),
    query: (request, nowMs) => query(request, moment(nowMs)),
    reverse: (request, nowMs, terms) => reverse(request, moment(nowMs, terms)),
    refund: (request, nowMs) => {
      const key = `${request.merchantNo}/${request.outRefundNo}`;
      const owner = refundOwners.get(key);
      if (owner !== undefined && owner.outTradeNo !== request.outTradeNo)
        return refusal(400, 'OUT_TRADE_NO_USED', 'the refund number belongs to another order');
      const replied = refund(request, moment(nowMs));
      const order = shelf.find(request);
      if (order !== undefined && Object.hasOwn(order.refunds, request.outRefundNo))
        refundOwners.set(key, order);
      return replied;
    },
    payOnceClosed: (request, nowMs) => payOnceClosed(shelf, request, nowMs),
    findRefund: ({ merchantNo, outRefundNo }) => {
      const order = refundOwners.get(`${merchantNo}/${outRefundNo}`);
      const refunded = order?.refunds[outRefundNo];
      return order === undefined || refunded === undefined
        ? undefined
        : { order, refund: refunded };
    },
    lines: () => shelf.orders().map(bookLine),
    shelf,
  };
}

/** Only the time rules that a face really sets. */
const definedOf = (terms: FaceTerms | undefined): Partial<BooksRules> => ({
  ...(terms?.reverseNotBeforeMs === undefined
    ? {}
    : { reverseNotBeforeMs: terms.reverseNotBeforeMs }),
  ...(terms?.reverseWindowMs === undefined ? {} : { reverseWindowMs: terms.reverseWindowMs }),
});

/** What a request meets when it arrives. */
interface Moment {
  readonly shelf: OrderShelf;
  readonly rules: BooksRules;
  readonly nowMs: number;
  readonly terms?: FaceTerms;
}

function pay(request: PayRequest, { shelf, nowMs, terms }: Moment): Reply {
  const again = repeated(request, shelf);
  if (again !== undefined) return again;
  if (!shelf.useCode(request.authCode, request))
    return refusal(400, 'AUTH_CODE_INVALID', 'the payment code was used before');
  const script = scriptOfCode(request.authCode);
  const { booked, answer, delivery, paysAfterPolls, notices, noticeAfterMs = 0 } = script;
  if (booked === 'none') return refusal(statusOfCode(answer), answer, 'not charged');
  const isFrozen = terms?.freezes ?? false;
  const order = shelf.book(request, {
    state: booked,
    paysAfterPolls,
    isFrozen,
    subsidyMarkFen: terms?.subsidyMarkFen,
    payerId: payerOfCode(request.authCode),
    paysOnceClosed: script.paysOnceClosed,
    nowMs,
  });
  if (answer === 'TRADE_ERROR') return refusal(400, answer, 'broke off, please reverse');
  return { ...reply(order, answer), delivery, notices, noticeAfterMs };
}

function withhold(request: WithholdRequest, { shelf, rules, nowMs }: Moment): Reply {
  const again = repeated(request, shelf);
  if (again !== undefined) return again;
  if (rules.withholdFailEndings.some((end) => request.agreementNo.endsWith(end)))
    return refusal(400, 'NOT_ENOUGH', 'the agreement could not be debited');
  const order = shelf.book(request, { state: 'SUCCESS', paysAfterPolls: false, nowMs });
  return reply(order, 'SUCCESS');
}

/** The same number with the same content is the same order; with other content it is refused. */
function repeated(request: PayRequest | WithholdRequest, shelf: OrderShelf): Reply | undefined {
  if (shelf.isFull()) return refusal(500, 'SYSTEM_ERROR', 'the books are full');
  const known = shelf.find(request);
  if (known === undefined) return undefined;
  if (known.state === 'CLOSED' || known.state === 'REFUND')
    return refusal(400, 'ORDER_CLOSED', 'the order was reversed');
  if (!shelf.isSameContent(known, request))
    return refusal(400, 'OUT_TRADE_NO_USED', 'the number belongs to another order');
  return known.state === 'SUCCESS'
    ? refusal(400, 'ORDER_PAID', 'the order is paid already')
    : reply(known, known.state === 'USERPAYING' ? 'USERPAYING' : 'SYSTEM_ERROR');
}

function query(request: OrderRequest, { shelf, rules, nowMs }: Moment): Reply {
  const order = shelf.find(request);
  if (order === undefined) return refusal(404, 'ORDER_NOT_FOUND', 'no such order');
  order.polls += 1;
  const due = order.paysAfterPolls && order.polls >= rules.pollsUntilPaid;
  if (order.state === 'USERPAYING' && due) {
    order.state = 'SUCCESS';
    order.paidAtMs = nowMs;
  }
  return reply(order.paysAfterPolls ? shelf.keep(order) : order, 'SUCCESS');
}

function reverse(request: OrderRequest, { shelf, rules, nowMs, terms }: Moment): Reply {
  const order =
    shelf.find(request) ??
    // A number that never arrived is closed too, so that a charge still on its way is refused when it lands.
    shelf.book(
      { ...request, face: terms?.face ?? 'wechat', amountFen: 0 },
      { state: 'CLOSED', paysAfterPolls: false, nowMs },
    );
  if (order.state === 'CLOSED' || order.state === 'REFUND') return reply(order, 'SUCCESS');
  const ageMs = nowMs - order.bookedAtMs;
  if (ageMs < rules.reverseNotBeforeMs)
    return refusal(400, 'REVERSE_TOO_EARLY', 'query first, reverse later');
  if (ageMs > rules.reverseWindowMs)
    return refusal(400, 'REVERSE_EXPIRED', 'too late to reverse, refund instead');
  takeOut(order, nowMs);
  return reply(shelf.keep(order), 'SUCCESS');
}

/** Money that came in goes back; an order that is not paid is closed for good. */
function takeOut(order: BookedOrder, nowMs: number): void {
  if (order.state === 'SUCCESS') {
    order.refunds[`reverse ${order.outTradeNo}`] = {
      amountFen: order.amountFen - refundedFen(order),
      atMs: nowMs,
      isReversal: true,
    };
    order.state = 'REFUND';
    return;
  }
  order.state = 'CLOSED';
  order.closedAtMs = nowMs;
}

/** Is somebody still about to pay what was closed? */
export const isPayerLeft = (order: BookedOrder): boolean =>
  order.paysOnceClosed !== undefined && order.state === 'CLOSED';

function payOnceClosed(
  shelf: OrderShelf,
  request: OrderRequest,
  nowMs: number,
): BookedOrder | undefined {
  const order = shelf.find(request);
  if (order === undefined || !isPayerLeft(order)) return undefined;
  order.state = 'SUCCESS';
  order.paidAtMs = nowMs;
  return shelf.keep(order);
}

function refund(request: RefundRequest, { shelf, rules, nowMs }: Moment): Reply {
  const order = shelf.find(request);
  if (order === undefined) return refusal(404, 'ORDER_NOT_FOUND', 'no such order');
  if (Object.hasOwn(order.refunds, request.outRefundNo))
    return order.refunds[request.outRefundNo]?.amountFen === request.amountFen
      ? reply(order, 'SUCCESS')
      : refusal(400, 'OUT_TRADE_NO_USED', 'the refund number belongs to another refund');
  if (order.state !== 'SUCCESS' && order.state !== 'REFUND')
    return refusal(400, 'TRADE_ERROR', 'the order is not paid');
  if (refundedFen(order) + request.amountFen > order.amountFen)
    return refusal(400, 'NOT_ENOUGH', 'more than is left of the order');
  if (nowMs - (order.paidAtMs ?? nowMs) > rules.refundWindowMs)
    return refusal(400, 'REFUND_EXPIRED', 'too late to refund');
  if (Object.keys(order.refunds).length >= rules.refundsPerOrderMax)
    return refusal(400, 'TOO_MANY_REFUNDS', 'no more refunds of this order');
  order.refunds[request.outRefundNo] = {
    amountFen: request.amountFen,
    atMs: nowMs,
    isReversal: false,
  };
  order.state = 'REFUND';
  return reply(shelf.keep(order), 'SUCCESS');
}
