import { sql } from 'drizzle-orm';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { AttemptKey } from '#cloud/payments/attempt.ts';
import type { Learned } from '#cloud/payments/payment-machine.ts';
import type { Tx } from '#cloud/platform/db.ts';

type Outcome = Learned['outcome'];

/** What an answer says about the money itself; undefined = nothing. */
function saidOf(outcome: Outcome): 'paid' | 'not-paid' | undefined {
  switch (outcome.type) {
    case 'paid':
      return 'paid';
    case 'closed':
    case 'failed':
    case 'refunded':
    case 'unpaid':
      return 'not-paid';
    case 'paying':
    case 'broken-off':
    case 'unknown':
    case 'no-such-order':
    case 'too-early':
    case 'window-over':
    case 'refunding':
    case 'refund-failed':
    case 'no-such-refund':
      return undefined;
    default:
      return exhaustive(outcome);
  }
}

/**
 * An answer about an attempt that had ended: when two people ended it otherwise, a break is open
 * from here on.
 */
export async function holdAgainst(
  tx: Tx,
  heard: AttemptKey & { readonly outcome: Outcome; readonly nowMs: number },
): Promise<void> {
  const said = saidOf(heard.outcome);
  if (said === undefined) return;
  await tx.execute(sql`
    update attempt_resolution set break_at_ms = ${heard.nowMs}, break_said = ${heard.outcome.type}
     where operator_id = ${heard.operatorId} and order_id = ${heard.orderId}
       and attempt = ${heard.attempt} and state = 'confirmed' and verdict <> ${said}
       and break_at_ms is null`);
}
