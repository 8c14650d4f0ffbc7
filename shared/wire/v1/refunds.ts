import Type, { type Static } from 'typebox';
import {
  CashierSchema,
  ErrorCodeSchema,
  OrderAmountSchema,
  OrderIdSchema,
  PartAmountSchema,
  RefundNoSchema,
} from '#shared/wire/v1/common.ts';
import { refundReasonCharsMax } from '#shared/wire/v1/entries.ts';

/**
 * POST /v1/orders/{orderId}/refunds               give back a part of what a channel took; answers with its status
 * GET  /v1/orders/{orderId}/refunds/{refundNo}    what became of it
 *
 * The same (orderId, refundNo) with the same amount returns the stored refund; with another amount
 * it is refused (409 idempotency-mismatch). One refund of an order is open at a time (409
 * refund-in-flight), and their sum is at most the amount (422 refund-too-large). `refunding` means
 * that nobody knows yet: the cloud keeps asking the channel, and the till asks the cloud. A 404 to
 * a query is definite once it answers the till that asked for the refund: nothing came.
 */
export const RefundRequestSchema = Type.Object(
  {
    refundNo: RefundNoSchema,
    /** Gross: the part of the order's amount that goes back, vouchers included. */
    amountFen: OrderAmountSchema,
    cashier: CashierSchema,
    reason: Type.String({ maxLength: refundReasonCharsMax }),
  },
  { additionalProperties: false },
);
export type RefundRequest = Static<typeof RefundRequestSchema>;

export const RefundStatusSchema = Type.Union([
  Type.Literal('refunding'),
  Type.Literal('done'),
  Type.Literal('failed'),
]);

export const RefundSchema = Type.Object({
  orderId: OrderIdSchema,
  refundNo: RefundNoSchema,
  status: RefundStatusSchema,
  amountFen: OrderAmountSchema,
  /** What goes back to the payer's account, and what to the member's wallet. */
  cashFen: PartAmountSchema,
  voucherFen: PartAmountSchema,
  /** Of a refund that is done: the concession that went back to the merchant, 0 after the hold. */
  concessionFen: Type.Optional(PartAmountSchema),
  /** Of a refund that is done: point-fen that the member lost again. */
  points: Type.Optional(PartAmountSchema),
  /** Present when failed, or while it is doubtful. */
  code: Type.Optional(ErrorCodeSchema),
});
export type Refund = Static<typeof RefundSchema>;
