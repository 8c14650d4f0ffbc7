import { isErrorCode, type ErrorCode } from '#shared/errors/catalogue.ts';
import type { MemberId, OrderId } from '#shared/ids/ids.ts';
import { fen, subtractFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import type { OrderFact } from '#shared/order/order-fact.ts';
import type { Order, OrderStateName, OrderTender } from '#shared/order/order.ts';
import type { RefundFact } from '#shared/order/refunds.ts';
import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

type Opened = Extract<OrderFact, { type: 'order.opened' }>;
/** Facts about refunds and lines have rules of their own: refunds.ts, shared/goods/sale-lines.ts. */
type Later = Exclude<OrderFact, Opened | RefundFact | { type: 'order.lines' }>;
type BoxFact = Extract<Later, { type: `pos.${string}` }>;
type PromiseFact = Extract<Later, { type: `offline.promise${string}` }>;

/** The order that `order.opened` makes. */
export function opened({ body }: Opened, at: { seq: number; wallMs: number }): Order {
  return {
    orderId: body.orderId as OrderId,
    state: 'draft',
    amountFen: fen(body.amountFen),
    voucherFen: fen(body.voucherFen),
    ...(body.couponFen === undefined ? {} : { couponFen: fen(body.couponFen) }),
    concessionBp: basisPoints(body.concessionBp),
    businessDate: body.businessDate,
    openedAtMs: at.wallMs,
    cashier: body.cashier,
    memberId: body.memberId as MemberId | undefined,
    tender: undefined,
    attempt: 0,
    reason: undefined,
    lastSeq: at.seq,
  };
}

/** The attempt a fact must be about: the last one, or the next when a charge begins. */
export const expectedAttempt = (order: Order, fact: Later): number =>
  fact.type === 'charge.submitted' || fact.type === 'pos.sent' ? order.attempt + 1 : order.attempt;

/** Do the amounts of a fact fit the order it is about? */
export function sumsFit(order: Order, fact: Later): boolean {
  const dueFen = subtractFen(order.amountFen, order.voucherFen);
  switch (fact.type) {
    case 'cash.recorded': {
      const { dueFen: recordedFen, tenderedFen, changeFen } = fact.body;
      return recordedFen === dueFen && changeFen === tenderedFen - recordedFen;
    }
    case 'offline.settled':
      return fact.body.voucherFen <= order.amountFen && fact.body.debitFen <= order.amountFen;
    case 'charge.submitted':
      return fact.body.amountFen <= order.amountFen;
    case 'pos.sent':
    case 'pos.paid':
    case 'offline.promised':
      return fact.body.amountFen === dueFen;
    case 'charge.held':
    case 'charge.expired':
    case 'charge.paid':
    case 'charge.failed':
    case 'charge.unknown':
    case 'charge.cancel-wanted':
    case 'charge.reversed':
    case 'charge.refunded-late':
    case 'pos.failed':
    case 'pos.unknown':
    case 'pos.cancel-wanted':
    case 'offline.accepted':
    case 'offline.debit-failed':
    case 'offline.duplicate':
    case 'offline.promise-kept':
    case 'offline.promise-broken':
    case 'order.voided':
      return true;
    case 'coupon.given':
      return order.coupon === undefined && fact.body.minimumFen >= 2 * fact.body.offFen;
    default:
      return exhaustive(fact);
  }
}

/** What a fact changes besides the state it leads to. */
export function changes(order: Order, fact: Later, next: OrderStateName): Partial<Order> {
  switch (fact.type) {
    case 'charge.held': {
      const { wallet, codeMask } = fact.body;
      return { tender: { type: 'wallet', wallet, codeMask }, reason: undefined };
    }
    case 'charge.submitted': {
      const { wallet, codeMask, attempt } = fact.body;
      return { tender: { type: 'wallet', wallet, codeMask }, attempt, reason: undefined };
    }
    case 'pos.sent':
    case 'pos.paid':
    case 'pos.cancel-wanted':
    case 'pos.failed':
    case 'pos.unknown':
      return changesByBox(order, fact, next);
    case 'charge.expired':
      return { reason: 'held-code-expired' };
    case 'cash.recorded': {
      const tender = {
        type: 'cash' as const,
        tenderedFen: fen(fact.body.tenderedFen),
        changeFen: fen(fact.body.changeFen),
      };
      return { tender, reason: undefined };
    }
    case 'offline.accepted':
      return {
        tender: { type: 'member-code', certificateId: fact.body.certificateId },
        memberId: fact.body.memberId as MemberId,
        reason: undefined,
      };
    case 'offline.promised':
    case 'offline.promise-kept':
    case 'offline.promise-broken':
      return changesByPromise(order, fact);
    case 'offline.settled':
      return { voucherFen: fen(fact.body.voucherFen), reason: undefined, loss: undefined };
    case 'charge.paid': {
      const { member } = fact.body;
      const reason = next === 'manual' ? 'proofs-contradict' : undefined;
      return member === undefined ? { reason } : { reason, namedMember: member };
    }
    case 'coupon.given': {
      const { orderId: _, offFen, minimumFen, ...coupon } = fact.body;
      return { coupon: { ...coupon, offFen: fen(offFen), minimumFen: fen(minimumFen) } };
    }
    case 'charge.cancel-wanted':
    case 'charge.reversed':
    case 'charge.refunded-late':
      return { reason: undefined };
    case 'charge.failed':
    case 'charge.unknown':
    case 'order.voided':
      return { reason: knownCode(fact.body.code) };
    case 'offline.debit-failed':
    case 'offline.duplicate': {
      const { code, bearer, coveredFen = 0 } = fact.body;
      const loss = bearer && { bearer, coveredFen: fen(coveredFen) };
      return { reason: knownCode(code), ...(loss && { loss }) };
    }
    default:
      return exhaustive(fact);
  }
}

function changesByBox(order: Order, fact: BoxFact, next: OrderStateName): Partial<Order> {
  switch (fact.type) {
    case 'pos.sent': {
      const { attempt, protocol } = fact.body;
      return {
        tender: { type: 'box-pos', protocol, method: undefined, boxRef: undefined },
        attempt,
        reason: undefined,
      };
    }
    case 'pos.paid': {
      const { method, boxRef } = fact.body;
      return {
        tender: { type: 'box-pos', protocol: protocolOf(order), method, boxRef },
        reason: next === 'manual' ? 'proofs-contradict' : undefined,
      };
    }
    case 'pos.cancel-wanted':
      return {};
    case 'pos.failed':
    case 'pos.unknown':
      return { reason: knownCode(fact.body.code) };
    default:
      return exhaustive(fact);
  }
}

function changesByPromise(order: Order, fact: PromiseFact): Partial<Order> {
  switch (fact.type) {
    case 'offline.promised': {
      const { kind, who = '', approvedBy } = fact.body;
      const ends = { kept: null, broken: null };
      return { tender: { type: 'promise', kind, who, approvedBy, ...ends }, reason: undefined };
    }
    case 'offline.promise-kept': {
      const { how, businessDate, cashier: by } = fact.body;
      const kept = { how, businessDate, by };
      return { tender: { ...promiseOf(order), kept }, reason: undefined };
    }
    case 'offline.promise-broken': {
      const { code, cashier: by, note } = fact.body;
      const broken = { by, note };
      return { tender: { ...promiseOf(order), broken }, reason: knownCode(code) };
    }
    default:
      return exhaustive(fact);
  }
}

function promiseOf({ orderId, tender }: Order): Extract<OrderTender, { type: 'promise' }> {
  assert(tender?.type === 'promise', () => `${orderId} was kept without a promise`);
  return tender;
}

const protocolOf = ({ tender }: Order): string =>
  tender?.type === 'box-pos' ? tender.protocol : '';

/** A code of a newer version has no words here yet; it is said as such instead of being passed on unchecked. */
const knownCode = (code: string): ErrorCode => (isErrorCode(code) ? code : 'code-not-catalogued');
