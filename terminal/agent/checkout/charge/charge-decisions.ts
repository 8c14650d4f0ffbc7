import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Order } from '#shared/order/order.ts';
import type { Result } from '#shared/result/result.ts';
import type { Charge } from '#shared/wire/v1/charges.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';

/** What an answer about an attempt means for its order. Pure. */
export interface ChargeDecision {
  readonly facts: readonly EntryFact[];
  readonly next:
    /** Definite: nothing more to ask. */
    | 'done'
    /** Ask again after a pause. */
    | 'ask'
    /** The cloud never had it and the code is alive: the same attempt goes out again. */
    | 'send-again'
    /** The cloud never had it and the code is gone: cancel, so that whatever still travels is refused. */
    | 'close'
    /** Not a byte of it was taken and the code is alive: hold it until the line is back. */
    | 'hold';
}

/** What kind of request was answered, and what is known around it. */
export interface ChargeQuestion {
  readonly kind: 'submit' | 'query' | 'cancel';
  /** Is the payment code still in memory? */
  readonly codeAlive: boolean;
}

/** Refusals of a submit that say: this attempt is known already. Only a query tells how it stands. */
const knownAlready = new Set(['attempt-in-flight', 'idempotency-mismatch', 'order-already-paid']);
/**
 * Refused at the door, for this moment. Something on the way may hand the same request on once more and find the door
 * open, so it proves nothing about the number: the same one is asked about and sent again, never a new one beside it.
 */
const refusedForNow = 'cloud-busy';
/** No connection came about: not a byte left, the code is unused and worth another try when the line is back. */
const comeAgain = 'cloud-unreachable';

export function decideOnAnswer(
  order: Order,
  question: ChargeQuestion,
  answer: Result<Charge, CloudFailure>,
): ChargeDecision {
  return answer.ok
    ? decideOnCharge(order, answer.value)
    : decideOnFailure(order, question, answer.error);
}

const done = (fact: EntryFact): ChargeDecision => ({ facts: [fact], next: 'done' });

function decideOnCharge(order: Order, charge: Charge): ChargeDecision {
  const attempt = { orderId: order.orderId, attempt: order.attempt };
  const code = charge.code ?? 'code-not-catalogued';
  switch (charge.status) {
    case 'paid':
      return done({
        type: 'charge.paid',
        body: {
          ...attempt,
          channel: charge.channel,
          channelRef: charge.channelRef ?? '',
          paidAtMs: charge.paidAtMs ?? order.openedAtMs,
          ...(charge.member === undefined ? {} : { member: charge.member }),
        },
      });
    case 'failed':
      return done({ type: 'charge.failed', body: { ...attempt, code } });
    case 'reversed':
      return done({ type: 'charge.reversed', body: attempt });
    case 'refunded-late':
      return done({ type: 'charge.refunded-late', body: attempt });
    case 'unknown':
      return { facts: unknownOnce(order, code), next: 'ask' };
    case 'submitting':
    case 'waiting-payer':
    case 'reversing':
      return { facts: [], next: 'ask' };
    default:
      return exhaustive(charge.status);
  }
}

function decideOnFailure(
  order: Order,
  question: ChargeQuestion,
  failure: CloudFailure,
): ChargeDecision {
  const { code, sent } = failure;
  const failed = (why: string): EntryFact => ({
    type: 'charge.failed',
    body: { orderId: order.orderId, attempt: order.attempt, code: why },
  });
  if (question.kind === 'submit') {
    if (sent === 'maybe' || knownAlready.has(code) || code === refusedForNow)
      return { facts: unknownOnce(order, code), next: 'ask' };
    // An attempt that was unknown before is not made definite by a refused repetition.
    if (order.state !== 'submitting') return { facts: [], next: 'ask' };
    const hold = code === comeAgain && question.codeAlive;
    return { facts: [failed(code)], next: hold ? 'hold' : 'done' };
  }
  if (code !== 'charge-not-found') return { facts: [], next: 'ask' };
  // A cancel of what the cloud does not know closes the number for good: only this makes "never came" definite.
  // A clock could not: a proxy may hand a request on long after its sender gave it up.
  if (question.kind === 'cancel') return { facts: [failed('charge-not-received')], next: 'done' };
  if (order.state !== 'cancel-wanted' && question.codeAlive)
    return { facts: [], next: 'send-again' };
  return { facts: [], next: 'close' };
}

/** The journal says once that the outcome is unknown, not at every question. */
const unknownOnce = (order: Order, code: string): readonly EntryFact[] =>
  order.state === 'submitting'
    ? [{ type: 'charge.unknown', body: { orderId: order.orderId, attempt: order.attempt, code } }]
    : [];
