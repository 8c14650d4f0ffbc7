import type { OrderFact, OrderFactType } from '#shared/order/order-fact.ts';
import { applyFact } from '#shared/order/order-machine.ts';
import type { Order } from '#shared/order/order.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** Facts for tests of orders. */
export const orderId = 'ord_01JADFX2A0000000000000000A';
export const memberId = 'mbr_01JADFX2A0000000000000000B';
export const certificateId = 'crt_01JADFX2A0000000000000000C';

/** One fact of each type that fits an order of 1,000 fen whose first attempt is the current one. */
export const facts = (
  attempt: number,
): { readonly [T in OrderFactType]: Extract<OrderFact, { type: T }> } => ({
  'order.opened': {
    type: 'order.opened',
    body: {
      orderId,
      amountFen: 1000,
      voucherFen: 0,
      concessionBp: 500,
      businessDate: '2026-11-22',
      cashier: '小王',
      claimToken: '0123456789ABCDEF',
    },
  },
  'order.lines': {
    type: 'order.lines',
    body: {
      orderId,
      part: 1,
      parts: 1,
      lines: [
        { code: '06901234567892', name: '矿泉水', unit: '瓶', quantity: 2, priceFen: 200 },
        { quantity: 1, priceFen: 600 },
      ],
    },
  },
  'charge.held': {
    type: 'charge.held',
    body: { orderId, wallet: 'wechat', codeMask: '13****6789', untilMs: 45_000 },
  },
  'charge.expired': { type: 'charge.expired', body: { orderId } },
  'charge.submitted': {
    type: 'charge.submitted',
    body: {
      orderId,
      attempt: attempt + 1,
      wallet: 'wechat',
      codeMask: '13****6789',
      codeHash: 'a'.repeat(64),
      amountFen: 1000,
    },
  },
  'charge.paid': {
    type: 'charge.paid',
    body: { orderId, attempt, channel: 'simulator', channelRef: '4200', paidAtMs: 2000 },
  },
  'charge.failed': {
    type: 'charge.failed',
    body: { orderId, attempt, code: 'payment-code-expired' },
  },
  'charge.unknown': { type: 'charge.unknown', body: { orderId, attempt, code: 'cloud-timeout' } },
  'charge.cancel-wanted': {
    type: 'charge.cancel-wanted',
    body: { orderId, attempt, cashier: '小王' },
  },
  'charge.reversed': { type: 'charge.reversed', body: { orderId, attempt } },
  'charge.refunded-late': { type: 'charge.refunded-late', body: { orderId, attempt } },
  'pos.sent': {
    type: 'pos.sent',
    body: { orderId, attempt: attempt + 1, amountFen: 1000, protocol: 'ecr-hub' },
  },
  'pos.paid': {
    type: 'pos.paid',
    body: { orderId, attempt, amountFen: 1000, boxRef: '000123', method: 'scan', paidAtMs: 2000 },
  },
  'pos.failed': { type: 'pos.failed', body: { orderId, attempt, code: 'charge-not-received' } },
  'pos.unknown': { type: 'pos.unknown', body: { orderId, attempt, code: 'cloud-timeout' } },
  'pos.cancel-wanted': { type: 'pos.cancel-wanted', body: { orderId, attempt, cashier: '小王' } },
  'cash.recorded': {
    type: 'cash.recorded',
    body: { orderId, dueFen: 1000, tenderedFen: 2000, changeFen: 1000 },
  },
  'offline.accepted': {
    type: 'offline.accepted',
    body: { orderId, memberId, certificateId, code: '9'.repeat(262), capsVersion: 1 },
  },
  'offline.settled': {
    type: 'offline.settled',
    body: { orderId, voucherFen: 300, debitFen: 700 },
  },
  'offline.debit-failed': {
    type: 'offline.debit-failed',
    body: { orderId, code: 'withholding-failed' },
  },
  'offline.duplicate': { type: 'offline.duplicate', body: { orderId, code: 'member-code-used' } },
  'offline.promised': {
    type: 'offline.promised',
    body: {
      orderId,
      kind: 'iou',
      amountFen: 1000,
      who: '王阿姨',
      approvedBy: '店主',
      capsVersion: 4,
      limitsVersion: 1,
    },
  },
  'offline.promise-kept': {
    type: 'offline.promise-kept',
    body: { orderId, how: 'cash', businessDate: '2026-11-23', cashier: '小王' },
  },
  'offline.promise-broken': {
    type: 'offline.promise-broken',
    body: { orderId, code: 'promise-broken', cashier: '小王', approvedBy: '店主', note: '不认账' },
  },
  'coupon.given': {
    type: 'coupon.given',
    body: {
      orderId,
      issuerName: '老李面馆',
      text: '进店即用',
      offFen: 500,
      minimumFen: 2000,
      validUntil: '2026-12-06',
      tokenHash: 'b'.repeat(64),
    },
  },
  'refund.asked': {
    type: 'refund.asked',
    body: {
      orderId,
      refundNo: 1,
      amountFen: 400,
      how: 'channel',
      businessDate: '2026-11-23',
      cashier: '小王',
      approvedBy: 'owner',
      reason: '退货',
    },
  },
  'refund.done': {
    type: 'refund.done',
    body: { orderId, refundNo: 1, cashFen: 400, voucherFen: 0 },
  },
  'refund.failed': {
    type: 'refund.failed',
    body: { orderId, refundNo: 1, code: 'refund-failed' },
  },
  'refund.unknown': {
    type: 'refund.unknown',
    body: { orderId, refundNo: 1, code: 'refund-unknown' },
  },
  'order.voided': { type: 'order.voided', body: { orderId, code: 'cancelled-by-cashier' } },
});

/** Where fact number `seq` stands in the journal. */
export const at = (seq: number) => ({ seq, wallMs: 1000 + seq });
export const factTypes = Object.keys(facts(0)) as OrderFactType[];

/** Folds fact types, each about the current attempt, and throws at the first that is refused. */
export const fold = (...types: OrderFactType[]): Order =>
  types.reduce<Order | undefined>(
    (order, type, index) =>
      getOrThrow(applyFact(order, facts(order?.attempt ?? 0)[type], at(index + 1))),
    undefined,
  )!;
