import Type, { type Static } from 'typebox';
import {
  NamedMemberSchema,
  OrderAmountSchema,
  OrderIdSchema,
  PartAmountSchema,
  PromiseKindSchema,
  WalletSchema,
} from '#shared/wire/v1/common.ts';
import { lineQuantityMax, orderLinesMax, promiseWhoCharsMax } from '#shared/wire/v1/entries.ts';
import { GoodsNameSchema, GoodsUnitSchema } from '#shared/wire/v1/goods.ts';
import { MemberViewSchema } from '#shared/wire/v1/members.ts';

/** What the till shows. The agent owns it; a renderer only draws it. Amounts in fen, times in wall milliseconds. */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const Code = Type.String({ maxLength: 64 });
const At = Type.Integer();

/** Where the receipt of the last sale stands: queued 排队, sent 已送出, printed 已打印, unknown 待确认, off 没有打印机. */
export const ReceiptStateSchema = Type.Union([
  Type.Literal('queued'),
  Type.Literal('sent'),
  Type.Literal('printed'),
  Type.Literal('unknown'),
  Type.Literal('off'),
]);

const sale = { orderId: OrderIdSchema, amountFen: OrderAmountSchema };

/** How the customer paid at the box: it scanned his code, it showed one, a card; or it does not say. */
export const BoxMethodSchema = Type.Union([
  Type.Literal('scan'),
  Type.Literal('show'),
  Type.Literal('card'),
  Type.Literal('other'),
]);
const Seen = Type.Union([Type.Boolean(), Type.Null()]);

export const ScreenSchema = Type.Union([
  object({ type: Type.Literal('ready') }),
  /** A wallet code waits in memory for the line to return. */
  object({ type: Type.Literal('held'), ...sale, wallet: WalletSchema, untilMs: At }),
  /** Amber: the outcome is not known yet. Never closes by itself. */
  object({
    type: Type.Literal('waiting'),
    ...sale,
    wallet: WalletSchema,
    phase: Type.Union([
      Type.Literal('submitting'),
      Type.Literal('waiting-payer'),
      Type.Literal('unknown'),
      Type.Literal('cancelling'),
    ]),
    sinceMs: At,
    deadlineMs: At,
    code: Type.Optional(Code),
    /** A second code was scanned meanwhile: it is kept out and explained. */
    secondScan: Type.Boolean(),
  }),
  /** Amber: the sale is at the box POS, or in doubt there. Only the box's own word leads on. */
  object({
    type: Type.Literal('box-waiting'),
    ...sale,
    voucherFen: PartAmountSchema,
    phase: Type.Union([
      Type.Literal('sending'),
      Type.Literal('at-box'),
      Type.Literal('unknown'),
      Type.Literal('cancelling'),
    ]),
    sinceMs: At,
    /** Have its bytes left, and has the box acknowledged them? null: an earlier run of the till sent it. */
    sent: Seen,
    acknowledged: Seen,
    answered: Type.Boolean(),
    /** How often the box was asked what became of it. */
    queryCount: Type.Integer({ minimum: 0 }),
    code: Type.Optional(Code),
    /** A cancel was asked for and the box cannot tell: `till.dismiss` goes on; the order stays an exception. */
    mayLeave: Type.Boolean(),
    secondScan: Type.Boolean(),
  }),
  /** Green: only on the box's word. */
  object({
    type: Type.Literal('box-paid'),
    ...sale,
    voucherFen: PartAmountSchema,
    couponFen: Type.Optional(OrderAmountSchema),
    method: BoxMethodSchema,
    /** What the box calls the transaction. */
    boxRef: Type.String({ maxLength: 64 }),
    atMs: At,
    receipt: ReceiptStateSchema,
    pointsEstimateFen: Type.Integer(),
  }),
  /** Green: only on a channel's word. */
  object({
    type: Type.Literal('paid'),
    ...sale,
    voucherFen: PartAmountSchema,
    couponFen: Type.Optional(OrderAmountSchema),
    wallet: WalletSchema,
    /** Whose sale it is, when the cloud named him. */
    member: Type.Optional(NamedMemberSchema),
    atMs: At,
    receipt: ReceiptStateSchema,
    /** An estimate until the cloud has issued them. */
    pointsEstimateFen: Type.Integer(),
  }),
  object({
    type: Type.Literal('cash'),
    ...sale,
    voucherFen: PartAmountSchema,
    couponFen: Type.Optional(OrderAmountSchema),
    tenderedFen: PartAmountSchema,
    changeFen: PartAmountSchema,
    atMs: At,
    receipt: ReceiptStateSchema,
    pointsEstimateFen: Type.Integer(),
  }),
  /** Amber: 离线记账（未到账）. */
  object({
    type: Type.Literal('offline-accepted'),
    ...sale,
    memberMask: Type.String({ maxLength: 16 }),
    atMs: At,
    receipt: ReceiptStateSchema,
    remainingOfflineFen: Type.Integer(),
    /** What this till would still accept of this member while the line is down. */
    memberRoom: Type.Optional(
      object({ remainingFen: Type.Integer(), remainingCount: Type.Integer({ minimum: 0 }) }),
    ),
  }),
  /** Amber: the goods leave on a promise, nothing was paid. */
  object({
    type: Type.Literal('promised'),
    ...sale,
    kind: PromiseKindSchema,
    who: Type.String({ maxLength: promiseWhoCharsMax }),
    atMs: At,
    receipt: ReceiptStateSchema,
    /** What may still be promised after it. */
    remainingFen: Type.Integer(),
    remainingCount: Type.Integer({ minimum: 0 }),
  }),
  /** Red: not charged, and what to do. */
  object({
    type: Type.Literal('not-paid'),
    orderId: Type.Optional(OrderIdSchema),
    amountFen: PartAmountSchema,
    code: Code,
    atMs: At,
  }),
]);
export type Screen = Static<typeof ScreenSchema>;

/** Goods in the sale that is being typed. */
export const DraftLineSchema = object({
  /** Names the line: `till.dropLines`. */
  no: Type.Integer({ minimum: 1 }),
  name: GoodsNameSchema,
  unit: GoodsUnitSchema,
  quantity: Type.Integer({ minimum: 1, maximum: lineQuantityMax }),
  priceFen: OrderAmountSchema,
  sumFen: OrderAmountSchema,
});
export type DraftLineView = Static<typeof DraftLineSchema>;

export const TillStateSchema = object({
  /** Grows with every change: a renderer drops what is older than what it has. */
  version: Type.Integer({ minimum: 0 }),
  draft: object({
    amountFen: PartAmountSchema,
    /** Goods that were scanned, and what was typed beside them; absent: the amount is typed alone. */
    goods: Type.Optional(
      object({
        typedFen: PartAmountSchema,
        lines: Type.Array(DraftLineSchema, { minItems: 1, maxItems: orderLinesMax }),
      }),
    ),
    member: Type.Union([MemberViewSchema, Type.Null()]),
    /** What vouchers would cover if this sale were finished now; 0 without a member. */
    voucherFen: PartAmountSchema,
    useVoucher: Type.Boolean(),
    /**
     * A partner coupon of this shop, used up for this sale; `isMet`: its minimum is reached, and
     * `offFen` comes off.
     */
    coupon: Type.Union([
      object({
        offFen: OrderAmountSchema,
        minimumFen: OrderAmountSchema,
        text: Type.String({ maxLength: 64 }),
        isMet: Type.Boolean(),
      }),
      Type.Null(),
    ]),
    pointsEstimateFen: Type.Integer(),
  }),
  screen: ScreenSchema,
  /** A scan that could not be used: said once, cleared by the next key. */
  notice: Type.Union([object({ code: Code, atMs: At }), Type.Null()]),
});
export type TillState = Static<typeof TillStateSchema>;

export const DeviceRoleSchema = Type.Union([
  Type.Literal('scanner'),
  Type.Literal('printer'),
  Type.Literal('drawer'),
  Type.Literal('box-pos'),
  Type.Literal('display'),
]);
/** What the status bar shows of a device; terminal/ipc/devices.ts adds the rest. */
export const deviceViewFields = {
  role: DeviceRoleSchema,
  name: Type.String({ maxLength: 64 }),
  /** How it is attached, e.g. "serial /dev/ttyUSB0" or "tcp 127.0.0.1:9100". */
  address: Type.String({ maxLength: 200 }),
  state: Type.Union([
    Type.Literal('online'),
    Type.Literal('offline'),
    Type.Literal('paper-out'),
    Type.Literal('cover-open'),
    Type.Literal('error'),
    Type.Literal('absent'),
  ]),
  /** What a confirmation from this printer proves: 0..4. */
  confidence: Type.Optional(Type.Integer({ minimum: 0, maximum: 4 })),
  code: Type.Optional(Code),
  lastSeenMs: Type.Optional(At),
};
export const DeviceViewSchema = object(deviceViewFields);
export type DeviceView = Static<typeof DeviceViewSchema>;

export const StatusSchema = object({
  version: Type.Integer({ minimum: 0 }),
  merchantName: Type.String(),
  storeName: Type.String(),
  cashier: Type.String(),
  concessionBp: Type.Integer(),
  online: Type.Boolean(),
  /** Since when the line is down; null when it is up. */
  offlineSinceMs: Type.Union([At, Type.Null()]),
  unsentCount: Type.Integer({ minimum: 0 }),
  unsentFen: Type.Integer(),
  offline: object({
    perPaymentFen: Type.Integer(),
    remainingFen: Type.Integer(),
    totalFen: Type.Integer(),
    /** Payments; null when only their sum is limited. */
    remainingCount: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    perMemberFen: Type.Integer(),
    perMemberCount: Type.Integer({ minimum: 0 }),
    closesAtMs: Type.Union([At, Type.Null()]),
  }),
  /** What may still be promised instead of paid; null: the signed limits allow none. */
  promises: Type.Union([
    object({
      perPromiseFen: Type.Integer(),
      remainingFen: Type.Integer(),
      totalFen: Type.Integer(),
      remainingCount: Type.Integer({ minimum: 0 }),
    }),
    Type.Null(),
  ]),
  exceptionCount: Type.Integer({ minimum: 0 }),
  /**
   * What is wrong with the till as a whole, as a catalogue code: the cloud does not know it any more, its settings
   * were not signed, its journal is refused. null when nothing is; the exceptions list has every one of them.
   */
  problem: Type.Optional(Type.Union([object({ code: Code }), Type.Null()])),
  /** Has this till an identity? Without one its window shows nothing but the activation. */
  isActivated: Type.Optional(Type.Boolean()),
  /** 店主密码: without one nobody's approval can be asked for. */
  isOwnerPinSet: Type.Optional(Type.Boolean()),
  devices: Type.Array(DeviceViewSchema, { maxItems: 16 }),
});
export type Status = Static<typeof StatusSchema>;
