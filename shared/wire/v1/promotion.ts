import Type, { type Static } from 'typebox';
import { idPattern } from '#shared/ids/ids.ts';
import { ClaimTokenSchema, OrderAmountSchema, OrderIdSchema } from '#shared/wire/v1/common.ts';

const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

export const promoTextCharsMax = 60;
const Text = Type.String({ minLength: 2, maxLength: promoTextCharsMax });
const Points = Type.Integer({ minimum: 0 });
const MerchantIdSchema = Type.String({ pattern: idPattern('mch') });
export const PromoOrderIdSchema = Type.String({ pattern: idPattern('pro') });

/** What a shop buys with its points (docs/points.md 2.15). */
export const PromoServiceSchema = Type.Union([
  Type.Literal('push-slot'),
  Type.Literal('map-pin'),
  Type.Literal('partner-coupon'),
  Type.Literal('traffic'),
]);
export type PromoService = Static<typeof PromoServiceSchema>;

/** Longitude and latitude of mainland China in millionths of a degree (GCJ-02 as the shop's map shows it). */
const LngE6 = Type.Integer({ minimum: 73_000_000, maximum: 136_000_000 });
const LatE6 = Type.Integer({ minimum: 3_000_000, maximum: 54_000_000 });

const TillLimit = Type.Integer({ minimum: 1, maximum: 100_000 });
export const PromoDetailsSchema = Type.Union([
  object({ service: Type.Literal('push-slot'), text: Text }),
  object({ service: Type.Literal('traffic'), text: Text }),
  object({
    service: Type.Literal('map-pin'),
    text: Text,
    /** Both or none: a listing without a place is shown by its address. */
    place: Type.Optional(object({ lngE6: LngE6, latE6: LatE6 })),
  }),
  /** The issuer's own discount: `offFen` less on a sale of `minimumFen` or more, until `validDays` after the print. */
  object({
    service: Type.Literal('partner-coupon'),
    text: Text,
    partnerId: MerchantIdSchema,
    offFen: Type.Integer({ minimum: 100, maximum: 100_000 }),
    minimumFen: Type.Integer({ minimum: 200, maximum: 1_000_000 }),
    validDays: Type.Integer({ minimum: 1, maximum: 90 }),
    /** What one till may do with this campaign; what is not said follows from its size (docs/points.md 2.15). */
    limits: Type.Optional(
      object({
        printsTerminalDay: Type.Optional(TillLimit),
        redemptionsTerminalDay: Type.Optional(TillLimit),
        unprovenTerminalMax: Type.Optional(TillLimit),
      }),
    ),
  }),
]);
export type PromoDetails = Static<typeof PromoDetailsSchema>;

export const PromoPriceSchema = object({
  service: PromoServiceSchema,
  /** Point-fen for the whole quantity. */
  pricePoints: Type.Integer({ minimum: 100, maximum: 10_000_000 }),
  /** Pushes, days, printed coupons or exposures. */
  quantity: Type.Integer({ minimum: 1, maximum: 100_000 }),
});
export type PromoPrice = Static<typeof PromoPriceSchema>;

const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
export const PromoOrderViewSchema = object({
  promoOrderId: PromoOrderIdSchema,
  service: PromoServiceSchema,
  text: Type.String(),
  state: Type.Union([
    Type.Literal('asked'),
    Type.Literal('running'),
    Type.Literal('ended'),
    Type.Literal('cancelled'),
    Type.Literal('declined'),
  ]),
  pricePoints: Points,
  returnedPoints: Points,
  quantity: Type.Integer(),
  used: Type.Integer(),
  beginsOn: Day,
  endsOn: Day,
});
export type PromoOrderView = Static<typeof PromoOrderViewSchema>;

/** A campaign of another shop that wants to be printed at one's own counter. */
export const PromoWishSchema = object({
  promoOrderId: PromoOrderIdSchema,
  issuerName: Type.String(),
  text: Type.String(),
  offFen: Type.Integer(),
  minimumFen: Type.Integer(),
  quantity: Type.Integer(),
  used: Type.Integer(),
  isAgreed: Type.Boolean(),
});

export const promoOrdersShownMax = 50;
export const promoPartnersShownMax = 50;

/** GET /v1/promotion: what the owner of a shop sees. */
export const PromotionViewSchema = object({
  /** Point-fen to spend; below zero after a refund of what was spent. */
  creditPoints: Type.Integer(),
  /** Of sales whose hold is not over. */
  pendingPoints: Points,
  /** 0: there is no price list yet. */
  priceVersion: Type.Integer({ minimum: 0 }),
  prices: Type.Array(PromoPriceSchema, { maxItems: 4 }),
  orders: Type.Array(PromoOrderViewSchema, { maxItems: promoOrdersShownMax }),
  /** Does this counter print coupons of others? */
  isCounterOpen: Type.Boolean(),
  partners: Type.Array(object({ merchantId: MerchantIdSchema, name: Type.String() }), {
    maxItems: promoPartnersShownMax,
  }),
  wishes: Type.Array(PromoWishSchema, { maxItems: promoOrdersShownMax }),
});
export type PromotionView = Static<typeof PromotionViewSchema>;

/** POST /v1/promotion/orders: burns credit and begins the service. The same key again answers the same order. */
export const BuyPromotionSchema = object({
  idemKey: Type.String({ pattern: '^[0-9A-Za-z_-]{8,64}$' }),
  /** Of the list that the owner saw. */
  priceVersion: Type.Integer({ minimum: 1 }),
  details: PromoDetailsSchema,
});
export type BuyPromotion = Static<typeof BuyPromotionSchema>;

/**
 * POST /v1/promotion/counter: whether this counter prints coupons of others; closing it keeps none back that were agreed.
 */
export const PromoCounterSchema = object({ isOpen: Type.Boolean() });
/** POST /v1/promotion/wishes: the partner agrees, or not. */
export const PromoAnswerSchema = object({
  promoOrderId: PromoOrderIdSchema,
  agrees: Type.Boolean(),
});

/** POST /v1/promotion/coupons: after a sale, the coupon that its receipt brings, if any. The till makes the token. */
export const CouponRequestSchema = object({ orderId: OrderIdSchema, token: ClaimTokenSchema });
export const CouponPrintSchema = object({
  issuerName: Type.String(),
  text: Type.String(),
  offFen: Type.Integer(),
  minimumFen: Type.Integer(),
  validUntil: Day,
});
export type CouponPrint = Static<typeof CouponPrintSchema>;
export const CouponAnswerSchema = object({
  coupon: Type.Union([CouponPrintSchema, Type.Null()]),
});

/** Begins the code on a coupon's paper; the token follows. */
export const couponCodePrefix = 'GTC1';

/**
 * How long a till may go on with a coupon that the cloud gave it for a sale. A sale that begins
 * later asks again, so a coupon whose sale is in no journal that has come past this moment was
 * never used.
 */
export const couponHoldMs = 300_000;

/**
 * POST /v1/promotion/coupons/redeem: the issuer's own discount on one sale, once. Asked again for the same sale, it is held
 * anew. `amountFen` of the order that is opened then is what is left after the discount.
 */
export const CouponRedeemSchema = object({
  orderId: OrderIdSchema,
  token: ClaimTokenSchema,
  /** Before the discount. */
  amountFen: OrderAmountSchema,
});
export const CouponRedeemedSchema = object({
  offFen: Type.Integer({ minimum: 1 }),
  minimumFen: Type.Integer({ minimum: 1 }),
  text: Type.String(),
});
export type CouponRedeemed = Static<typeof CouponRedeemedSchema>;
