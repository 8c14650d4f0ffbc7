import { sql } from 'drizzle-orm';
import { fen, negateFen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Journal } from '#cloud/ledger/posting.ts';
import { learnInside } from '#cloud/payments/learn-from-bill.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { Tx } from '#cloud/platform/db.ts';
import {
  decideBreakStep,
  type BreakStep,
  type BreakStepError,
} from '#cloud/reconciliation/breaks/break-machine.ts';
import {
  lockBreak,
  saveBreakStep,
  type KeptBreak,
} from '#cloud/reconciliation/breaks/break-store.ts';

export const correctionKind = 'bill-correction';

/**
 * `not-found`: there is no such break. `break-refund-open`: a refund of the same sale is on its
 * way. `break-paid-twice`: its money is decided about by payments/paid-twice, or was.
 */
export type StepError = BreakStepError | 'break-paid-twice' | 'break-refund-open' | 'not-found';

/**
 * A person's step with a break: owner, words, or money. Money moves in the transaction that settles the break, as a
 * correction in the books, or through the payment machine for a charge that is given back; a step that is sent twice
 * finds the break settled.
 */
export async function stepBreak(
  deps: PaymentDeps,
  key: Pick<KeptBreak, 'operatorId' | 'breakNo'>,
  step: BreakStep,
): Promise<Result<void, StepError>> {
  const nowMs = deps.clock.nowMs();
  return await deps.db.transaction(async (tx): Promise<Result<void, StepError>> => {
    const kept = await lockBreak(tx, key);
    if (kept === undefined) return err('not-found');
    const decided = decideBreakStep(kept, step);
    if (!decided.ok) return decided;
    const change = decided.value;
    if (change.type === 'carry-out') {
      // The charge before the line of its sale, as everywhere.
      if (await isPaidTwice(tx, kept)) return err('break-paid-twice');
      if (await isRefunding(tx, kept)) return err('break-refund-open');
      if (change.how === 'give-back') await giveBack(tx, deps, kept);
      else await correct(tx, kept, { ...change, nowMs });
    }
    const what = change.type === 'carry-out' ? change.how : step.step;
    await saveBreakStep(tx, kept, { change, what, by: step.by, note: step.note, nowMs });
    return ok(undefined);
  });
}

/**
 * Is a refund of the same sale on its way? Both hold the sale's line, so a correction and a refund
 * never plan with the same money: whoever comes second sees the other.
 */
async function isRefunding(tx: Tx, kept: KeptBreak): Promise<boolean> {
  const { operatorId, merchantId, orderId } = kept;
  if (merchantId === undefined || orderId === undefined) return false;
  const isOrder = sql`operator_id = ${operatorId} and merchant_id = ${merchantId}
    and order_id = ${orderId}`;
  await tx.execute(sql`select from settlement_line where ${isOrder} for update`);
  const { rows } = await tx.execute(sql`
    select from order_refund where ${isOrder} and status in ('refunding', 'booking')`);
  return rows.length > 0;
}

/** Is it about a charge that was paid beside other money? What two people decide there is in the books by itself. */
async function isPaidTwice(tx: Tx, kept: KeptBreak): Promise<boolean> {
  const { operatorId, orderId, attempt } = kept;
  if (orderId === undefined || attempt === undefined) return false;
  // The act holds the same row: whoever comes second sees what the first decided.
  const { rows } = await tx.execute<{ is_twice: boolean }>(sql`
    select book_state = 'kept' or book_state = 'parked' and exists (
             select from settlement_line l where l.operator_id = a.operator_id
                and l.merchant_id = a.merchant_id and l.order_id = a.order_id
                and l.source <> 'channel')
           or exists (select from paid_twice p where p.operator_id = a.operator_id
                        and p.order_id = a.order_id and p.attempt = a.attempt) as is_twice
      from payment_attempt a where operator_id = ${operatorId} and order_id = ${orderId}
       and attempt = ${attempt} for update`);
  return rows[0]?.is_twice === true;
}

/** The books follow the bill by what is left of the difference when earlier corrections of this break are counted. */
async function correct(
  tx: Tx,
  kept: KeptBreak,
  { how, nowMs }: { readonly how: string; readonly nowMs: number },
): Promise<void> {
  const { operatorId, merchantId, breakNo, billNo } = kept;
  assert(merchantId !== undefined, () => `a correction for nobody: break ${breakNo}`);
  const { rows } = await tx.execute<{ fen: number }>(sql`
    select coalesce(-sum(e.amount_fen), 0)::bigint as fen from ledger_txn t
      join ledger_entry e on e.operator_id = t.operator_id and e.txn_no = t.txn_no
       and e.account = 'channel_clearing'
     where t.operator_id = ${operatorId} and t.book = ${merchantId}
       and t.idem_key like ${`bill-break:${breakNo}:%`}`);
  const differenceFen = fen(kept.billFen - kept.ourFen - (rows[0]?.fen ?? 0));
  if (differenceFen === 0) return;
  const common = {
    operatorId,
    idemKey: `bill-break:${breakNo}:${billNo}`,
    eventAtMs: nowMs,
  };
  const ofMerchant: Journal = {
    ...common,
    kind: correctionKind,
    merchantId,
    legs: [
      { account: 'channel_clearing', amountFen: negateFen(differenceFen) },
      { account: 'merchant_payable', amountFen: differenceFen },
    ],
  };
  // The platform has paid the merchant itself: his claim is met, and the loss is the platform's.
  const ofPlatform: Journal = {
    ...common,
    kind: 'bill-loss',
    merchantId: null,
    legs: [
      { account: 'guarantee_loss', amountFen: differenceFen },
      { account: 'operating_cash', amountFen: negateFen(differenceFen) },
    ],
  };
  const journals = how === 'correct-platform' ? [ofMerchant, ofPlatform] : [ofMerchant];
  const posted = await postJournals(tx, journals);
  assert(posted.ok, () => `the books refused break ${breakNo}: ${JSON.stringify(posted)}`);
}

async function giveBack(tx: Tx, deps: PaymentDeps, kept: KeptBreak): Promise<void> {
  const { operatorId, orderId, attempt, breakNo } = kept;
  assert(orderId !== undefined && attempt !== undefined, () => `break ${breakNo} of no charge`);
  await learnInside(
    tx,
    deps,
    { operatorId, orderId, attempt },
    {
      verdict: { type: 'paid', channelRef: kept.subject, paidAtMs: kept.foundAtMs },
      digest: '',
      text: `bill ${kept.billNo}, break ${breakNo}`,
      isLate: true,
    },
  );
}
