import { sql } from 'drizzle-orm';
import { err, ok, type Result } from '#shared/result/result.ts';
import { assert } from '#shared/result/assert.ts';
import type { PersonId } from '#shared/ids/ids.ts';
import { isPaidOtherwise } from '#cloud/orders/paid-otherwise.ts';
import { moveTo } from '#cloud/payments/apply-learned.ts';
import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import { isOrderClosed, lockAttempt } from '#cloud/payments/attempt-store.ts';
import {
  keepReturning,
  returningSinceMs,
  type InstructKept,
} from '#cloud/payments/paid-twice/paid-twice-store.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import {
  isForPeople,
  resolutionAfterMs,
  resolveByPeople,
  type PeopleVerdict,
} from '#cloud/payments/payment-machine.ts';
import { checkPausesMs } from '#cloud/payments/resolution/resolution-checks.ts';
import { hasLeft, lapseProposals } from '#cloud/persons/proposal-life.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { lockOrderNumber } from '#cloud/payments/sealed-attempts.ts';
import type { Tx } from '#cloud/platform/db.ts';

export interface Proposal {
  readonly verdict: PeopleVerdict;
  /** What was seen and where, 10..500 characters. */
  readonly evidence: string;
  readonly by: PersonId;
}

/** What a confirmation needs: a channel may hold what is the merchant's from then on. */
export type ResolutionDeps = PaymentDeps & { readonly instructKept: InstructKept };

export interface ResolutionRefused {
  readonly code:
    'order-already-paid' | 'person-act-lapsed' | 'resolution-impossible' | 'resolution-same-person';
}

const refused = (code: ResolutionRefused['code']) => err<ResolutionRefused>({ code });

/**
 * One person says how a charge ended that the machine could not bring to an end. Nothing changes
 * until another agrees.
 */
export async function proposeResolution(
  deps: PaymentDeps,
  key: AttemptKey,
  { verdict, evidence, by }: Proposal,
): Promise<Result<{ readonly proposalNo: number }, ResolutionRefused>> {
  const nowMs = deps.clock.nowMs();
  return await retriedTransaction(deps.db, async (tx) => {
    const attempt = await lockAttempt(tx, key);
    if (attempt?.kind !== 'charge' || !(await mayDecide(tx, attempt, nowMs)))
      return refused('resolution-impossible');
    await lapse(tx, key, nowMs);
    if ((await openProposal(tx, key)) !== undefined) return refused('resolution-impossible');
    const { rows } = await tx.execute<{ proposal_no: number }>(sql`
      insert into attempt_resolution (operator_id, merchant_id, order_id, attempt, proposal_no,
        verdict, evidence, channel_ref, paid_at_ms, proposed_by, proposed_at_ms, state)
      select ${key.operatorId}, ${attempt.merchantId}, ${key.orderId}, ${key.attempt},
             coalesce(max(proposal_no), 0) + 1, ${verdict.type}, ${evidence},
             ${verdict.type === 'paid' ? verdict.channelRef : null},
             ${verdict.type === 'paid' ? verdict.paidAtMs : null}::bigint, ${by}, ${nowMs}, 'proposed'
        from attempt_resolution where operator_id = ${key.operatorId}
         and order_id = ${key.orderId} and attempt = ${key.attempt}
      returning proposal_no`);
    return ok({ proposalNo: rows[0]?.proposal_no ?? 1 });
  });
}

/**
 * Another person agrees: only now the attempt ends and, when it is paid, the books hear of it, all
 * in one transaction. What the channel said in the meantime comes first: a charge that ended by
 * itself is no longer theirs to decide.
 */
export async function confirmResolution(
  deps: ResolutionDeps,
  key: AttemptKey,
  confirmation: { readonly by: PersonId; readonly note: string },
): Promise<Result<Attempt, ResolutionRefused>> {
  const nowMs = deps.clock.nowMs();
  const done = await retriedTransaction(deps.db, async (tx) => {
    await lockOrderNumber(tx, key);
    const attempt = await lockAttempt(tx, key);
    if (await lapse(tx, key, nowMs)) return refused('person-act-lapsed');
    const open = await openProposal(tx, key);
    if (attempt === undefined || open === undefined || !(await mayDecide(tx, attempt, nowMs)))
      return refused('resolution-impossible');
    if (open.by === confirmation.by) return refused('resolution-same-person');
    if (await hasLeft(tx, open.by, key.operatorId)) return refused('resolution-impossible');
    const progress = resolveByPeople(attempt.progress, open.verdict);
    if (open.verdict.type === 'paid' && (await returningSinceMs(tx, attempt)) !== undefined) {
      await endProposal(tx, key, { ...confirmation, state: 'confirmed', nowMs });
      // When and under which number it was paid is known from the channel itself.
      const { channelRef, paidAtMs } = attempt.progress;
      const kept = { ...progress, channelRef, paidAtMs };
      await keepReturning(tx, deps.instructKept, { attempt, progress: kept, nowMs });
      return ok({ ...attempt, progress: kept });
    }
    // The till may have taken other money since: this payment must be refunded at the channel, not
    // booked.
    const isElsewhere = async () =>
      (await isOrderClosed(tx, attempt)) || (await isPaidOtherwise(tx, attempt));
    if (open.verdict.type === 'paid' && (await isElsewhere())) return refused('order-already-paid');
    await endProposal(tx, key, { ...confirmation, state: 'confirmed', nowMs });
    return ok(await moveTo(tx, deps, attempt, { progress, nowMs }));
  });
  if (done.ok) deps.hints.pull(done.value);
  return done;
}

/**
 * Is it open for so long that people decide? A charge that people sent back has its time from then
 * on.
 */
async function mayDecide(tx: Tx, attempt: Attempt, nowMs: number): Promise<boolean> {
  const sinceMs = (await returningSinceMs(tx, attempt)) ?? 0;
  return isForPeople(attempt.progress, nowMs) && nowMs - sinceMs >= resolutionAfterMs;
}

/**
 * Either of them thinks again. Errors: person-act-lapsed, resolution-impossible (nothing is
 * proposed).
 */
export async function withdrawResolution(
  deps: Pick<PaymentDeps, 'db' | 'clock'>,
  key: AttemptKey,
  withdrawal: { readonly by: PersonId; readonly note: string },
): Promise<Result<void, ResolutionRefused>> {
  const nowMs = deps.clock.nowMs();
  return await deps.db.transaction(async (tx) => {
    await lockAttempt(tx, key);
    if (await lapse(tx, key, nowMs)) return refused('person-act-lapsed');
    if ((await openProposal(tx, key)) === undefined) return refused('resolution-impossible');
    await endProposal(tx, key, { ...withdrawal, state: 'withdrawn', nowMs });
    return ok(undefined);
  });
}

/**
 * What nobody agreed to in time has ended by itself. Is that what the newest word is? The caller
 * holds the attempt.
 */
async function lapse(tx: Tx, key: AttemptKey, nowMs: number): Promise<boolean> {
  const which = sql`operator_id = ${key.operatorId} and order_id = ${key.orderId}
       and attempt = ${key.attempt}`;
  await lapseProposals(tx, { table: 'attempt_resolution', which, nowMs });
  const { rows } = await tx.execute<{ state: string }>(sql`
    select state from attempt_resolution where ${which} order by proposal_no desc limit 1`);
  return rows[0]?.state === 'lapsed';
}

interface OpenProposal {
  readonly by: PersonId;
  readonly verdict: PeopleVerdict;
}

async function openProposal(tx: Tx, key: AttemptKey): Promise<OpenProposal | undefined> {
  const { rows } = await tx.execute<{
    verdict: PeopleVerdict['type'];
    channel_ref: string | null;
    paid_at_ms: number | null;
    proposed_by: PersonId;
  }>(sql`
    select verdict, channel_ref, paid_at_ms, proposed_by from attempt_resolution
     where operator_id = ${key.operatorId} and order_id = ${key.orderId}
       and attempt = ${key.attempt} and state = 'proposed' for update`);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { channel_ref: channelRef, paid_at_ms: paidAtMs } = row;
  if (row.verdict === 'not-paid') return { by: row.proposed_by, verdict: { type: 'not-paid' } };
  assert(
    channelRef !== null && paidAtMs !== null,
    () => `paid without a reference: ${key.orderId}`,
  );
  return { by: row.proposed_by, verdict: { type: 'paid', channelRef, paidAtMs } };
}

async function endProposal(
  tx: Tx,
  key: AttemptKey,
  end: {
    readonly state: 'confirmed' | 'withdrawn';
    readonly by: PersonId;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<void> {
  const nextCheckAtMs = end.state === 'confirmed' ? end.nowMs + checkPausesMs[0]! : null;
  await tx.execute(sql`
    update attempt_resolution set state = ${end.state}, ended_by = ${end.by},
      ended_at_ms = ${end.nowMs}, ended_note = ${end.note}, next_check_at_ms = ${nextCheckAtMs}
     where operator_id = ${key.operatorId} and order_id = ${key.orderId}
       and attempt = ${key.attempt} and state = 'proposed'`);
}
