import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { ok } from '#shared/result/result.ts';
import type { KeptOrder, OfflineAcceptance } from '#cloud/journal/fold-entries.ts';
import { findPaidAttempts } from '#cloud/journal/paid-attempts.ts';
import type { ProjectionEffects } from '#cloud/journal/project-journal.ts';
import { insertClaims } from '#cloud/members/order-claims.ts';
import { bookCashSales } from '#cloud/orders/book-cash-sales.ts';
import { enqueueOfflineSettlement } from '#cloud/payments/offline-store.ts';

/** The real effects: books, claims, settlement of offline sales, and the cloud's own book of attempts. */
export const createProjectionEffects = (): ProjectionEffects => ({
  bookCash: bookCashSales,
  openClaims: (tx, opened) => insertClaims(tx, opened.map(claimOf)),
  enqueueOffline: async (tx, acceptance, nowMs) =>
    ok(await enqueueOfflineSettlement(tx, { ...saleOf(acceptance), nowMs })),
  findPaidAttempts,
});

const claimOf = ({ stream, order, claimHash }: KeptOrder) => ({
  operatorId: stream.operatorId,
  merchantId: stream.merchantId,
  orderId: order.orderId,
  claimHash,
});

const saleOf = ({ kept, fact, acceptedAtMs }: OfflineAcceptance) => ({
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
});
