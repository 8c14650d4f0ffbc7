import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { attemptMax, outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import {
  genuineMemberCode,
  momentToleranceMs,
  type GenuineCode,
  type IssuerKey,
} from '#shared/member/verify-member-code.ts';
import { fenOfYuan, subtractFen, zeroFen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { verifyEd25519 } from '#cloud/members/member-codes.ts';
import type { Attempt } from '#cloud/payments/attempt.ts';
import { insertAttempt } from '#cloud/payments/attempt-store.ts';
import { recordCall } from '#cloud/payments/call-store.ts';
import { callChannel } from '#cloud/payments/call-channel.ts';
import { routeAndReserve } from '#cloud/payments/routing/route-and-reserve.ts';
import { lastContactMs } from '#cloud/identity/terminal-contact.ts';
import { capsGoneOver } from '#cloud/payments/offline/caps.ts';
import type { LossCause } from '#cloud/payments/offline/loss.ts';
import { failSettlement, whyNotDebited } from '#cloud/payments/offline/outcome.ts';
import {
  claimShowing,
  lockDueSettlement,
  lockSettlement,
  saveSettlement,
  saveOverCaps,
  saveParked,
  saveVoucherRefusal,
  stopClonedDevice,
  stoppedSince,
} from '#cloud/payments/offline/store.ts';
import type { OfflineSettlement } from '#cloud/payments/offline/sale.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import { beginAttempt } from '#cloud/payments/payment-machine.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { refusalOf } from '#cloud/payments/routing/route-charge.ts';
import { isTransient } from '#cloud/platform/database-error.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';

export interface OfflineSettlementDeps extends PaymentDeps {
  /**
   * Keys that sign member codes: the cloud believes what a till accepted only after checking it
   * again.
   */
  readonly issuerKeys: readonly IssuerKey[];
}

const idleMs = 500;
/** A channel that is away, or whose day quota is used up, is tried again after this… */
const waitForChannelMs = 600_000;
/** …until the sale is so old: then people look at it. */
const waitForChannelMsMax = 3 * 86_400_000;
/** A parked sale is tried again after this. */
const parkedMs = 600_000;

/** Turns offline sales into money: `enqueueOfflineSettlement` (store.ts) puts them here. */
export const startOfflineSettlementWorker = (deps: OfflineSettlementDeps): WorkerLoop =>
  startWorkerLoop({
    name: 'offline-settlement',
    idleMs,
    logger: deps.logger,
    scope: { type: 'across', work: 'offline-settlement' },
    step: () => settleOfflineOnce(deps),
  });

/**
 * Takes one queued sale that is due: the code's signature and revocation, its single use, the
 * member's vouchers up to the share cap, then a withholding for the rest. Everything is decided and
 * durable before the debit leaves; how the debit ends is followed by the payment worker and
 * concluded in outcome.ts. Returns 1, or 0 when idle.
 */
export async function settleOfflineOnce(deps: OfflineSettlementDeps): Promise<number> {
  const nowMs = deps.clock.nowMs();
  let due: SettlementKey | undefined;
  let step: Step | undefined;
  try {
    step = await retriedTransaction(deps.db, async (tx) => {
      due = await lockDueSettlement(tx, nowMs);
      const taken = due && (await lockSettlement(tx, due));
      return taken && (await prepareDebit(tx, deps, { taken, nowMs }));
    });
  } catch (error) {
    if (due === undefined || isTransient(error)) throw error;
    await park(deps, { sale: due, error, nowMs });
    return 1;
  }
  if (step === undefined) return 0;
  if (step.debit === undefined) deps.hints.pull(step.sale);
  else await callChannel(deps, step.debit.attempt, { type: 'withhold', callNo: step.debit.callNo });
  return 1;
}

type SettlementKey = Pick<OfflineSettlement, 'operatorId' | 'orderId'>;

interface Step {
  readonly sale: OfflineSettlement;
  /** Undefined when the sale ended without a debit. */
  readonly debit: { readonly attempt: Attempt; readonly callNo: number } | undefined;
}

/**
 * One sale that breaks a rule of ours, or whose row cannot be read, must not keep the others from
 * their money: it is put aside with the reason, for people, and tried again later in case the fault
 * is mended.
 */
async function park(
  { db, logger }: OfflineSettlementDeps,
  parked: { readonly sale: SettlementKey; readonly error: unknown; readonly nowMs: number },
): Promise<void> {
  const { sale, error, nowMs } = parked;
  logger.error({ err: error, orderId: sale.orderId }, 'an offline sale is parked');
  const reason = error instanceof Error ? error.message : String(error);
  await db.transaction((tx) => saveParked(tx, sale, reason, nowMs + parkedMs));
}

async function prepareDebit(
  tx: Tx,
  deps: OfflineSettlementDeps,
  { taken, nowMs }: { readonly taken: OfflineSettlement; readonly nowMs: number },
): Promise<Step> {
  let sale = taken;
  const fail = async (failure: Failure): Promise<Step> => {
    await failSettlement(tx, deps, { sale, nowMs, ...failure });
    return { sale, debit: undefined };
  };
  const genuine = genuineMemberCode({ ...sale, keys: deps.issuerKeys, verify: verifyEd25519 });
  if (!genuine.ok)
    return await fail({ state: 'debit-failed', code: 'member-code-invalid', cause: 'untrusted' });
  const overCaps = await capsGoneOver(tx, taken, genuine.value);
  await saveOverCaps(tx, taken, overCaps);
  sale = { ...taken, overCaps };
  const judged = await judgeCode(tx, sale, genuine.value);
  if (!judged.ok) return await fail({ state: 'debit-failed', ...judged.error });
  const chargeIs = await chargeOf(tx, sale);
  if (chargeIs === 'paid')
    return await fail({ state: 'duplicate', code: 'order-already-paid', cause: undefined });
  if (chargeIs === 'in-flight') {
    await saveSettlement(tx, sale, {
      state: 'queued',
      nextAtMs: nowMs + deps.timing.janitorPausesMs[0]!,
    });
    return { sale, debit: undefined };
  }
  const rivalOrderId = await claimShowing(tx, { ...sale, nowMs });
  if (rivalOrderId !== undefined)
    return await fail({
      ...(await doubleSpent(tx, { sale, rivalOrderId, code: genuine.value, nowMs })),
      rivalOrderId,
    });
  const debit = await beginDebit(tx, deps, { sale, nowMs });
  if (debit.ok) return { sale, debit: debit.value };
  const healsByItself =
    debit.error === 'channel-unreachable' || debit.error === 'channel-quota-reached';
  if (!healsByItself || nowMs - sale.acceptedAtMs > waitForChannelMsMax)
    return await fail({
      state: 'debit-failed',
      code: debit.error,
      cause: await whyNotDebited(tx, sale),
    });
  await saveSettlement(tx, sale, { state: 'queued', nextAtMs: nowMs + waitForChannelMs });
  return { sale, debit: undefined };
}

interface Failure {
  readonly state: 'debit-failed' | 'duplicate';
  readonly code: ErrorCode;
  readonly cause: LossCause | undefined;
  readonly rivalOrderId?: OrderId;
}

/**
 * The till's time may have been bent to ours when it ran ahead: what its code says is judged with
 * so much more patience.
 */
const bentTimeMs = 60_000;

const untrusted = (reason: ErrorCode) => err({ code: reason, cause: 'untrusted' as const });

/**
 * Is a genuine code about this member and certificate, was it good when the till took it, and is
 * the sum within what the code itself allows? A till that keeps to its rules never sends more; one
 * that does not debits nobody with it.
 */
async function judgeCode(
  tx: Tx,
  sale: OfflineSettlement,
  code: GenuineCode,
): Promise<Result<void, Omit<Failure, 'state'>>> {
  const { memberId, certificateId, scope, moment } = code;
  if (memberId !== sale.memberId || certificateId !== sale.certificateId || scope !== 0)
    return untrusted('member-code-invalid');
  if (sale.acceptedAtMs > code.notAfterSeconds * 1_000) return untrusted('member-code-expired');
  if (moment !== undefined) {
    const skewMs = Math.abs(moment.timeSeconds * 1_000 - sale.acceptedAtMs);
    if (skewMs > momentToleranceMs + bentTimeMs) return untrusted('member-code-stale');
  }
  const stoppedAtMs = await stoppedSince(tx, sale);
  if (stoppedAtMs !== undefined) {
    const contactMs = await lastContactMs(tx, { ...sale, atMs: sale.acceptedAtMs });
    const couldKnow = contactMs === undefined || contactMs >= stoppedAtMs;
    return err({ code: 'member-code-revoked', cause: couldKnow ? 'untrusted' : 'stopped' });
  }
  return sale.amountFen <= fenOfYuan(code.paymentCapYuan)
    ? ok(undefined)
    : untrusted('offline-payment-limit');
}

/**
 * One showing of a code paid two orders. Two tills of one shop did it themselves; of two shops, the
 * form of code says who.
 */
async function doubleSpent(
  tx: Tx,
  spent: {
    readonly sale: OfflineSettlement;
    readonly rivalOrderId: OrderId;
    readonly code: GenuineCode;
    readonly nowMs: number;
  },
): Promise<Failure> {
  const { sale, rivalOrderId, code, nowMs } = spent;
  const { operatorId, certificateId } = sale;
  const rival = await lockSettlement(tx, { operatorId, orderId: rivalOrderId });
  const duplicate = { state: 'duplicate' as const, code: 'member-code-used' as const };
  if (rival?.merchantId === sale.merchantId) return { ...duplicate, cause: 'own-tills' };
  const { devicePublicKey } = code;
  if (devicePublicKey === undefined) return { ...duplicate, cause: 'replayed' };
  await stopClonedDevice(tx, { operatorId, certificateId, devicePublicKey, nowMs });
  return { state: 'duplicate', code: 'member-code-cloned', cause: 'cloned' };
}

async function beginDebit(
  tx: Tx,
  deps: OfflineSettlementDeps,
  { sale, nowMs }: { readonly sale: OfflineSettlement; readonly nowMs: number },
): Promise<Result<{ attempt: Attempt; callNo: number }, ErrorCode>> {
  const { operatorId, merchantId, terminalId, orderId } = sale;
  const quotaDate = accountingDate(nowMs);
  const asked = await deps.vouchers.reserve(tx, { ...sale, nowMs });
  if (asked !== undefined && 'refused' in asked) await saveVoucherRefusal(tx, sale, asked.refused);
  const reserved = asked !== undefined && 'reservationId' in asked ? asked : undefined;
  const voucherFen = reserved?.voucherFen ?? zeroFen;
  const netFen = subtractFen(sale.amountFen, voucherFen);
  assert(netFen > 0, () => `vouchers of ${voucherFen} fen leave nothing of order ${orderId}`);
  const number = await nextAttemptNumber(tx, sale);
  const order = { operatorId, merchantId, terminalId, orderId, attempt: number };
  const routed = await routeAndReserve(
    tx,
    { ...order, wallet: undefined, netFen, quotaDate },
    { ...deps, nowMs },
  );
  if (routed.taken === undefined || number > attemptMax) {
    if (reserved !== undefined)
      await deps.vouchers.release(tx, {
        operatorId,
        orderId,
        reservationId: reserved.reservationId,
        nowMs,
      });
    if (number > attemptMax) return err('attempts-exhausted');
    return err(refusalOf(routed.decision));
  }
  const attempt: Attempt = {
    ...factsOfSale(sale),
    attempt: number,
    ...routed.taken,
    outTradeNo: outTradeNo(orderId, number),
    voucherFen,
    netFen,
    reservationId: reserved?.reservationId,
    contentHash: createHash('sha256').update(`${orderId} ${number} ${netFen}`).digest('hex'),
    route: routed.decision,
    quotaDate,
    progress: beginAttempt({ pace: 'withholding', submittedAtMs: nowMs }, deps.timing),
    holdsQuota: true,
  };
  const isNew = await insertAttempt(tx, attempt);
  assert(isNew, () => `attempt ${number} of ${orderId} is in flight already`);
  if (reserved !== undefined) {
    const { memberId } = sale;
    const { reservationId } = reserved;
    const part = { operatorId, orderId, memberId, reservationId, voucherFen, nowMs };
    const isPinned = await deps.vouchers.pin(tx, part);
    assert(isPinned, () => `a reservation of this moment is gone: ${reserved.reservationId}`);
  }
  const callNo = await recordCall(tx, attempt, { kind: 'withhold', nowMs });
  await saveSettlement(tx, sale, {
    state: 'debiting',
    voucherFen,
    reservationId: reserved?.reservationId,
    debitFen: netFen,
    debitAttempt: sale.debitAttempt + 1,
  });
  return ok({ attempt, callNo });
}

/** What the sale itself says of every attempt to debit it. */
const factsOfSale = (sale: OfflineSettlement) =>
  ({
    operatorId: sale.operatorId,
    merchantId: sale.merchantId,
    terminalId: sale.terminalId,
    orderId: sale.orderId,
    kind: 'withhold',
    wallet: undefined,
    amountFen: sale.amountFen,
    concessionBp: sale.concessionBp,
    businessDate: sale.businessDate,
    cashier: sale.cashier,
    memberId: sale.memberId,
    claimHash: sale.claimHash,
    openedAtMs: sale.acceptedAtMs,
  }) satisfies Partial<Attempt>;

/**
 * Did a scanned code pay this order already, or may it still? Then nothing is debited on top of it.
 */
async function chargeOf(tx: Tx, sale: OfflineSettlement): Promise<'paid' | 'in-flight' | 'none'> {
  const { rows } = await tx.execute<{ paid: boolean }>(sql`
    select bool_or(status = 'paid') as paid from payment_attempt
     where operator_id = ${sale.operatorId} and order_id = ${sale.orderId}
       and (status = 'paid' or in_flight) having count(*) > 0`);
  if (rows[0] === undefined) return 'none';
  return rows[0].paid ? 'paid' : 'in-flight';
}

/** The till may have tried a wallet under lower numbers of the same order. */
async function nextAttemptNumber(tx: Tx, sale: OfflineSettlement): Promise<number> {
  const { rows } = await tx.execute<{ last: number }>(sql`
    select coalesce(max(attempt), 0) as last from payment_attempt
     where operator_id = ${sale.operatorId} and order_id = ${sale.orderId}`);
  return (rows[0]?.last ?? 0) + 1;
}
