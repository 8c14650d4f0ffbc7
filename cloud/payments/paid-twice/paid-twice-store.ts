import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import type { Journal } from '#cloud/ledger/posting.ts';
import type { Attempt, AttemptKey } from '#cloud/payments/attempt.ts';
import { saveProgress } from '#cloud/payments/attempt-store.ts';
import type { AttemptProgress } from '#cloud/payments/payment-machine.ts';
import type { MerchantKey } from '#cloud/payments/merchant-channels.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { OrderId, PersonId } from '#shared/ids/ids.ts';
import { fen, negateFen, type Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * What two people say of a charge that was paid beside other money: it goes back; the other money
 * was not there; or the other money was there, and went back at the till.
 */
export type PaidTwiceVerdict = 'give-back' | 'keep' | 'keep-refunded';

export const paidTwiceMax = 200;

/** A charge that two people decided about. Amounts in fen, times in ms. */
export interface PaidTwice {
  readonly orderId: OrderId;
  readonly attempt: number;
  readonly verdict: PaidTwiceVerdict;
  readonly amountFen: number;
  /** What had gone back of the other money when they decided; null of those from before 0961. */
  readonly backFen: number | null;
  readonly why: string;
  readonly proposedBy: PersonId;
  readonly agreedBy: PersonId;
  readonly decidedAtMs: number;
  /** Null while the channel has not said for certain that the money went back. */
  readonly endedAtMs: number | null;
  /** The state in which the charge ended. */
  readonly endedAs: string | null;
}

/** What was decided of a merchant's charges, the latest first, at most {@link paidTwiceMax}. */
export async function listPaidTwice(db: Db, merchant: MerchantKey): Promise<readonly PaidTwice[]> {
  const { rows } = await db.execute<PaidTwice & Record<string, unknown>>(sql`
    select order_id as "orderId", attempt, verdict, amount_fen as "amountFen",
           back_fen as "backFen", why, proposed_by as "proposedBy", agreed_by as "agreedBy", decided_at_ms as "decidedAtMs",
           ended_at_ms as "endedAtMs", ended_as as "endedAs"
      from paid_twice
     where operator_id = ${merchant.operatorId} and merchant_id = ${merchant.merchantId}
     order by decided_at_ms desc, order_id desc limit ${paidTwiceMax}`);
  return rows;
}

/**
 * The books hear of money that no sale accounts for. An attempt ends once here, so a journal is
 * posted once; `holds` come with it.
 */
export async function postPaidTwice(
  tx: Tx,
  attempt: Pick<Attempt, 'operatorId' | 'merchantId' | 'orderId'>,
  journal: PaidTwiceJournal,
  holds: readonly Journal[] = [],
): Promise<void> {
  const { operatorId, merchantId, orderId } = attempt;
  const posted = await postJournals(tx, [{ operatorId, merchantId, ...journal }, ...holds]);
  assert(
    posted.ok,
    () => `the books refused ${journal.kind} of ${orderId}: ${JSON.stringify(posted)}`,
  );
}

/**
 * The charge has ended for certain without money: what was due to the payer has left the channel.
 * Once.
 */
export async function endPaidTwice(
  tx: Tx,
  ended: { readonly attempt: Attempt; readonly nowMs: number },
): Promise<void> {
  const { attempt, nowMs } = ended;
  const { rows } = await tx.execute(sql`
    update paid_twice set ended_at_ms = ${nowMs}, ended_as = ${attempt.progress.status}
     where ${keyIs(attempt)} and ended_at_ms is null returning 1`);
  if (rows.length > 0) await postPaidTwice(tx, attempt, returned(attempt, nowMs));
}

type PaidTwiceJournal = Pick<Journal, 'kind' | 'legs' | 'idemKey' | 'eventAtMs'>;

/** The channel holds money that is the payer's. */
export const dueToPayer = (attempt: Attempt, nowMs: number): PaidTwiceJournal => ({
  kind: 'paid-twice',
  idemKey: `paid-twice:${attempt.orderId}:${attempt.attempt}`,
  eventAtMs: nowMs,
  legs: [
    { account: 'channel_clearing', amountFen: negateFen(attempt.netFen) },
    { account: 'payer_due', amountFen: attempt.netFen },
  ],
});

/** Nothing is due to the payer any more. */
const returned = (attempt: Attempt, nowMs: number): PaidTwiceJournal => ({
  kind: 'paid-twice-back',
  idemKey: `paid-twice-back:${attempt.orderId}:${attempt.attempt}`,
  eventAtMs: nowMs,
  legs: [
    { account: 'payer_due', amountFen: negateFen(attempt.netFen) },
    { account: 'channel_clearing', amountFen: attempt.netFen },
  ],
});

/**
 * What the channel took is the merchant's. Bills find the charge by this key
 * (reconciliation/store-rows.ts).
 */
export const keptByMerchant = (attempt: Attempt, nowMs: number): PaidTwiceJournal => ({
  kind: 'paid-twice-kept',
  idemKey: `kept:${attempt.orderId}`,
  eventAtMs: nowMs,
  legs: [
    { account: 'channel_clearing', amountFen: negateFen(attempt.netFen) },
    { account: 'merchant_payable', amountFen: attempt.netFen },
  ],
});

/**
 * Since when this charge is on its way back because two people said so; undefined when it is not.
 */
export async function returningSinceMs(tx: Tx, key: AttemptKey): Promise<number | undefined> {
  const { rows } = await tx.execute<{ since_ms: number }>(sql`
    select decided_at_ms as since_ms from paid_twice
     where ${keyIs(key)} and verdict = 'give-back' and ended_at_ms is null`);
  return rows[0]?.since_ms;
}

/**
 * A channel that holds charges for splitting is told to let go of one that is the merchant's own.
 * Answers the journals that hold the amount.
 */
export type InstructKept = (
  tx: Tx,
  kept: { readonly attempt: Attempt; readonly nowMs: number },
) => Promise<readonly Journal[]>;

/**
 * The channel would not give it back, and people paid the customer by hand: what lies at the
 * channel is the merchant's, and the charge is paid again. No sale is booked: the one in the books
 * stands.
 */
export async function keepReturning(
  tx: Tx,
  instructKept: InstructKept,
  ended: {
    readonly attempt: Attempt;
    readonly progress: AttemptProgress;
    readonly nowMs: number;
  },
): Promise<void> {
  const { attempt, progress, nowMs } = ended;
  await saveProgress(tx, attempt, { progress, nowMs });
  await tx.execute(sql`update payment_attempt set book_state = 'kept' where ${keyIs(attempt)}`);
  await tx.execute(sql`
    update paid_twice set ended_at_ms = ${nowMs}, ended_as = 'paid' where ${keyIs(attempt)}`);
  const holds = await instructKept(tx, { attempt, nowMs });
  await postPaidTwice(tx, attempt, returned(attempt, nowMs));
  await postPaidTwice(tx, attempt, keptByMerchant(attempt, nowMs), holds);
}

const keyIs = ({ operatorId, orderId, attempt }: AttemptKey) =>
  sql`operator_id = ${operatorId} and order_id = ${orderId} and attempt = ${attempt}`;

/**
 * What went back of a line (alias l). The money of a till's refund has left the drawer, whatever the
 * books say: such a sum only grows.
 */
const refundedOf = sql`(select coalesce(sum(r.amount_fen), 0)::bigint from order_refund r
  where r.operator_id = l.operator_id and r.merchant_id = l.merchant_id
    and r.order_id = l.order_id and r.status <> 'failed')`;

/** What a proposal is made in view of: what went back of the other money so far, gross. */
export async function refundedSoFar(db: Db, key: AttemptKey): Promise<number> {
  const { rows } = await db.execute<{ fen: number }>(sql`
    select ${refundedOf} as fen from settlement_line l
     where l.operator_id = ${key.operatorId} and l.order_id = ${key.orderId}
       and l.merchant_id = (select merchant_id from payment_attempt where ${keyIs(key)})`);
  return rows[0]?.fen ?? 0;
}

/** The other money of an order, as the books have it. */
export interface OtherMoney {
  readonly source: string;
  /** Gross: net and vouchers together. */
  readonly amountFen: Fen;
  readonly netFen: Fen;
  readonly voucherFen: Fen;
  /** What went back of it, gross, also what the books have not heard of yet. */
  readonly refundedFen: Fen;
}

/**
 * Locks a charge's parked booking and the line that stands in its way; undefined when it was not
 * paid twice (any more).
 */
export async function lockPaidTwice(tx: Tx, attempt: Attempt): Promise<OtherMoney | undefined> {
  const { operatorId, merchantId, orderId } = attempt;
  const { rows } = await tx.execute<{
    source: string;
    amount_fen: number;
    net_fen: number;
    voucher_fen: number;
    refunded_fen: number;
  }>(sql`
    select source, amount_fen, net_fen, voucher_fen, ${refundedOf} as refunded_fen
      from settlement_line l
     where operator_id = ${operatorId} and merchant_id = ${merchantId} and order_id = ${orderId}
       and source <> 'channel'
       and exists (select from payment_attempt where ${keyIs(attempt)} and status = 'paid'
                      and kind = 'charge' and book_state = 'parked')
       for update of l`);
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    source: row.source,
    amountFen: fen(row.amount_fen),
    netFen: fen(row.net_fen),
    voucherFen: fen(row.voucher_fen),
    refundedFen: fen(row.refunded_fen),
  };
}

/** Writes down who decided what, and takes the charge out of what waits for the books. */
export async function savePaidTwice(
  tx: Tx,
  decided: {
    readonly attempt: Attempt;
    readonly verdict: PaidTwiceVerdict;
    /** What had gone back of the other money by now. */
    readonly backFen: Fen;
    readonly why: string;
    readonly proposedBy: PersonId;
    readonly agreedBy: PersonId;
    readonly nowMs: number;
  },
): Promise<void> {
  const { attempt, verdict, backFen, nowMs } = decided;
  const isKept = verdict !== 'give-back';
  await tx.execute(sql`
    insert into paid_twice (operator_id, merchant_id, order_id, attempt, verdict, amount_fen,
      back_fen, why, proposed_by, agreed_by, decided_at_ms, ended_at_ms, ended_as)
    values (${attempt.operatorId}, ${attempt.merchantId}, ${attempt.orderId}, ${attempt.attempt},
      ${verdict}, ${attempt.netFen}, ${backFen}, ${decided.why}, ${decided.proposedBy},
      ${decided.agreedBy}, ${nowMs}, ${isKept ? nowMs : null}::bigint, ${isKept ? 'paid' : null}::text)`);
  await tx.execute(sql`
    update payment_attempt set book_state = ${isKept ? 'kept' : 'none'}, book_error = null
     where ${keyIs(attempt)}`);
}

/** Are the vouchers of this charge spent for it, and for no sale in the books? */
export async function areVouchersSpent(tx: Tx, attempt: Attempt): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select from voucher_reservation where operator_id = ${attempt.operatorId}
       and order_id = ${attempt.orderId} and reservation_id = ${attempt.reservationId ?? ''}
       and state = 'committed'`);
  return rows.length > 0;
}
