import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { err, type Result } from '#shared/result/result.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { dueOfOrder } from '#terminal/agent/checkout/box/box-decisions.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { approvedBy, type Approval } from '#terminal/agent/owner/owner-desk.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';

/** What a person read from the slips of the box: its number of the payment, or null when there is none. */
export interface BoxSlip {
  readonly orderId: string;
  readonly boxRef: string | null;
  /** Asks for the owner's approval and uses it up. */
  readonly approve: () => Result<Approval, ErrorCode>;
}

/**
 * A person decides what no query could clear up: the box is broken, was replaced, or reports another sale or sum. The
 * journal says who. Should the box tell another story later, it stands among the exceptions. Errors: `order-not-found`,
 * `result-not-known` while the box has not been asked in vain, those of the approval, the disk's.
 */
export function decideBoxSale(counter: Counter, { orderId, boxRef, approve }: BoxSlip): Outcome {
  const order = findOrder(counter.journal.read, orderId as OrderId)?.order;
  if (!order) return err('order-not-found');
  if (!counter.boxRunner.mayDecide(order.orderId)) return err('result-not-known');
  const approved = approve();
  if (!approved.ok) return approved;
  const decided = {
    ...approvedBy(approved.value),
    orderId,
    attempt: order.attempt,
    decidedBy: counter.cashier,
  };
  const fact: EntryFact =
    boxRef === null
      ? { type: 'pos.failed', body: { ...decided, code: 'box-slip-unpaid' } }
      : {
          type: 'pos.paid',
          body: {
            ...decided,
            amountFen: dueOfOrder(order),
            boxRef,
            method: 'other',
            paidAtMs: counter.clock.nowMs(),
          },
        };
  const kept = counter.append([fact, ...counter.alongside(order.orderId, [fact])]);
  if (kept.ok) counter.boxRunner.decided(order);
  return kept;
}
