import Type, { type Static } from 'typebox';
import {
  PromiseKeptHowSchema,
  PromiseKindSchema,
  RefundHowSchema,
  RefundNoSchema,
} from '#shared/wire/v1/common.ts';
import { cutOverHourMax } from '#shared/time/business-day.ts';
import { orderLinesMax, promiseWhoCharsMax, SaleLineSchema } from '#shared/wire/v1/entries.ts';
import { PromiseTallySchema, RefundTallySchema } from '#shared/wire/v1/terminals.ts';
import { BoxMethodSchema } from '#terminal/ipc/state.ts';

/** What lists and reports show. Amounts in fen, times in wall milliseconds. */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const At = Type.Integer();

export const PromiseViewSchema = object({
  kind: PromiseKindSchema,
  /** '' when nobody was named. */
  who: Type.String({ maxLength: promiseWhoCharsMax }),
});

export const RefundViewSchema = object({
  refundNo: RefundNoSchema,
  amountFen: Type.Integer(),
  cashFen: Type.Integer(),
  voucherFen: Type.Integer(),
  how: RefundHowSchema,
  /** `asked` and `unknown` wait for the cloud's answer. */
  state: Type.Union([
    Type.Literal('asked'),
    Type.Literal('unknown'),
    Type.Literal('done'),
    Type.Literal('failed'),
  ]),
  atMs: At,
  cashier: Type.String(),
  reason: Type.String(),
  code: Type.Union([Type.String(), Type.Null()]),
});
export type RefundView = Static<typeof RefundViewSchema>;

export const OrderRowSchema = object({
  orderId: Type.String(),
  state: Type.String(),
  bucket: Type.Union([
    Type.Literal('settled'),
    Type.Literal('cash'),
    Type.Literal('offline'),
    Type.Literal('pending'),
    Type.Literal('none'),
  ]),
  amountFen: Type.Integer(),
  voucherFen: Type.Integer(),
  /** wechat, alipay, unionpay, cash, box-pos, member-code or null */
  tender: Type.Union([Type.String(), Type.Null()]),
  openedAtMs: At,
  cashier: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
  /** What the box POS said of a sale that it took: its own number, and how the customer paid. */
  box: Type.Optional(object({ boxRef: Type.String(), method: BoxMethodSchema })),
  /** Who promised what, and on which business day it was kept, when it was. */
  promise: Type.Optional(
    object({
      ...PromiseViewSchema.properties,
      kept: Type.Union([
        object({ how: PromiseKeptHowSchema, businessDate: Type.String(), by: Type.String() }),
        Type.Null(),
      ]),
      broken: Type.Union([object({ by: Type.String(), note: Type.String() }), Type.Null()]),
    }),
  ),
  /** What was sold, of `orders.get`; absent: an amount and nothing else. */
  lines: Type.Optional(Type.Array(SaleLineSchema, { maxItems: orderLinesMax })),
  /** Money that went back, or is asked for, by number; absent: none. */
  refunds: Type.Optional(Type.Array(RefundViewSchema, { maxItems: 50 })),
  /** Gross sum of what went back. */
  refundedFen: Type.Integer(),
  /** The most that `orders.refund` takes; 0: nothing, or the last refund is open. */
  refundableFen: Type.Integer(),
  /** The way the money would go back; null: none was taken. */
  refundWay: Type.Union([RefundHowSchema, Type.Null()]),
  synced: Type.Boolean(),
  receiptCopies: Type.Integer(),
  receipt: Type.String(),
});
export type OrderRow = Static<typeof OrderRowSchema>;

export const OrderPageSchema = object({
  rows: Type.Array(OrderRowSchema, { maxItems: 200 }),
  nextBefore: Type.Union([Type.String(), Type.Null()]),
});

/** Openings of the drawer without a sale that a day shows. */
export const noSalesShownMax = 20;

export const TodaySchema = object({
  businessDate: Type.String(),
  /** The hour at which this shop's business day begins: `byHour` is read from there on; absent: midnight. */
  cutOverHour: Type.Optional(Type.Integer({ minimum: 0, maximum: cutOverHourMax })),
  settledFen: Type.Integer(),
  /** The part of `settledFen` that vouchers covered: the platform pays it, no channel took it. */
  settledVoucherFen: Type.Integer(),
  cashFen: Type.Integer(),
  offlineFen: Type.Integer(),
  pendingFen: Type.Integer(),
  turnoverFen: Type.Integer(),
  orderCount: Type.Integer(),
  /** How many orders the settled and the cash sum are made of. */
  takenCount: Type.Integer(),
  /**
   * What partner coupons of this shop took off the prices of these orders: in none of the sums,
   * which are what was asked.
   */
  couponFen: Type.Integer(),
  couponCount: Type.Integer(),
  byHour: Type.Array(
    object({ hour: Type.Integer(), scanFen: Type.Integer(), cashFen: Type.Integer() }),
    { maxItems: 24 },
  ),
  byTender: Type.Array(
    object({ tender: Type.String(), count: Type.Integer(), amountFen: Type.Integer() }),
    { maxItems: 16 },
  ),
  /** 赊账 and static codes: no turnover, none of the sums above. */
  promises: PromiseTallySchema,
  /** What went back today, whenever it was sold; `openFen` of it nobody knows yet. The turnover stays what was sold. */
  refunds: object({ ...RefundTallySchema.properties, openFen: Type.Integer() }),
  /** How often the drawer was opened without a sale, and the latest of it. */
  noSaleCount: Type.Integer({ minimum: 0 }),
  noSales: Type.Array(
    object({
      atMs: At,
      cashier: Type.String(),
      reason: Type.String(),
      /** With the owner's PIN. */
      isApproved: Type.Boolean(),
    }),
    { maxItems: noSalesShownMax },
  ),
  /** From the cloud; null while it cannot be reached. */
  tomorrow: Type.Union([
    object({
      sameDayFen: Type.Integer(),
      subsidyFen: Type.Integer(),
      reserveFen: Type.Integer(),
      reserveDueDate: Type.String(),
      concessionFen: Type.Integer(),
      cloudTurnoverFen: Type.Integer(),
    }),
    Type.Null(),
  ]),
  /** First 8 digits of the chain head: also printed on the day slip. */
  chainHead: Type.String(),
  unsentCount: Type.Integer(),
});
export type Today = Static<typeof TodaySchema>;

const Paper = Type.Union([
  Type.Literal('receipt'),
  Type.Literal('drawer'),
  Type.Literal('day-slip'),
  Type.Literal('test'),
  Type.Literal('refund-slip'),
  Type.Literal('coupon'),
]);
/** `seen` 看过了，没问题, of a paper 纸出来了; `reprinted` 补打; `acknowledged` 处理好了, with a note. */
export const ExceptionActionSchema = Type.Union([
  Type.Literal('seen'),
  Type.Literal('reprinted'),
  Type.Literal('acknowledged'),
]);
export type ExceptionAction = Static<typeof ExceptionActionSchema>;
export const ExceptionKeySchema = Type.String({ pattern: '^[a-z-]{1,16}:[!-~]{1,143}$' });

const exceptionFields = {
  /** Names this row for `exceptions.resolve`. */
  key: ExceptionKeySchema,
  orderId: Type.String(),
  code: Type.String(),
  amountFen: Type.Integer(),
  sinceMs: At,
  /** It is about this kind of paper; `orderId` is empty when the paper belongs to no order. */
  paper: Type.Optional(Paper),
  /** Who bears it that the money of an offline sale never came, and what of it the platform pays this shop. */
  loss: Type.Optional(
    object({
      bearer: Type.Union([
        Type.Literal('member'),
        Type.Literal('platform'),
        Type.Literal('merchant'),
      ]),
      coveredFen: Type.Integer({ minimum: 0 }),
    }),
  ),
  /** Money that was promised: `orders.keepPromise` and `orders.breakPromise` end it. */
  promise: Type.Optional(PromiseViewSchema),
};

export const ExceptionRowSchema = object({
  ...exceptionFields,
  /** What a person may say about it; none: it ends by an answer, or when the till is well again. */
  actions: Type.Array(ExceptionActionSchema, { maxItems: 3 }),
});
export type ExceptionRow = Static<typeof ExceptionRowSchema>;

/** A row that somebody dealt with: who, how and when. */
export const HandledRowSchema = object({
  ...exceptionFields,
  /** How a promise ended stands here too: by which money, or `broken`. */
  action: Type.Union([ExceptionActionSchema, PromiseKeptHowSchema, Type.Literal('broken')]),
  cashier: Type.String(),
  note: Type.String(),
  atMs: At,
});
export type HandledRow = Static<typeof HandledRowSchema>;
