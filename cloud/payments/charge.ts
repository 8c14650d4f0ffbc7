import { subsidyMaxFen } from '#cloud/channel/channel-money.ts';
import { namedMember } from '#cloud/members/named-member.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { outTradeNo, type MemberId, type OrderId } from '#shared/ids/ids.ts';
import { fen, subtractFen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Charge, ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { TerminalIdentity } from '#cloud/identity/terminal-identity.ts';
import { judgeOrder } from '#cloud/orders/book-paid-orders.ts';
import { moveTo } from '#cloud/payments/apply-learned.ts';
import {
  chargeView,
  type Attempt,
  type AttemptFacts,
  type AttemptKey,
} from '#cloud/payments/attempt.ts';
import {
  attemptInsertion,
  attemptInsertionValues,
  findAttempt,
  lockAttempt,
} from '#cloud/payments/attempt-store.ts';
import { paidOrderOf } from '#cloud/payments/booking/book-attempt.ts';
import { callChannel } from '#cloud/payments/call-channel.ts';
import { lookForCharge, obstacleOfOrder, type ChargeLook } from '#cloud/payments/charge-look.ts';
import { contentHashOf, timingAt, type PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { askCancel, beginAttempt } from '#cloud/payments/payment-machine.ts';
import {
  quotaReservationOrEnd,
  quotaReservationValues,
} from '#cloud/payments/routing/channel-quota.ts';
import {
  boundChannel,
  chooseAmong,
  type Chosen,
  type RouteRequest,
} from '#cloud/payments/routing/route-and-reserve.ts';
import { refusalOf, type RouteDecision } from '#cloud/payments/routing/route-charge.ts';
import { saleOf } from '#cloud/payments/booking/sale-review.ts';
import { lockOrderNumber, sealAttempt } from '#cloud/payments/sealed-attempts.ts';
import { isRefusedFor, type Line, type Statement } from '#cloud/platform/db.ts';
import { retried, retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { pointsConfigOf } from '#cloud/points/points-config-store.ts';
import { stopsAnything } from '#cloud/review/review-rules.ts';
import { reviewRulesOf, rulesThatStop } from '#cloud/review/review-store.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

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
 * Starts one attempt and answers with where it stands after the channel answered or the read
 * timeout passed. The attempt, its channel and its first call are durable before the first byte
 * leaves; the payment code lives only in this call. Repeating the same request returns the stored
 * attempt and charges nothing.
 */
export async function startCharge(
  deps: PaymentDeps,
  till: TillIdentity,
  request: ChargeRequest,
): Promise<Result<Charge, ChargeRefused>> {
  const prepared = await prepare(deps, till, request);
  if (!prepared.ok) return prepared;
  const { attempt, callNo } = prepared.value;
  if (callNo === undefined) return ok(await shown(deps, attempt));
  const { authCode, wallet } = request;
  const charged = await callChannel(deps, attempt, { type: 'charge', authCode, wallet, callNo });
  return ok(await shown(deps, charged ?? attempt));
}

/** Where an attempt stands, as far as the cloud knows. */
export async function readCharge(
  deps: PaymentDeps,
  till: TillIdentity,
  key: AttemptKey,
): Promise<Result<Charge, ChargeRefused>> {
  const attempt = await findAttempt(deps.db, key);
  return attempt !== undefined && isOf(attempt, till)
    ? ok(await shown(deps, attempt))
    : refused('charge-not-found');
}

/**
 * A cancel request of the cashier: from here on money that is found goes back. A definite result
 * stays. A charge that has not come is answered charge-not-found, and never will be: its number is
 * closed.
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

/** An attempt with whose sale it is, once the money is there. */
const shown = async (deps: PaymentDeps, attempt: Attempt): Promise<Charge> =>
  chargeView(
    attempt,
    deps.timing,
    attempt.progress.status === 'paid' ? await namedMember(deps.db, attempt) : undefined,
  );

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
  const lost = new Set<string>();
  for (;;)
    try {
      // Whatever was reserved on the way to a refusal is undone with the transaction.
      return await retried(() =>
        deps.db.swift((line) => begin(line, deps, { till, request, contentHash, lost })),
      );
    } catch (cause) {
      // The number is another shop's, or a withholding of the order has just begun.
      if (isRefusedFor(cause, 'attempt')) return refused('attempt-in-flight');
      if (!(cause instanceof LostRace)) throw cause;
      // Each turn rules one channel out; when all are, the decision is a refusal.
      lost.add(cause.channel);
    }
}

/**
 * Another till took the last of a channel's quota between the choice and the end of the
 * transaction.
 */
class LostRace extends Error {
  readonly channel: string;
  constructor(channel: string) {
    super(channel);
    this.channel = channel;
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

interface ChargeToBegin {
  readonly till: TillIdentity;
  readonly request: ChargeRequest;
  readonly contentHash: string;
  /** Channels whose quota went to other tills meanwhile. */
  readonly lost: ReadonlySet<string>;
}

/**
 * Looks, decides, writes: two round trips, unless vouchers or an operator's own rules ask for more.
 */
async function begin(
  line: Line,
  deps: PaymentDeps,
  charge: ChargeToBegin,
): Promise<Result<Prepared, ChargeRefused>> {
  const { till, request, lost } = charge;
  const nowMs = deps.clock.nowMs();
  const quotaDate = accountingDate(nowMs);
  const { attempt: number, wallet, concessionBp } = request;
  const netFen = subtractFen(fen(request.amountFen), fen(request.voucherFen));
  const orderId = request.orderId as OrderId;
  const route = { ...till, orderId, attempt: number, wallet, netFen, quotaDate };
  const look = await lookForCharge(line, { route, concessionBp, rulesDay: quotaDate, nowMs });
  const known = look.attempts.find((one) => one.attempt === number);
  if (known !== undefined) return sameAs(known, till, charge.contentHash);
  if (netFen <= 0) return refused('voucher-reservation-invalid');
  const bound = number === 1 ? undefined : await boundChannel(line.tx, route, deps);
  const { decision, chosen } = chooseAmong(look.open, route, { ...deps, nowMs, lost, bound });
  if (chosen === undefined) return refused(refusalOf(decision));
  const facts = factsOf(charge, { route, chosen, decision, look });
  const progress = beginAttempt({ pace: wallet, submittedAtMs: nowMs }, deps.timing);
  const attempt: Attempt = { ...facts, progress, holdsQuota: true };
  const obstacle = obstacleOfOrder(look, attempt) ?? (await obstacleOfSale(line, look, attempt));
  if (obstacle !== undefined) return refused(obstacle);
  if (!(await pinVouchers(line, deps, attempt))) return refused('voucher-reservation-invalid');
  await writeNew(line, { attempt, chosen });
  deps.health.took({ channel: chosen.channel, merchantId: till.merchantId }, nowMs);
  return ok({ attempt, callNo: firstCallNo });
}

function factsOf(
  { till, request, contentHash }: ChargeToBegin,
  made: {
    readonly route: RouteRequest;
    readonly chosen: Chosen;
    readonly decision: RouteDecision;
    readonly look: ChargeLook;
  },
): AttemptFacts {
  const { route, chosen, decision, look } = made;
  const voucherFen = fen(request.voucherFen);
  const isSubsidised = look.facts.subsidising?.includes(chosen.channel) === true;
  return {
    operatorId: till.operatorId,
    merchantId: till.merchantId,
    terminalId: till.terminalId,
    orderId: route.orderId,
    attempt: route.attempt,
    kind: 'charge',
    channel: chosen.channel,
    channelMerchantNo: chosen.channelMerchantNo,
    outTradeNo: outTradeNo(route.orderId, route.attempt),
    wallet: request.wallet,
    amountFen: fen(request.amountFen),
    voucherFen,
    netFen: route.netFen,
    // One above the limit no channel subsidises at all: people do.
    subsidyMarkFen:
      isSubsidised && voucherFen > 0 && voucherFen <= subsidyMaxFen ? voucherFen : undefined,
    reservationId: request.reservationId,
    concessionBp: basisPoints(request.concessionBp),
    businessDate: request.businessDate,
    cashier: request.cashier,
    memberId: request.memberId as MemberId | undefined,
    claimHash: undefined,
    openedAtMs: request.openedAtMs,
    contentHash,
    route: decision,
    quotaDate: route.quotaDate,
    network: till.network,
  };
}

/** What the operator's rules say against this sale. */
async function obstacleOfSale(
  line: Line,
  { facts }: ChargeLook,
  attempt: Attempt,
): Promise<ChargeRefused['code'] | undefined> {
  const rules = reviewRulesOf(facts.rules);
  if (stopsAnything(rules)) {
    const stops = await rulesThatStop(line.tx, saleOf(attempt, undefined), rules);
    if (stops.length > 0) return 'sale-stopped-by-rule';
  }
  if (!facts.is_rate_agreed) return 'concession-rate-invalid';
  // What the books will refuse must not be paid first: more vouchers than the share cap allows.
  const order = paidOrderOf(attempt, attempt.progress.submittedAtMs);
  const config = pointsConfigOf(facts.points ?? undefined);
  const sameDayBp = facts.same_day_bp ?? undefined;
  return judgeOrder(order, { config, sameDayBp }).ok ? undefined : 'voucher-reservation-invalid';
}

/**
 * The attempt, its first call and its part of the quotas: the last of these ends the transaction
 * when there is no room.
 */
async function writeNew(
  line: Line,
  { attempt, chosen }: { readonly attempt: Attempt; readonly chosen: Chosen },
): Promise<void> {
  try {
    await Promise.all([
      line.ask(attemptWithCall, attemptInsertionValues(attempt)),
      // Every charge of a shop meets in its quota's rows: last, so that they are held for a moment,
      // and no two orders of locking make a deadlock.
      line.ask(quotaReservationOrEnd, quotaReservationValues(attempt, chosen.limit)),
      line.commit(),
    ]);
  } catch (cause) {
    if (isRefusedFor(cause, 'quota')) throw new LostRace(chosen.channel);
    throw cause;
  }
}

const firstCallNo = 1;

/** Ends the transaction (`attempt`) when the number is taken or another attempt is in flight. */
const attemptWithCall: Statement = {
  name: 'attempt-with-call',
  text: `
    with made as (${attemptInsertion.text}),
    called as (
      insert into payment_call (operator_id, merchant_id, order_id, attempt, call_no, kind, sent_at_ms)
      select operator_id, merchant_id, order_id, attempt, ${firstCallNo}, kind, submitted_at_ms
        from made)
    select refuse_unless(exists (select from made), 'attempt')`,
};

/**
 * A charge with vouchers must name the reservation that holds exactly them; one without must name
 * none.
 */
async function pinVouchers(line: Line, deps: PaymentDeps, attempt: Attempt): Promise<boolean> {
  const { operatorId, orderId, memberId, reservationId, voucherFen } = attempt;
  if (voucherFen === 0) return reservationId === undefined;
  if (reservationId === undefined || memberId === undefined) return false;
  const nowMs = deps.clock.nowMs();
  const held = { operatorId, orderId, memberId, reservationId, voucherFen, nowMs };
  return await deps.vouchers.pin(line.tx, held);
}
