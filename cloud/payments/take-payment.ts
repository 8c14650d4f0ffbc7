import { namedMember } from '#cloud/members/named-member.ts';
import { codesOf, resultOf, type LearnedCall } from '#cloud/payments/apply-learned.ts';
import type { Attempt } from '#cloud/payments/attempt.ts';
import { answerRecord, answerRecordValues } from '#cloud/payments/call-store.ts';
import type { Ended } from '#cloud/payments/booking/book-attempt.ts';
import { joined } from '#cloud/payments/join-sale.ts';
import { linkedPayer } from '#cloud/relations/payer-links.ts';
import { payerHashOf, timingAt, type PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { learn } from '#cloud/payments/payment-machine.ts';
import { quotaEnd, quotaEndValues } from '#cloud/payments/routing/channel-quota.ts';
import { isRefusedFor, type Line, type Statement } from '#cloud/platform/db.ts';
import { firstResult } from '#cloud/orders/results.ts';
import { retried } from '#cloud/platform/retried-transaction.ts';

/**
 * The attempt becomes paid if it is still as it was submitted: nobody called it off, no worker has
 * asked about it, and no other money was taken for the order since (cash, a box POS). Else the
 * transaction ends (`moved`).
 */
const paidAsSubmitted: Statement = {
  name: 'paid-as-submitted',
  text: `
    with moved as (
      update payment_attempt set status = 'paid', in_flight = false, next_step = null,
        next_at_ms = null, code = null, channel_ref = $4, paid_at_ms = $5, settled_at_ms = $6,
        payer_hash = $7, lease_until_ms = 0
       where operator_id = $1 and order_id = $2 and attempt = $3
         and status = 'submitting' and in_flight and not cancel_wanted and not found_paid
         and not exists (
           select from settlement_line where operator_id = $1 and merchant_id = $8
              and order_id = $2 and source <> 'channel')
      returning 1)
    select refuse_unless(exists (select from moved), 'moved')`,
};

/**
 * The way of nearly every charge: its own answer says paid. One round trip (two when the channel
 * says who paid): evidence, state, result for the till and quota, committed together. The books
 * follow (booking-desk.ts, docs/adr/0017). Undefined when the answer says anything else or
 * something has happened to the attempt meanwhile: then {@link applyLearned} takes it in, under the
 * attempt's lock.
 */
export async function takePayment(
  deps: PaymentDeps,
  attempt: Attempt,
  call: LearnedCall,
): Promise<Attempt | undefined> {
  const { learned, callNo, evidence } = call;
  if (learned.from !== 'charge' || learned.outcome.type !== 'paid') return undefined;
  if (attempt.kind !== 'charge' || attempt.progress.status !== 'submitting') return undefined;
  const nowMs = deps.clock.nowMs();
  const at = { nowMs, timing: timingAt(deps, attempt.channel), codes: codesOf(deps, attempt) };
  const progress = learn(attempt.progress, learned, at);
  if (progress.status !== 'paid') return undefined;
  const { payerId } = learned.outcome;
  const payerHash =
    payerId === undefined ? undefined : payerHashOf(deps.contentKey, attempt.channel, payerId);
  const after: Attempt = { ...attempt, progress, holdsQuota: false };
  try {
    return await retried(() =>
      deps.db.swift(async (line) => {
        const known = await whose(line, { attempt: after, nowMs, payerHash });
        const member = known.memberId === undefined ? undefined : await namedMember(line.tx, known);
        const { operatorId, orderId, merchantId, terminalId } = attempt;
        const result = JSON.stringify(resultOf(after, nowMs, member));
        const resultKey = `charge:${orderId}:${attempt.attempt}:paid`;
        const { channelRef, paidAtMs } = progress;
        const answer = { callNo, nowMs, outcome: 'paid', evidence };
        await Promise.all([
          line.ask(paidAsSubmitted, [
            operatorId,
            orderId,
            attempt.attempt,
            channelRef,
            paidAtMs,
            nowMs,
            payerHash ?? null,
            merchantId,
          ]),
          line.ask(answerRecord, answerRecordValues(attempt, answer)),
          line.ask(firstResult, [operatorId, terminalId, orderId, resultKey, result]),
          // Every charge of a shop meets in its quota's rows: last, so that they are held for a
          // moment.
          line.ask(quotaEnd, quotaEndValues(attempt, 'used')),
          line.commit(),
        ]);
        return known;
      }),
    );
  } catch (cause) {
    if (isRefusedFor(cause, 'moved')) return undefined;
    throw cause;
  }
}

/**
 * The attempt with the member whose wallet paid it. Asks nothing when the channel did not say who
 * paid.
 */
async function whose(line: Line, paid: Ended): Promise<Attempt> {
  const { attempt, payerHash } = paid;
  if (payerHash === undefined) return attempt;
  const { rows } = await line.ask(linkedPayer, [attempt.operatorId, payerHash]);
  const isNobodys = rows.length === 0 && attempt.memberId === undefined;
  return isNobodys ? attempt : await joined(line.tx, paid);
}
