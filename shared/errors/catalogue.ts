import { billErrors } from '#shared/errors/bill.ts';
import { boxErrors } from '#shared/errors/box.ts';
import { deviceErrors } from '#shared/errors/device.ts';
import { discoveryErrors } from '#shared/errors/discovery.ts';
import { goodsErrors } from '#shared/errors/goods.ts';
import { identityErrors } from '#shared/errors/identity.ts';
import { memberErrors } from '#shared/errors/members.ts';
import { moneyErrors } from '#shared/errors/money.ts';
import { offlineCodeErrors } from '#shared/errors/offline-codes.ts';
import { offlineErrors } from '#shared/errors/offline.ts';
import { ownerErrors } from '#shared/errors/owner.ts';
import { paymentErrors } from '#shared/errors/payment.ts';
import { pointsErrors } from '#shared/errors/points.ts';
import { policyErrors } from '#shared/errors/policy.ts';
import { promiseErrors } from '#shared/errors/promise.ts';
import { promotionErrors } from '#shared/errors/promotion.ts';
import { receiptErrors } from '#shared/errors/receipt.ts';
import { refundErrors } from '#shared/errors/refund.ts';
import { resolutionErrors } from '#shared/errors/resolution.ts';
import { scanErrors } from '#shared/errors/scan.ts';
import { storeErrors } from '#shared/errors/store.ts';
import { tillErrors } from '#shared/errors/till.ts';
import { wireErrors } from '#shared/errors/wire.ts';

/**
 * Every error code of the product: what it means, who acts, and whether trying again can help.
 * docs/errors.md is generated from this table; a test holds both equal.
 */
export const errorCatalogue = {
  ...moneyErrors,
  ...deviceErrors,
  ...discoveryErrors,
  ...boxErrors,
  ...receiptErrors,
  ...scanErrors,
  ...tillErrors,
  ...storeErrors,
  ...wireErrors,
  ...identityErrors,
  ...ownerErrors,
  ...paymentErrors,
  ...offlineErrors,
  ...offlineCodeErrors,
  ...promiseErrors,
  ...refundErrors,
  ...resolutionErrors,
  ...billErrors,
  ...pointsErrors,
  ...policyErrors,
  ...memberErrors,
  ...promotionErrors,
  ...goodsErrors,
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

/** Is this text a code of the catalogue? Codes that travel may come from a newer version. */
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorCatalogue, text);
