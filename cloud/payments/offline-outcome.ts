import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { zeroFen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { appendResult } from '#cloud/orders/results.ts';
import { isOrderInHand } from '#cloud/payments/attempt-store.ts';
import { book, type Ended } from '#cloud/payments/book-attempt.ts';
import {
  lockSettlement,
  saveSettlement,
  type OfflineSettlement,
} from '#cloud/payments/offline-store.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** Debits tried for one offline sale before it becomes an exception. Each has a number of its own. */
export const debitAttemptsMax = 5;

/** Failures of ours or of the line, not of the member: worth another try later, under a new number. */
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
  // An old number that ends a second time, because money was found late and went back, decides nothing any more.
  if (sale.state !== 'debiting' || (await isOrderInHand(tx, attempt))) return;
  if (status === 'paid') {
    await book(tx, deps, { attempt, nowMs });
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
  await failSettlement(tx, deps, {
    sale,
    nowMs,
    state: 'debit-failed',
    code: 'withholding-failed',
  });
}

/** Makes an offline sale an exception: for the till, and for the list that people work through. */
export async function failSettlement(
  tx: Tx,
  deps: Pick<PaymentDeps, 'vouchers'>,
  failure: {
    readonly sale: OfflineSettlement;
    readonly nowMs: number;
    readonly state: 'debit-failed' | 'duplicate';
    readonly code: ErrorCode;
  },
): Promise<void> {
  const { sale, nowMs, state, code } = failure;
  await giveVouchersBack(tx, deps, sale, nowMs);
  await saveSettlement(tx, sale, {
    state,
    code,
    voucherFen: zeroFen,
    reservationId: undefined,
    settledAtMs: nowMs,
  });
  await appendResult(tx, {
    operatorId: sale.operatorId,
    terminalId: sale.terminalId,
    resultKey: `offline:${sale.orderId}:${state}`,
    result: { orderId: sale.orderId, result: state, code, atMs: nowMs },
  });
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
