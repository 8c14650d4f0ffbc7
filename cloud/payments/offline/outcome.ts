import { sql } from 'drizzle-orm';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { decodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import { fen, fenOfYuan, zeroFen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { lastContactMs } from '#cloud/identity/terminal-contact.ts';
import { frozenSince } from '#cloud/review/frozen-member.ts';
import { appendResult } from '#cloud/orders/results.ts';
import { isOrderInHand } from '#cloud/payments/attempt-store.ts';
import { book, type Ended } from '#cloud/payments/booking/book-attempt.ts';
import { capsOf } from '#cloud/payments/offline/caps.ts';
import { bookLoss, decideLoss, type Loss, type LossCause } from '#cloud/payments/offline/loss.ts';
import {
  lockSettlement,
  saveLoss,
  saveParked,
  saveSettlement,
} from '#cloud/payments/offline/store.ts';
import type { OfflineSettlement } from '#cloud/payments/offline/sale.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { Tx } from '#cloud/platform/db.ts';

/**
 * Debits tried for one offline sale before it becomes an exception. Each has a number of its own.
 */
export const debitAttemptsMax = 5;

/**
 * Failures of ours or of the line, not of the member: worth another try later, under a new number.
 */
const worthAnotherTry: ReadonlySet<ErrorCode> = new Set([
  'channel-closed',
  'channel-unreachable',
  'order-number-closed',
]);

/** What the end of a withholding does to the offline sale it was for, in the same transaction. */
export async function concludeWithholding(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers' | 'timing'>,
  { attempt, nowMs }: Ended,
): Promise<void> {
  const sale = await lockSettlement(tx, attempt);
  assert(sale !== undefined, () => `a withholding without an offline sale: ${attempt.orderId}`);
  const { status, code } = attempt.progress;
  // An old number that ends a second time, because money was found late and went back, decides
  // nothing any more.
  if (sale.state !== 'debiting' || (await isOrderInHand(tx, attempt))) return;
  if (status === 'paid') {
    await book(tx, deps, [{ attempt, nowMs }]);
    const { voucherFen, netFen: debitFen } = attempt;
    await saveSettlement(tx, sale, { state: 'settled', voucherFen, debitFen, settledAtMs: nowMs });
    await appendResult(tx, {
      operatorId: sale.operatorId,
      terminalId: sale.terminalId,
      resultKey: `offline:${sale.orderId}:settled`,
      result: {
        orderId: sale.orderId,
        result: 'settled',
        voucherFen,
        debitFen,
        channel: attempt.channel,
        atMs: nowMs,
        ...(attempt.progress.channelRef === undefined
          ? {}
          : { channelRef: attempt.progress.channelRef }),
      },
    });
    return;
  }
  const mayTryAgain =
    status === 'reversed' ||
    status === 'refunded-late' ||
    (code !== undefined && worthAnotherTry.has(code));
  if (mayTryAgain && sale.debitAttempt < debitAttemptsMax) {
    const pauses = deps.timing.janitorPausesMs;
    const pauseMs = pauses[Math.min(sale.debitAttempt, pauses.length) - 1] ?? 0;
    await giveVouchersBack(tx, deps, sale, nowMs);
    await saveSettlement(tx, sale, {
      state: 'queued',
      voucherFen: zeroFen,
      reservationId: undefined,
      nextAtMs: nowMs + pauseMs,
    });
    return;
  }
  const rivalOrderId = await overspentWith(tx, sale);
  await failSettlement(tx, deps, {
    sale,
    nowMs,
    state: 'debit-failed',
    code: rivalOrderId === undefined ? 'withholding-failed' : 'member-overspent',
    cause: await whyNotDebited(tx, sale),
    rivalOrderId,
  });
}

/**
 * A member whose account is held owes what he bought: the platform pays the shop for him inside the
 * caps and has it as his debt, not as a loss of its own. A till that could know of the freeze took
 * the code at its own risk.
 */
export async function whyNotDebited(tx: Tx, sale: OfflineSettlement): Promise<LossCause> {
  const sinceMs = await frozenSince(tx, sale);
  if (sinceMs === undefined) return 'not-debited';
  const contactMs = await lastContactMs(tx, { ...sale, atMs: sale.acceptedAtMs });
  const couldKnow = contactMs === undefined || contactMs >= sinceMs;
  return sale.acceptedAtMs >= sinceMs && couldKnow ? 'untrusted' : 'frozen';
}

/**
 * The last sale of the same certificate in another shop, when all of them together are above what
 * the platform allowed the member in one window; undefined when this sale failed for itself.
 */
async function overspentWith(tx: Tx, sale: OfflineSettlement): Promise<OrderId | undefined> {
  const read = decodeTwoLayerCode(sale.code);
  if (!read.ok) return undefined;
  const capFen = fenOfYuan(read.value.certificate.fields.windowCapYuan);
  const { rows } = await tx.execute<{ order_id: OrderId; sum_fen: number }>(sql`
    select order_id, (sum(amount_fen) over ())::bigint as sum_fen from offline_settlement
     where operator_id = ${sale.operatorId} and certificate_id = ${sale.certificateId}
       and order_id <> ${sale.orderId} and merchant_id <> ${sale.merchantId}
       and state <> 'duplicate'
     order by accepted_at_ms desc, order_id desc limit 1`);
  const other = rows[0];
  return other !== undefined && sale.amountFen + other.sum_fen > capFen
    ? other.order_id
    : undefined;
}

/**
 * Makes an offline sale an exception: for the till, and for the list that people work through.
 * Decides who bears what was lost, and pays the merchant what the platform answers for.
 */
export async function failSettlement(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers'>,
  failure: {
    readonly sale: OfflineSettlement;
    readonly nowMs: number;
    readonly state: 'debit-failed' | 'duplicate';
    readonly code: ErrorCode;
    /** Undefined: nothing was lost, because the order was paid otherwise. */
    readonly cause: LossCause | undefined;
    /** The other sale that is evidence. */
    readonly rivalOrderId?: OrderId | undefined;
  },
): Promise<void> {
  const { sale, nowMs, state, code, cause, rivalOrderId } = failure;
  await giveVouchersBack(tx, deps, sale, nowMs);
  await saveSettlement(tx, sale, {
    state,
    code,
    voucherFen: zeroFen,
    reservationId: undefined,
    settledAtMs: nowMs,
  });
  const loss = cause === undefined ? undefined : await lossOf(tx, sale, cause);
  if (loss !== undefined) {
    await saveLoss(tx, sale, { ...loss, rivalOrderId });
    const booked = await bookLoss(tx, { sale, loss, nowMs });
    if (!booked.ok) await saveParked(tx, sale, booked.error);
  }
  await appendResult(tx, {
    operatorId: sale.operatorId,
    terminalId: sale.terminalId,
    resultKey: `offline:${sale.orderId}:${state}`,
    result: { orderId: sale.orderId, result: state, code, ...loss, atMs: nowMs },
  });
}

async function lossOf(tx: Tx, sale: OfflineSettlement, cause: LossCause): Promise<Loss> {
  const caps = await capsOf(tx, sale);
  const guaranteedFen = fen(caps?.guaranteedFen ?? caps?.perPaymentFen ?? 0);
  const { amountFen, overCaps } = sale;
  return decideLoss({ cause, amountFen, guaranteedFen, isInsideCaps: overCaps === undefined });
}

async function giveVouchersBack(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers'>,
  sale: OfflineSettlement,
  nowMs: number,
): Promise<void> {
  const { operatorId, orderId, reservationId } = sale;
  if (reservationId !== undefined)
    await deps.vouchers.release(tx, { operatorId, orderId, reservationId, nowMs });
}
