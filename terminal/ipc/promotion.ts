import Type from 'typebox';
import {
  PromoAnswerSchema,
  PromoCounterSchema,
  PromoDetailsSchema,
  PromoOrderViewSchema,
  PromotionViewSchema,
} from '#shared/wire/v1/promotion.ts';

/**
 * 推广积分 between a window and the agent: what the shop's points buy (docs/points.md 2.15).
 * Everything needs the line (`needs-network`). Reading and changing belong to the owner: without a
 * PIN `owner-pin-not-set`, outside of the owner's time `owner-locked`. What the cloud refuses
 * stands in shared/errors/promotion.ts.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const none = object({});

/** Spread into the methods of terminal-api.ts. */
export const promotionMethods = {
  'promotion.get': { input: none, output: PromotionViewSchema },
  /** Burns the price that was seen, once: the window makes the key, and the same key again is the same purchase. */
  'promotion.buy': {
    input: object({
      idemKey: Type.String({ pattern: '^[0-9A-Za-z_-]{8,64}$' }),
      priceVersion: Type.Integer({ minimum: 1 }),
      details: PromoDetailsSchema,
    }),
    output: PromoOrderViewSchema,
  },
  /** Whether coupons of other shops are printed here. */
  'promotion.setCounter': { input: PromoCounterSchema, output: none },
  /** Another shop asks to be printed here. */
  'promotion.answer': { input: PromoAnswerSchema, output: none },
} as const;
