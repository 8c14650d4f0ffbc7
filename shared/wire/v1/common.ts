import Type, { type Static } from 'typebox';
import { idPattern } from '#shared/ids/ids.ts';
import { orderAmountFenMax } from '#shared/money/fen.ts';

/** Building blocks of the wire contracts. Every string and list on the wire is bounded. */
export const OrderIdSchema = Type.String({ pattern: idPattern('ord') });
export const MerchantIdSchema = Type.String({ pattern: idPattern('mch') });
export const TerminalIdSchema = Type.String({ pattern: idPattern('trm') });
export const MemberIdSchema = Type.String({ pattern: idPattern('mbr') });
export const VoucherIdSchema = Type.String({ pattern: idPattern('vch') });
export const CertificateIdSchema = Type.String({ pattern: idPattern('crt') });

/** Fen of one order, 1..5,000,000. */
export const OrderAmountSchema = Type.Integer({ minimum: 1, maximum: orderAmountFenMax });
/** Fen of a part of an order, 0..5,000,000. */
export const PartAmountSchema = Type.Integer({ minimum: 0, maximum: orderAmountFenMax });
/** Basis points of concession, 300..2000 (3%..20%). */
export const ConcessionBpSchema = Type.Integer({ minimum: 300, maximum: 2000 });
/** Milliseconds since 1970-01-01T00:00:00Z. */
export const WallMsSchema = Type.Integer({ minimum: 0, maximum: 281_474_976_710_655 });
/** Attempt number of a charge, 1..99. */
export const AttemptSchema = Type.Integer({ minimum: 1, maximum: 99 });
/** Shanghai business day, YYYY-MM-DD: a day that a calendar has. */
export const BusinessDateSchema = Type.String({
  format: 'date',
  pattern: '^[12]\\d{3}-\\d{2}-\\d{2}$',
});
/** SHA-256 in lower-case hex. */
export const HashSchema = Type.String({ pattern: '^[0-9a-f]{64}$' });
/** The journal's epoch: a fresh random value whenever the file is created, restored or salvaged. 16 hex digits. */
export const EpochSchema = Type.String({ pattern: '^[0-9a-f]{16}$' });
/** Gap-free entry number within an epoch, from 1. */
export const SeqSchema = Type.Integer({ minimum: 1, maximum: 9_007_199_254_740_991 });
/** Hybrid logical clock: 12 hex digits of milliseconds, '-', 4 hex digits of counter. Sorts as text. */
export const HlcSchema = Type.String({ pattern: '^[0-9a-f]{12}-[0-9a-f]{4}$' });
export const WalletSchema = Type.Union([
  Type.Literal('wechat'),
  Type.Literal('alipay'),
  Type.Literal('unionpay'),
]);
/** What was promised: 赊账, or a payment to the shop's static code that a person saw. */
export const PromiseKindSchema = Type.Union([Type.Literal('iou'), Type.Literal('static-code')]);
/** How the promised money came: into the drawer, seen in the account of the static code, or by transfer. */
export const PromiseKeptHowSchema = Type.Union([
  Type.Literal('cash'),
  Type.Literal('static-code-seen'),
  Type.Literal('transfer'),
]);
/** Who bears the loss of an offline sale whose money never came. */
export const LossBearerSchema = Type.Union([
  Type.Literal('member'),
  Type.Literal('platform'),
  Type.Literal('merchant'),
]);
/** A code of shared/errors/catalogue.ts. */
export const ErrorCodeSchema = Type.String({ pattern: '^[a-z0-9-]{1,64}$' });
export const CashierSchema = Type.String({ minLength: 1, maxLength: 32 });
/** Secret of the claim QR on a receipt: 16 characters of Crockford base 32 (80 bits). One claim per order. */
export const ClaimTokenSchema = Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{16}$' });

/** A member as a result screen and a receipt may name him: 138****0001, and his tier (R23). */
export const NamedMemberSchema = Type.Object(
  {
    mask: Type.String({ minLength: 1, maxLength: 16 }),
    tier: Type.Integer({ minimum: 0, maximum: 4 }),
  },
  { additionalProperties: false },
);
export type NamedMember = Static<typeof NamedMemberSchema>;

/** Counts the refunds of one order, from 1 on. */
export const RefundNoSchema = Type.Integer({ minimum: 1, maximum: 50 });
/**
 * How the money goes back: by the channel that took it, out of the drawer, at the box POS with its
 * own slip, or from the owner's own account by his own hand.
 */
export const RefundHowSchema = Type.Union([
  Type.Literal('channel'),
  Type.Literal('cash'),
  Type.Literal('box-slip'),
  Type.Literal('own-account'),
]);
