import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { outTradeNo, type MemberId, type OrderId } from '#shared/ids/ids.ts';
import { fen, subtractFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Charge, ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import { areRatesAgreed } from '#cloud/identity/merchant-rates.ts';
import { judgeOrder } from '#cloud/orders/book-paid-orders.ts';
import { moveTo } from '#cloud/payments/apply-learned.ts';
import {
  chargeView,
  type Attempt,
  type AttemptFacts,
  type AttemptKey,
} from '#cloud/payments/attempt.ts';
import {
  findAttempt,
  insertAttempt,
  isOrderClosed,
  lockAttempt,
  recordCall,
} from '#cloud/payments/attempt-store.ts';
import { paidOrderOf } from '#cloud/payments/book-attempt.ts';
import { callChannel } from '#cloud/payments/call-channel.ts';
import { contentHashOf, timingAt, type PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { askCancel, beginAttempt } from '#cloud/payments/payment-machine.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { chooseChannel, reserveChosen } from '#cloud/payments/routing/route-and-reserve.ts';
import { refusalOf } from '#cloud/payments/routing/route-charge.ts';
import { saleOf } from '#cloud/payments/sale-review.ts';
import { isNumberClosed, lockOrderNumber, sealAttempt } from '#cloud/payments/sealed-attempts.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { rulesThatStop } from '#cloud/review/review-store.ts';

export type TillIdentity = Pick<TerminalIdentity, 'operatorId' | 'merchantId' | 'terminalId'> & {
  /** The first part of the address its request came from. */
  readonly network?: string | undefined;
};

/** Why no attempt was made. Nothing was sent to any channel. */
export interface ChargeRefused {
  readonly code: Extract<
    ErrorCode,
    | 'attempt-in-flight'
    | 'channel-quota-reached'
    | 'channel-unreachable'
    | 'charge-not-found'
    | 'concession-rate-invalid'
    | 'idempotency-mismatch'
    | 'no-channel'
    | 'order-already-paid'
    | 'order-number-closed'
    | 'sale-stopped-by-rule'
    | 'voucher-reservation-invalid'
  >;
}

const refused = (code: ChargeRefused['code']) => err<ChargeRefused>({ code });

/**
 * Starts one attempt and answers with where it stands after the channel answered or the read timeout passed. The
 * attempt, its channel and its first call are durable before the first byte leaves; the payment code lives only in
 * this call. Repeating the same request returns the stored attempt and charges nothing.
 */
export async function startCharge(
  deps: PaymentDeps,
  till: TillIdentity,
  request: ChargeRequest,
): Promise<Result<Charge, ChargeRefused>> {
  const prepared = await prepare(deps, till, request);
  if (!prepared.ok) return prepared;
  const { attempt, callNo } = prepared.value;
  if (callNo === undefined) return ok(chargeView(attempt, deps.timing));
  const { authCode, wallet } = request;
  const charged = await callChannel(deps, attempt, { type: 'charge', authCode, wallet, callNo });
  return ok(chargeView(charged ?? attempt, deps.timing));
}

/** Where an attempt stands, as far as the cloud knows. */
export async function readCharge(
  deps: PaymentDeps,
  till: TillIdentity,
  key: AttemptKey,
): Promise<Result<Charge, ChargeRefused>> {
  const attempt = await findAttempt(deps.db, key);
  return attempt !== undefined && isOf(attempt, till)
    ? ok(chargeView(attempt, deps.timing))
    : refused('charge-not-found');
}

/**
 * A cancel request of the cashier: from here on money that is found goes back. A definite result stays. A charge that
 * has not come is answered charge-not-found, and never will be: its number is closed.
 */
export async function cancelCharge(
  deps: PaymentDeps,
  till: TillIdentity,
  key: AttemptKey,
): Promise<Result<Charge, ChargeRefused>> {
  const nowMs = deps.clock.nowMs();
  return await retriedTransaction(deps.db, async (tx) => {
    await lockOrderNumber(tx, key);
    const attempt = await lockAttempt(tx, key);
    if (attempt === undefined) await sealAttempt(tx, { ...till, ...key }, nowMs);
    if (attempt === undefined || !isOf(attempt, till) || attempt.kind !== 'charge')
      return refused('charge-not-found');
    const progress = askCancel(attempt.progress, nowMs, timingAt(deps, attempt.channel));
    if (progress === attempt.progress) return ok(chargeView(attempt, deps.timing));
    return ok(chargeView(await moveTo(tx, deps, attempt, { progress, nowMs }), deps.timing));
  });
}

const isOf = (attempt: Attempt, till: TillIdentity): boolean =>
  attempt.merchantId === till.merchantId && attempt.terminalId === till.terminalId;

interface Prepared {
  readonly attempt: Attempt;
  /** Undefined when the attempt was there already and nothing may be sent. */
  readonly callNo: number | undefined;
}

async function prepare(
  deps: PaymentDeps,
  till: TillIdentity,
  request: ChargeRequest,
): Promise<Result<Prepared, ChargeRefused>> {
  const contentHash = contentHashOf(deps.contentKey, request);
  const key = {
    operatorId: till.operatorId,
    orderId: request.orderId as OrderId,
    attempt: request.attempt,
  };
  const known = await findAttempt(deps.db, key);
  if (known !== undefined) return sameAs(known, till, contentHash);
  if (request.voucherFen >= request.amountFen) return refused('voucher-reservation-invalid');
  const lost = new Set<string>();
  for (;;)
    try {
      return await retriedTransaction(deps.db, async (tx) => {
        const made = await insertNew(tx, deps, { till, request, contentHash, lost });
        // Whatever was reserved on the way to a refusal is undone with the transaction.
        if (!made.ok) throw new Refusal(made.error);
        return made;
      });
    } catch (cause) {
      if (cause instanceof LostRace) {
        // Each turn rules one channel out; when all are, the decision is a refusal.
        lost.add(cause.channel);
        continue;
      }
      if (!(cause instanceof Refusal)) throw cause;
      // A request that raced with its own repetition finds the other one's attempt.
      const twin = await findAttempt(deps.db, key);
      return twin === undefined ? err(cause.refused) : sameAs(twin, till, contentHash);
    }
}

/** Another till took the last of a channel's quota between the choice and the end of the transaction. */
class LostRace extends Error {
  readonly channel: string;
  constructor(channel: string) {
    super(channel);
    this.channel = channel;
  }
}

/** Carries a refusal out of a transaction, so that the transaction is rolled back. */
class Refusal extends Error {
  readonly refused: ChargeRefused;
  constructor(why: ChargeRefused) {
    super(why.code);
    this.refused = why;
  }
}

function sameAs(
  known: Attempt,
  till: TillIdentity,
  contentHash: string,
): Result<Prepared, ChargeRefused> {
  return isOf(known, till) && known.contentHash === contentHash
    ? ok({ attempt: known, callNo: undefined })
    : refused('idempotency-mismatch');
}

async function insertNew(
  tx: Tx,
  deps: PaymentDeps,
  charge: {
    readonly till: TillIdentity;
    readonly request: ChargeRequest;
    readonly contentHash: string;
    readonly lost: ReadonlySet<string>;
  },
): Promise<Result<Prepared, ChargeRefused>> {
  const { till, request, lost } = charge;
  const nowMs = deps.clock.nowMs();
  const netFen = subtractFen(fen(request.amountFen), fen(request.voucherFen));
  const quotaDate = accountingDate(nowMs);
  const { operatorId, merchantId } = till;
  const orderId = request.orderId as OrderId;
  await lockOrderNumber(tx, { operatorId, orderId });
  const { attempt: number, wallet } = request;
  const route = { ...till, orderId, attempt: number, wallet, netFen, quotaDate };
  const { decision, chosen } = await chooseChannel(tx, route, { ...deps, nowMs, lost });
  if (chosen === undefined) return refused(refusalOf(decision));
  const facts: AttemptFacts = {
    operatorId,
    merchantId,
    terminalId: till.terminalId,
    orderId,
    attempt: number,
    kind: 'charge',
    channel: chosen.channel,
    channelMerchantNo: chosen.channelMerchantNo,
    outTradeNo: outTradeNo(orderId, number),
    wallet,
    amountFen: fen(request.amountFen),
    voucherFen: fen(request.voucherFen),
    netFen,
    reservationId: request.reservationId,
    concessionBp: basisPoints(request.concessionBp),
    businessDate: request.businessDate,
    cashier: request.cashier,
    memberId: request.memberId as MemberId | undefined,
    claimHash: undefined,
    openedAtMs: request.openedAtMs,
    contentHash: charge.contentHash,
    route: decision,
    quotaDate,
    network: till.network,
  };
  const progress = beginAttempt({ pace: request.wallet, submittedAtMs: nowMs }, deps.timing);
  const attempt: Attempt = { ...facts, progress, holdsQuota: true };
  if (!(await insertAttempt(tx, attempt))) return refused('attempt-in-flight');
  if (await isOrderClosed(tx, attempt)) return refused('order-already-paid');
  if (await isNumberClosed(tx, attempt)) return refused('order-number-closed');
  if ((await rulesThatStop(tx, saleOf(attempt, undefined))).length > 0)
    return refused('sale-stopped-by-rule');
  if (!(await areRatesAgreed(tx, [{ ...attempt, atMs: nowMs }])))
    return refused('concession-rate-invalid');
  // What the books will refuse must not be paid first: more vouchers than the share cap allows.
  if (!(await judgeOrder(tx, paidOrderOf(attempt, nowMs))).ok)
    return refused('voucher-reservation-invalid');
  if (!(await pinVouchers(tx, deps, attempt))) return refused('voucher-reservation-invalid');
  const callNo = await recordCall(tx, attempt, { kind: 'charge', nowMs });
  if (!(await reserveChosen(tx, route, { chosen, deps: { ...deps, nowMs } })))
    throw new LostRace(chosen.channel);
  return ok({ attempt, callNo });
}

/** A charge with vouchers must name the reservation that holds exactly them; one without must name none. */
async function pinVouchers(tx: Tx, deps: PaymentDeps, attempt: Attempt): Promise<boolean> {
  const { operatorId, orderId, memberId, reservationId, voucherFen } = attempt;
  if (voucherFen === 0) return reservationId === undefined;
  if (reservationId === undefined || memberId === undefined) return false;
  const nowMs = deps.clock.nowMs();
  const held = { operatorId, orderId, memberId, reservationId, voucherFen, nowMs };
  return await deps.vouchers.pin(tx, held);
}
