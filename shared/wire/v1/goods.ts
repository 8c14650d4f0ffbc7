import Type, { type Static } from 'typebox';
import { MerchantIdSchema, OrderAmountSchema } from '#shared/wire/v1/common.ts';
import { SignatureSchema, SignedConfigSchema } from '#shared/wire/v1/terminals.ts';

/** The most goods of one shop, delisted ones included: a till keeps them all. */
export const goodsPerShopMax = 20_000;
/** The most goods that the office changes in one request. */
export const goodsBatchMax = 500;
/** The most goods in one page of the pull. */
export const goodsPageMax = 500;
export const goodsNameCharsMax = 40;
export const goodsUnitCharsMax = 8;

/** 14 digits are a GTIN; anything shorter is the shop's own. See shared/goods/goods-code.ts. */
export const goodsCodePattern = '^(?:[0-9]{14}|[0-9A-Z-]{1,11})$';
export const GoodsCodeSchema = Type.String({ pattern: goodsCodePattern });

export const GoodsNameSchema = Type.String({ minLength: 1, maxLength: goodsNameCharsMax });
/** 袋, 瓶, 500g; may be empty. */
export const GoodsUnitSchema = Type.String({ maxLength: goodsUnitCharsMax });

/** Grows by one with every row of a shop's catalogue that changes; 0: nothing was ever in it. */
export const CatalogueVersionSchema = Type.Integer({ minimum: 0, maximum: 9_007_199_254_740_991 });

/** One row of the catalogue as a till gets it. A delisted one comes too, so that the till stops selling it. */
export const GoodsSchema = Type.Object(
  {
    code: GoodsCodeSchema,
    name: GoodsNameSchema,
    priceFen: OrderAmountSchema,
    unit: GoodsUnitSchema,
    active: Type.Boolean(),
    /** Version of the catalogue with which this row changed last. */
    version: Type.Integer({ minimum: 1, maximum: 9_007_199_254_740_991 }),
  },
  { additionalProperties: false },
);
export type Goods = Static<typeof GoodsSchema>;

/**
 * GET /v1/catalogue?after={version}: the rows that changed after a version, in the order of their
 * versions. `through` is where the next page begins; the catalogue is whole when it is `version`.
 */
export const CataloguePageSchema = Type.Object(
  {
    merchantId: MerchantIdSchema,
    after: CatalogueVersionSchema,
    through: CatalogueVersionSchema,
    /** Of the whole catalogue, when the page was made. */
    version: CatalogueVersionSchema,
    goods: Type.Array(GoodsSchema, { maxItems: goodsPageMax }),
  },
  { additionalProperties: false },
);
export type CataloguePage = Static<typeof CataloguePageSchema>;

/** `signature` is the cloud's, over the UTF-8 of {@link catalogueSignedText} of `payload`. */
export const SignedCataloguePageSchema = Type.Object({
  payload: Type.String({ maxLength: 400_000 }),
  signature: SignatureSchema,
  /** As beside a configuration. */
  keyChanges: SignedConfigSchema.properties.keyChanges,
});
export type SignedCataloguePage = Static<typeof SignedCataloguePageSchema>;

/** What is signed begins with its purpose: no other word of the cloud can be taken for a page. */
export const catalogueSignedText = (payload: string): string => `greentill/catalogue/1\n${payload}`;
