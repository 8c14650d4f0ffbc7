import { isErrorCode, type ErrorCode } from '#shared/errors/catalogue.ts';
import { fen, subtractFen, sumFen, type Fen } from '#shared/money/fen.ts';
import type { OrderFact } from '#shared/order/order-fact.ts';
import type {
  Order,
  OrderRefund,
  OrderStateName,
  PromiseKeptHow,
  RefundHow,
} from '#shared/order/order.ts';
import { refundSplit, type RefundSplit } from '#shared/points/refund/refund.ts';
import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** Channels take at most so many refunds of one order; so do we. Source: WeChat Pay v3, domestic refunds. */
export const refundNoMax = 50;

type RefundFactType = 'refund.asked' | 'refund.done' | 'refund.failed' | 'refund.unknown';
export type RefundFact = Extract<OrderFact, { readonly type: RefundFactType }>;

export const isRefundFact = (fact: OrderFact): fact is RefundFact =>
  fact.type.startsWith('refund.');

const ways: Partial<Record<OrderStateName, RefundHow>> = {
  paid: 'channel',
  settled: 'channel',
  'cash-recorded': 'cash',
  'pos-paid': 'box-slip',
};

/** What was promised came by one of these; money that came to the owner's own account was never in the drawer. */
const waysOfKept: Readonly<Record<PromiseKeptHow, RefundHow>> = {
  cash: 'cash',
  'static-code-seen': 'own-account',
  transfer: 'own-account',
};

/**
 * The way on which money of such an order goes back; undefined where none was taken. It goes back the way it came:
 * cash for a payment by wallet would make a till a cash desk for stolen phones.
 */
export function refundWay({
  state,
  tender,
}: Pick<Order, 'state' | 'tender'>): RefundHow | undefined {
  if (state !== 'promise-kept') return ways[state];
  return tender?.type === 'promise' && tender.kept ? waysOfKept[tender.kept.how] : 'cash';
}

export const refundsOf = (order: Order): readonly OrderRefund[] => order.refunds ?? [];

/** Gross sum of the refunds that went through. */
export const refundedFenOf = (order: Order): Fen =>
  sumFen(refundsOf(order).flatMap(({ state, amountFen }) => (state === 'done' ? [amountFen] : [])));

/** The refund whose outcome nobody knows yet; an order has at most one. */
export const openRefundOf = (order: Order): OrderRefund | undefined =>
  refundsOf(order).find(({ state }) => state === 'asked' || state === 'unknown');

/** What may still be asked for: nothing while a refund is open. Gross. */
export const refundableFenOf = (order: Order): Fen =>
  refundWay(order) === undefined || openRefundOf(order) !== undefined
    ? fen(0)
    : subtractFen(order.amountFen, refundedFenOf(order));

/** How a refund of `amountFen` would part between money and vouchers, after what went back before. */
export const splitRefund = (order: Order, amountFen: Fen): RefundSplit =>
  refundSplit(order, { refundedFen: refundedFenOf(order), partFen: amountFen });

export type RefundRefused = {
  readonly type: 'not-refundable' | 'refund-in-flight' | 'refund-too-large' | 'refunds-exhausted';
};

/**
 * The number the next refund of this order carries, the way it goes, and its parts.
 * - `not-refundable`: no money was taken, or all of it went back.
 * - `refund-in-flight`: the last one has no definite result.
 * - `refund-too-large`: above what is left of the order.
 * - `refunds-exhausted`: {@link refundNoMax} were asked for.
 */
export function nextRefund(
  order: Order,
  amountFen: Fen,
): Result<RefundSplit & { readonly refundNo: number; readonly how: RefundHow }, RefundRefused> {
  const how = refundWay(order);
  const leftFen = subtractFen(order.amountFen, refundedFenOf(order));
  if (how === undefined || leftFen === 0) return err({ type: 'not-refundable' });
  if (openRefundOf(order) !== undefined) return err({ type: 'refund-in-flight' });
  if (amountFen < 1 || amountFen > leftFen) return err({ type: 'refund-too-large' });
  const refundNo = refundsOf(order).length + 1;
  if (refundNo > refundNoMax) return err({ type: 'refunds-exhausted' });
  return ok({ refundNo, how, ...splitRefund(order, amountFen) });
}

/** Does this fact follow from the refunds of the order so far? */
export function refundFits(order: Order, fact: RefundFact): boolean {
  const open = openRefundOf(order);
  switch (fact.type) {
    case 'refund.asked': {
      const next = nextRefund(order, fen(fact.body.amountFen));
      return next.ok && next.value.refundNo === fact.body.refundNo && isWay(order, fact.body.how);
    }
    case 'refund.done': {
      if (open?.refundNo !== fact.body.refundNo) return false;
      const { cashFen, voucherFen } = splitRefund(order, open.amountFen);
      return fact.body.cashFen === cashFen && fact.body.voucherFen === voucherFen;
    }
    case 'refund.failed':
    case 'refund.unknown':
      return open?.refundNo === fact.body.refundNo;
    default:
      return exhaustive(fact);
  }
}

/** Tills before the rule of {@link refundWay} gave every kept promise back in cash: what they wrote stays true. */
const isWay = (order: Order, how: RefundHow): boolean =>
  how === refundWay(order) || (order.state === 'promise-kept' && how === 'cash');

/** The refunds of the order after a fact that {@link refundFits}. */
export function withRefund(
  order: Order,
  fact: RefundFact,
  at: { readonly wallMs: number },
): readonly OrderRefund[] {
  const before = refundsOf(order);
  if (fact.type === 'refund.asked') {
    const { refundNo, amountFen, how, businessDate, cashier, reason } = fact.body;
    const split = splitRefund(order, fen(amountFen));
    const asked = { refundNo, amountFen: fen(amountFen), how, businessDate, cashier, reason };
    return [...before, { ...asked, ...split, state: 'asked', askedAtMs: at.wallMs }];
  }
  const last = before.at(-1);
  assert(last !== undefined, () => `${fact.type} of ${order.orderId} without a refund`);
  return [...before.slice(0, -1), { ...last, ...outcome(fact) }];
}

function outcome(
  fact: Exclude<RefundFact, { type: 'refund.asked' }>,
): Pick<OrderRefund, 'state' | 'code' | 'concessionFen' | 'points'> {
  switch (fact.type) {
    case 'refund.done': {
      const { concessionFen, points } = fact.body;
      return {
        state: 'done',
        code: undefined,
        ...(concessionFen === undefined ? {} : { concessionFen: fen(concessionFen) }),
        ...(points === undefined ? {} : { points }),
      };
    }
    case 'refund.failed':
      return { state: 'failed', code: knownCode(fact.body.code) };
    case 'refund.unknown':
      return { state: 'unknown', code: knownCode(fact.body.code) };
    default:
      return exhaustive(fact);
  }
}

/** How far an order went back; undefined while nothing of it did. */
export function refundMark(order: Order): 'partly' | 'wholly' | undefined {
  const backFen = refundedFenOf(order);
  if (backFen === 0) return undefined;
  return backFen === order.amountFen ? 'wholly' : 'partly';
}

const knownCode = (code: string): ErrorCode => (isErrorCode(code) ? code : 'code-not-catalogued');
