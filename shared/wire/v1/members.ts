import Type, { type Static } from 'typebox';
import {
  CertificateIdSchema,
  ClaimTokenSchema,
  MemberIdSchema,
  OrderAmountSchema,
  OrderIdSchema,
  PartAmountSchema,
  VoucherIdSchema,
  WallMsSchema,
} from '#shared/wire/v1/common.ts';

/** A mainland mobile number. */
export const PhoneSchema = Type.String({ pattern: '^1[3-9][0-9]{9}$' });

export const WalletVoucherSchema = Type.Object({
  voucherId: VoucherIdSchema,
  leftFen: PartAmountSchema,
  expiresOn: Type.String(),
});

/** A member as the till sees him: never the whole phone number. */
export const MemberViewSchema = Type.Object({
  memberId: MemberIdSchema,
  /** 138****0001 */
  phoneMask: Type.String({ maxLength: 16 }),
  /** Unreleased points in point-fen. */
  pointsFen: Type.Integer(),
  vouchers: Type.Array(WalletVoucherSchema, { maxItems: 50 }),
  voucherTotalFen: Type.Integer({ minimum: 0 }),
  /**
   * Most of an order that vouchers pay, basis points: what the till suggests; the cloud decides
   * when it sets them aside.
   */
  voucherMaxShareBp: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
  /** The account is held: nothing of it is shown as usable, and nobody at the counter is told why. */
  isFrozen: Type.Optional(Type.Literal(true)),
});
export type MemberView = Static<typeof MemberViewSchema>;

/** The edition of the words that a new member agrees to (docs/compliance.md); it is kept with his consent. */
export const memberConsentWords = '2026-11';

/**
 * POST /v1/members: register at the counter, or find who is registered already. Idempotent by phone. A new member must
 * have agreed (`member-consent-missing` otherwise): `consent` names the words he saw, and whether
 * he wants to hear of shops. `referrerPhone` names the member who brought a new one; it is passed
 * over for whoever is registered already.
 */
export const RegisterMemberSchema = Type.Object(
  {
    phone: PhoneSchema,
    referrerPhone: Type.Optional(PhoneSchema),
    consent: Type.Optional(
      Type.Object(
        { words: Type.String({ minLength: 1, maxLength: 32 }), shops: Type.Boolean() },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/** POST /v1/members/resolve: by phone, or by the digits of a member code (verified, not consumed). */
export const ResolveMemberSchema = Type.Object(
  {
    phone: Type.Optional(PhoneSchema),
    code: Type.Optional(Type.String({ pattern: '^[0-9]{100,512}$' })),
  },
  { additionalProperties: false },
);

/** POST /v1/members/{memberId}/codes: a fresh member code, good for one payment. */
export const MemberCodeAnswerSchema = Type.Object({
  code: Type.String({ pattern: '^[0-9]{262}$' }),
  certificateId: CertificateIdSchema,
  notAfterMs: WallMsSchema,
});
export type MemberCodeAnswer = Static<typeof MemberCodeAnswerSchema>;

/** POST /v1/voucher-reservations: sets vouchers aside for one order, earliest expiry first, up to the share cap. */
export const ReservationRequestSchema = Type.Object(
  { orderId: OrderIdSchema, memberId: MemberIdSchema, amountFen: OrderAmountSchema },
  { additionalProperties: false },
);
export const ReservationSchema = Type.Object({
  reservationId: Type.String({ maxLength: 40 }),
  voucherFen: PartAmountSchema,
  expiresAtMs: WallMsSchema,
});
export type Reservation = Static<typeof ReservationSchema>;

/** POST /v1/claims: a customer claims the points of one receipt with its QR. Once per order. */
export const ClaimRequestSchema = Type.Object(
  {
    claimToken: ClaimTokenSchema,
    phone: PhoneSchema,
    /** True: the customer ticked that the wallet he paid with is remembered. Else it is not. */
    rememberPayer: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export const ClaimAnswerSchema = Type.Object({
  memberId: MemberIdSchema,
  pointsFen: Type.Integer({ minimum: 0 }),
});
