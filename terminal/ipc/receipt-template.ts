import Type, { type Static } from 'typebox';
import { OrderIdSchema } from '#shared/wire/v1/common.ts';

/**
 * How a shop's receipt looks, as data: what it may add, and what it may leave out. What money moved, where it stands
 * and whether the paper is a copy is not in here: nobody can switch that off. Judged by receipt-template-rules.ts.
 *
 * A template is kept on the till. One of a newer version than this is not read: the receipt falls back to the
 * default, which is an exception to look at and never a reason not to print.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

export const receiptTemplateVersion = 1;
export const templateTextCharsMax = 96;
export const headerLinesMax = 6;
export const footerLinesMax = 8;
export const logoHeightDotsMax = 240;
export const logoWidthDotsMax = 576;
/** 72 bytes a row, 240 rows, as base64. */
const logoCharsMax = 23_040;

export const TemplateLineSchema = object({
  /** One paragraph; wrapped to the paper. Empty: an empty line. */
  text: Type.String({ maxLength: templateTextCharsMax, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }),
  align: Type.Union([Type.Literal('left'), Type.Literal('center'), Type.Literal('right')]),
  size: Type.Union([
    Type.Literal('normal'),
    Type.Literal('tall'),
    Type.Literal('wide'),
    Type.Literal('double'),
  ]),
  bold: Type.Boolean(),
});
export type TemplateLine = Static<typeof TemplateLineSchema>;

/** One bit per dot, rows padded to whole bytes, most significant bit left, 1 = black; rows one after the other. */
const bitmap = {
  widthDots: Type.Integer({ minimum: 8, maximum: logoWidthDotsMax, multipleOf: 8 }),
  heightDots: Type.Integer({ minimum: 1, maximum: logoHeightDotsMax }),
  base64: Type.String({ maxLength: logoCharsMax, pattern: '^[A-Za-z0-9+/]*={0,2}$' }),
};
export const TemplateLogoSchema = object(bitmap);
export type TemplateLogo = Static<typeof TemplateLogoSchema>;

/** What may be left out. */
export const TemplateBlocksSchema = object({
  /** The names of merchant and store. Printed all the same when neither a logo nor a header line says whose it is. */
  shop: Type.Boolean(),
  /** 消费券: what vouchers covered. What was paid after them always stands. */
  voucher: Type.Boolean(),
  /** 支付方式, 现金, 找零. */
  tender: Type.Boolean(),
  /** 商户单号 as the payer's wallet shows it: each attempt has its own. */
  channelNumber: Type.Boolean(),
  /** 盒子单号: what the box POS calls the sale on its own slip. */
  boxNumber: Type.Boolean(),
  orderNumber: Type.Boolean(),
  /** The order number as bars, for the scanner at the counter. */
  barcode: Type.Boolean(),
  cashier: Type.Boolean(),
  points: Type.Boolean(),
  /** The code by which a customer claims the points of this sale. */
  claimQr: Type.Boolean(),
  phone: Type.Boolean(),
});
export type TemplateBlocks = Static<typeof TemplateBlocksSchema>;

export const PaperMmSchema = Type.Union([Type.Literal(58), Type.Literal(80)]);

export const ReceiptTemplateSchema = object({
  version: Type.Literal(receiptTemplateVersion),
  /** The paper it is drawn for: decides the preview and how wide a logo may be. Prints on the other one as well. */
  paperMm: PaperMmSchema,
  logo: Type.Union([TemplateLogoSchema, Type.Null()]),
  /** Under the names of the shop. */
  header: Type.Array(TemplateLineSchema, { maxItems: headerLinesMax }),
  blocks: TemplateBlocksSchema,
  /** At the end. */
  footer: Type.Array(TemplateLineSchema, { maxItems: footerLinesMax }),
});
export type ReceiptTemplate = Static<typeof ReceiptTemplateSchema>;

/** Sales to look at while there is none of one's own. */
export const ReceiptSampleSchema = Type.Union([
  Type.Literal('wallet'),
  Type.Literal('cash'),
  Type.Literal('offline'),
  Type.Literal('copy'),
]);
export type ReceiptSample = Static<typeof ReceiptSampleSchema>;

/** The paper, item by item, from the records and the layout that the printer gets. */
export const PaperItemSchema = Type.Union([
  object({
    type: Type.Literal('line'),
    /** Printable characters: ASCII takes 1 column, everything else 2; twice that when wide or double. */
    text: Type.String({ maxLength: 400 }),
    align: TemplateLineSchema.properties.align,
    size: TemplateLineSchema.properties.size,
    bold: Type.Boolean(),
    /** In the printer's smaller font; ASCII only. */
    small: Type.Optional(Type.Literal(true)),
    /** Characters of this line beyond ASCII that take 1 column all the same; absent when there are none. */
    narrow: Type.Optional(Type.String({ maxLength: 400 })),
  }),
  object({
    type: Type.Literal('qr'),
    text: Type.String({ maxLength: 512 }),
    moduleDots: Type.Integer({ minimum: 1, maximum: 16 }),
    /** Rows of modules, "1" black. */
    rows: Type.Array(Type.String({ maxLength: 177 }), { maxItems: 177 }),
  }),
  object({
    type: Type.Literal('barcode'),
    text: Type.String({ maxLength: 80 }),
    heightDots: Type.Integer({ minimum: 1, maximum: 255 }),
    moduleDots: Type.Integer({ minimum: 1, maximum: 6 }),
    /** Narrowest bars and gaps from left to right, "1" black. */
    modules: Type.String({ maxLength: 1_000 }),
    /** The text under the bars. */
    readable: Type.Boolean(),
  }),
  object({ type: Type.Literal('logo'), ...bitmap }),
  object({ type: Type.Literal('feed'), lines: Type.Integer({ minimum: 1, maximum: 20 }) }),
  object({ type: Type.Literal('cut') }),
]);
export type PaperItem = Static<typeof PaperItemSchema>;

export const ReceiptPreviewSchema = object({
  /** Single-width columns: 32 on 58 mm, 42 or 48 on 80 mm. */
  columns: Type.Integer({ minimum: 32, maximum: 48 }),
  /** Dots across the paper. */
  dots: Type.Integer({ minimum: 384, maximum: 576 }),
  items: Type.Array(PaperItemSchema, { maxItems: 1_000 }),
});
export type ReceiptPreview = Static<typeof ReceiptPreviewSchema>;

const none = object({});

/**
 * Errors: `receipt-template-invalid` (the logo's bytes do not fit its size, or it is wider than the paper),
 * `receipt-words-refused` (a line promises something), `order-not-found`, `printer-missing`, and a disk's.
 */
export const receiptMethods = {
  'receipt.template.get': {
    input: none,
    output: object({
      template: ReceiptTemplateSchema,
      /** Nobody has changed it, or what was kept cannot be read. */
      isDefault: Type.Boolean(),
      /** The paper of the printer in use; null without one. */
      printerPaperMm: Type.Union([PaperMmSchema, Type.Null()]),
    }),
  },
  /** Durable when it answers; the next receipt looks like it. */
  'receipt.template.set': { input: object({ template: ReceiptTemplateSchema }), output: none },
  /** Draws a draft with the facts of a sample or of an order; changes nothing. */
  'receipt.preview': {
    input: object({
      template: ReceiptTemplateSchema,
      sample: Type.Optional(ReceiptSampleSchema),
      orderId: Type.Optional(OrderIdSchema),
    }),
    output: ReceiptPreviewSchema,
  },
  /** Prints a sample with the template that is kept, marked as no proof of anything. */
  'receipt.printSample': { input: none, output: none },
} as const;
