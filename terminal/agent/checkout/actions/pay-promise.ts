import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { PromiseKind } from '#shared/order/order.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { isWaiting } from '#terminal/agent/checkout/checkout-machine.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { judgeOnTill } from '#terminal/agent/checkout/promise-room.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { isChannelAway } from '#terminal/ipc/channel-away.ts';

export interface PromiseAsked {
  readonly kind: PromiseKind;
  /** Who owes it; for a static code what was seen of the payment's number, or nothing. */
  readonly who: string;
  /** Uses the owner's approval up: asked last, when nothing else stands in the way. */
  readonly approve: () => Result<unknown, ErrorCode>;
}

/** Whose PIN it was: a till has one owner, and knows no name of his. */
export const ownerName = '店主';

/**
 * Lets the goods of the sale on screen go on a promise. It is no payment: nothing here says that anything was paid.
 * Errors, in order: `result-not-known`, `promise-line-up`, `promise-who-missing`, `promise-who-unfit`, those of the
 * preparation, of the limits (`promise-…`), of the approval, the disk's.
 */
export async function payPromise(counter: Counter, asked: PromiseAsked): Promise<Outcome> {
  if (isWaiting(counter.screen.till())) return err('result-not-known');
  if (!isOutage(counter)) return err('promise-line-up');
  const who = whoOf(asked);
  if (!who.ok) return who;
  const prepared = await counter.prepare(false);
  if (!prepared.ok) return prepared;
  const { orderId, dueFen, opening } = prepared.value;
  // The line may have come back while the sale was prepared.
  if (!isOutage(counter)) return err('promise-line-up');
  const judged = judgeOnTill(counter.room, dueFen);
  if (!judged.ok) return err(judged.error.type);
  const approved = asked.approve();
  if (!approved.ok) return approved;
  const caps = counter.config()?.caps;
  const fact: EntryFact = {
    type: 'offline.promised',
    body: {
      orderId,
      kind: asked.kind,
      amountFen: dueFen,
      ...(who.value === '' ? {} : { who: who.value }),
      approvedBy: ownerName,
      capsVersion: caps?.version ?? 1,
      limitsVersion: caps?.promises?.version ?? 1,
    },
  };
  const kept = counter.append([...opening, fact, ...counter.jobsFor(orderId, 'promised')]);
  if (!kept.ok) return kept;
  counter.held.forget();
  counter.vault.drop(orderId);
  counter.screen.show(orderId);
  return kept;
}

/** Nothing can be charged now: the line is down, or the channels gave no answer to this very sale. */
function isOutage({ link, screen, journal }: Counter): boolean {
  if (!link.online()) return true;
  const { orderId } = screen.till();
  const order = orderId && findOrder(journal.read, orderId)?.order;
  return order !== undefined && order.state === 'failed' && isChannelAway(order.reason);
}

/** More digits than a phone's tail: a payment code, a card or a whole phone number, none of which is kept. */
const digitsMax = 8;

function whoOf({ kind, who: typed }: PromiseAsked): Result<string, ErrorCode> {
  const who = typed.trim();
  if (who === '' && kind === 'iou') return err('promise-who-missing');
  const digits = who.replaceAll(/\D/gu, '').length;
  return digits > digitsMax ? err('promise-who-unfit') : ok(who);
}
