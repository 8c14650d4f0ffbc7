import Type, { type Static } from 'typebox';
import {
  AttemptSchema,
  BusinessDateSchema,
  CashierSchema,
  ConcessionBpSchema,
  ErrorCodeSchema,
  MemberIdSchema,
  NamedMemberSchema,
  OrderAmountSchema,
  OrderIdSchema,
  PartAmountSchema,
  WallMsSchema,
  WalletSchema,
} from '#shared/wire/v1/common.ts';

/**
 * POST /v1/charges                          start one attempt; answers within 12 s with its status
 * GET  /v1/charges/{orderId}/{attempt}      query: the only way out of unknown
 * POST /v1/charges/{orderId}/{attempt}/cancel   a cancel request: reverse unless definitely paid or failed already
 *
 * A cancel of an attempt that has not come is answered 404 charge-not-found and closes its number: from then on the
 * charge is refused (409 order-number-closed) whenever it arrives, so that answer is definite. A 404 to a query is not.
 * The same (orderId, attempt) with the same content returns the stored attempt; with other content it is refused
 * (409 idempotency-mismatch). A new attempt is refused (409 attempt-in-flight) until the last one is definite.
 * The payment code is used once in memory, never stored, never logged.
 */
export const ChargeRequestSchema = Type.Object(
  {
    orderId: OrderIdSchema,
    attempt: AttemptSchema,
    /** Gross, before vouchers. The channel is asked for amountFen - voucherFen. */
    amountFen: OrderAmountSchema,
    voucherFen: PartAmountSchema,
    reservationId: Type.Optional(Type.String({ maxLength: 40 })),
    concessionBp: ConcessionBpSchema,
    businessDate: BusinessDateSchema,
    cashier: CashierSchema,
    wallet: WalletSchema,
    authCode: Type.String({ pattern: '^[0-9]{16,24}$' }),
    memberId: Type.Optional(MemberIdSchema),
    openedAtMs: WallMsSchema,
  },
  { additionalProperties: false },
);
export type ChargeRequest = Static<typeof ChargeRequestSchema>;

/** Where an attempt stands. `paid`, `failed`, `reversed` and `refunded-late` are final. */
export const ChargeStatusSchema = Type.Union([
  Type.Literal('submitting'),
  Type.Literal('waiting-payer'),
  Type.Literal('unknown'),
  Type.Literal('reversing'),
  Type.Literal('paid'),
  Type.Literal('failed'),
  Type.Literal('reversed'),
  Type.Literal('refunded-late'),
]);
export type ChargeStatus = Static<typeof ChargeStatusSchema>;

export const ChargeSchema = Type.Object({
  orderId: OrderIdSchema,
  attempt: AttemptSchema,
  status: ChargeStatusSchema,
  amountFen: OrderAmountSchema,
  voucherFen: PartAmountSchema,
  channel: Type.String({ maxLength: 32 }),
  channelRef: Type.Optional(Type.String({ maxLength: 64 })),
  paidAtMs: Type.Optional(WallMsSchema),
  /** Present when failed, unknown or waiting. */
  code: Type.Optional(ErrorCodeSchema),
  /** Of a paid attempt whose member is known, also when only his wallet named him. */
  member: Type.Optional(NamedMemberSchema),
  /** The cloud reverses by itself at this moment if nothing definite came. */
  deadlineMs: WallMsSchema,
});
export type Charge = Static<typeof ChargeSchema>;
