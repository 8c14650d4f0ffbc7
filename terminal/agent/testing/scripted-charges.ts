import type { Charge, ChargeRequest } from '#shared/wire/v1/charges.ts';
import { problem, type ScriptedAnswer } from '#terminal/agent/testing/scripted-answer.ts';

/** What the next charges become; with `afterQueries` they wait for the payer that many questions long. */
export type ChargeScript = Partial<Charge> & { readonly afterQueries?: number };

/** The charges of the scripted cloud: each order and attempt once, a closed number never. */
export function createScriptedCharges(fits: (request: ChargeRequest) => boolean) {
  const charges = new Map<string, Charge>();
  const closedNumbers = new Set<string>();
  const bodies: ChargeRequest[] = [];
  let script: ChargeScript = { status: 'paid' };
  let queriesLeft = 0;

  return {
    /** Every charge request that arrived, in order. */
    bodies,
    take: (request: ChargeRequest): ScriptedAnswer => {
      if (!fits(request)) return problem(409, 'voucher-reservation-invalid');
      bodies.push(request);
      const key = `${request.orderId}/${request.attempt}`;
      queriesLeft = script.afterQueries ?? 0;
      if (closedNumbers.has(key)) return problem(409, 'order-number-closed');
      const charge = charges.get(key) ?? freshCharge(request, script);
      charges.set(key, charge);
      return { status: 200, body: charge };
    },
    /** The answer to a question, or to the wish to cancel. `key`: order id and attempt. */
    query: (key: string, cancel: boolean): ScriptedAnswer => {
      const charge = charges.get(key);
      if (!charge) {
        if (cancel) closedNumbers.add(key);
        return problem(404, 'charge-not-found');
      }
      const isFinal = ['paid', 'failed', 'reversed', 'refunded-late'].includes(charge.status);
      if (!isFinal && cancel) charge.status = 'reversed';
      else if (!isFinal && (queriesLeft -= 1) <= 0) charge.status = script.status ?? 'paid';
      return { status: 200, body: charge };
    },
    script: (next: ChargeScript): void => {
      script = next;
    },
    /** Every attempt without a result gets this one. */
    settleAll: (status: Charge['status']): void => {
      for (const charge of charges.values())
        if (['waiting-payer', 'unknown', 'submitting'].includes(charge.status))
          charge.status = status;
    },
  };
}

function freshCharge(
  { orderId, attempt, amountFen, voucherFen }: ChargeRequest,
  { afterQueries = 0, ...script }: ChargeScript,
): Charge {
  return {
    orderId,
    attempt,
    status: 'paid',
    amountFen,
    voucherFen,
    channel: 'simulator',
    channelRef: 'ref-1',
    paidAtMs: Date.now(),
    deadlineMs: Date.now() + 45_000,
    ...script,
    ...(afterQueries > 0 ? { status: 'waiting-payer', code: 'payer-confirming' } : {}),
  };
}
