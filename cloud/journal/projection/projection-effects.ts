import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { areRatesAgreed } from '#cloud/identity/merchant-rates.ts';
import type { OfflineAcceptance } from '#cloud/journal/projection/fold-entries.ts';
import type { KeptOrder } from '#cloud/orders/kept-order.ts';
import { findPaidAttempts } from '#cloud/journal/projection/paid-attempts.ts';
import type { ProjectionEffects } from '#cloud/journal/projection/project-journal.ts';
import { insertClaims } from '#cloud/members/order-claims.ts';
import { bookTillSales } from '#cloud/orders/book-till-sales.ts';
import { enqueueOfflineSettlement, lockSettlement } from '#cloud/payments/offline/store.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { takeTillRefund } from '#cloud/refunds/take-till-refunds.ts';
import { judgePromises } from '#cloud/promises/judge-promises.ts';

/** The real effects: books, claims, settlement of offline sales, and the cloud's own book of attempts. */
export const createProjectionEffects = (): ProjectionEffects => ({
  bookSales: bookTillSales,
  openClaims: (tx, opened) => insertClaims(tx, opened.map(claimOf)),
  enqueueOffline,
  takeRefund: takeTillRefund,
  judgePromises,
  findPaidAttempts,
});

/**
 * Queues an offline sale. Errors: concession-rate-invalid; order-contradicted (another shop's sale has this number:
 * whoever came first keeps it, and people look at the second).
 */
async function enqueueOffline(
  tx: Tx,
  acceptance: OfflineAcceptance,
  nowMs: number,
): Promise<Result<void, { type: 'concession-rate-invalid' | 'order-contradicted' }>> {
  const given = saleOf(acceptance);
  // A till judges a code by the cloud's time and writes its own clock's: one that runs ahead must not make it expire.
  const sale = { ...given, acceptedAtMs: Math.min(given.acceptedAtMs, nowMs) };
  if (!(await areRatesAgreed(tx, [{ ...sale, atMs: sale.acceptedAtMs }])))
    return err({ type: 'concession-rate-invalid' });
  const { queued } = await enqueueOfflineSettlement(tx, { ...sale, nowMs });
  if (queued) return ok(undefined);
  const standing = await lockSettlement(tx, sale);
  return standing?.merchantId === sale.merchantId
    ? ok(undefined)
    : err({ type: 'order-contradicted' });
}

const claimOf = ({ stream, order, claimHash }: KeptOrder) => ({
  operatorId: stream.operatorId,
  merchantId: stream.merchantId,
  orderId: order.orderId,
  claimHash,
});

const saleOf = ({ kept, fact, acceptedAtMs, isTimeTrusted, entry }: OfflineAcceptance) => ({
  operatorId: kept.stream.operatorId,
  merchantId: kept.stream.merchantId,
  terminalId: kept.stream.terminalId,
  orderId: kept.order.orderId,
  memberId: fact.memberId as MemberId,
  certificateId: fact.certificateId as CertificateId,
  code: fact.code,
  amountFen: kept.order.amountFen,
  concessionBp: kept.order.concessionBp,
  businessDate: kept.order.businessDate,
  cashier: kept.order.cashier,
  claimHash: kept.claimHash,
  acceptedAtMs,
  isTimeTrusted,
  entry,
  capsVersion: fact.capsVersion,
});
