import Type, { type Static } from 'typebox';
import {
  AttemptSchema,
  BusinessDateSchema,
  CashierSchema,
  CertificateIdSchema,
  ClaimTokenSchema,
  ConcessionBpSchema,
  EpochSchema,
  ErrorCodeSchema,
  LossBearerSchema,
  MemberIdSchema,
  NamedMemberSchema,
  OrderAmountSchema,
  OrderIdSchema,
  PartAmountSchema,
  PromiseKeptHowSchema,
  PromiseKindSchema,
  RefundHowSchema,
  RefundNoSchema,
  SeqSchema,
  WallMsSchema,
  WalletSchema,
} from '#shared/wire/v1/common.ts';
import { GoodsCodeSchema, GoodsNameSchema, GoodsUnitSchema } from '#shared/wire/v1/goods.ts';

/**
 * What a journal entry may say. Additive only: a new type or a new optional field is a minor change, anything
 * else needs wire v2. A cloud that meets a type it does not know parks the entry and acknowledges it.
 */
const body = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

/** The most ranges of lost entries that one store.opened names. */
export const lostRangesMax = 20;

/** The longest note on a row of the exceptions, in characters. */
export const exceptionNoteCharsMax = 64;

/** The longest name of who promised to pay, in characters. */
export const promiseWhoCharsMax = 32;

/** The longest reason for a refund, in characters. */
export const refundReasonCharsMax = 64;

/** The longest reason for a drawer that is opened without a sale, in characters. */
export const drawerReasonCharsMax = 64;

/** The most lines of goods in one sale. */
export const orderLinesMax = 200;
/** The most entries that the lines of one sale are cut into: one entry holds 19 of the longest lines there are. */
export const orderLinePartsMax = 20;
/** The most pieces of one line. */
export const lineQuantityMax = 999;

/** Goods in a sale, at the price that the till's catalogue had. Without a name: an amount that was typed by hand. */
export const SaleLineSchema = Type.Object(
  {
    code: Type.Optional(GoodsCodeSchema),
    name: Type.Optional(GoodsNameSchema),
    unit: Type.Optional(GoodsUnitSchema),
    quantity: Type.Integer({ minimum: 1, maximum: lineQuantityMax }),
    /** Of one piece. */
    priceFen: OrderAmountSchema,
  },
  { additionalProperties: false },
);
export type SaleLine = Static<typeof SaleLineSchema>;

/** The owner let it through with the PIN of this till; absent: nobody was asked. */
const ApprovedBySchema = Type.Optional(Type.Literal('owner'));

const order = { orderId: OrderIdSchema };
const attempt = { ...order, attempt: AttemptSchema };
const refund = { ...order, refundNo: RefundNoSchema };
const loss = {
  code: ErrorCodeSchema,
  /** Who bears it, and what of it the platform pays the merchant; absent: nothing was lost, or an older cloud. */
  bearer: Type.Optional(LossBearerSchema),
  coveredFen: Type.Optional(PartAmountSchema),
};

export const entryBodies = {
  /** The journal file came into being; always seq 1 of an epoch. */
  'store.opened': body({
    reason: Type.Union([
      Type.Literal('created'),
      Type.Literal('restored'),
      Type.Literal('salvaged'),
    ]),
    appVersion: Type.String({ maxLength: 32 }),
    /** Numbers of earlier epochs that nobody could read back, at most {@link lostRangesMax} of them. */
    lost: Type.Optional(
      Type.Array(body({ epoch: EpochSchema, fromSeq: SeqSchema, toSeq: SeqSchema }), {
        maxItems: lostRangesMax,
      }),
    ),
  }),
  /** A sale began: amount, rate, who, when. Written in the same transaction as its first tender entry. */
  'order.opened': body({
    ...order,
    amountFen: OrderAmountSchema,
    voucherFen: PartAmountSchema,
    /**
     * What a partner coupon of this shop took off before: the price was `amountFen + couponFen`.
     * Absent: none was used.
     */
    couponFen: Type.Optional(OrderAmountSchema),
    reservationId: Type.Optional(Type.String({ maxLength: 40 })),
    concessionBp: ConcessionBpSchema,
    businessDate: BusinessDateSchema,
    cashier: CashierSchema,
    claimToken: ClaimTokenSchema,
    memberId: Type.Optional(MemberIdSchema),
  }),
  /**
   * What was sold, line by line, right after `order.opened` and durable with it. An entry holds only so much, so the
   * lines may come in parts. All of them together come to the price: `amountFen + couponFen` of the order. Absent: the
   * sale is an amount and nothing else.
   */
  'order.lines': body({
    ...order,
    part: Type.Integer({ minimum: 1, maximum: orderLinePartsMax }),
    parts: Type.Integer({ minimum: 1, maximum: orderLinePartsMax }),
    lines: Type.Array(SaleLineSchema, { minItems: 1, maxItems: orderLinesMax }),
  }),
  /** A wallet code was scanned while the line is down; it lives in memory only, for 45 s at most. */
  'charge.held': body({
    ...order,
    wallet: WalletSchema,
    codeMask: Type.String({ maxLength: 32 }),
    untilMs: WallMsSchema,
  }),
  /** The held code ran out before the line came back: nothing was charged. */
  'charge.expired': body({ ...order }),
  /** A charge is about to leave. Durable before the first byte. Never holds the code: a mask and a keyed hash. */
  'charge.submitted': body({
    ...attempt,
    wallet: WalletSchema,
    codeMask: Type.String({ maxLength: 32 }),
    codeHash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    amountFen: OrderAmountSchema,
  }),
  'charge.paid': body({
    ...attempt,
    channel: Type.String({ maxLength: 32 }),
    channelRef: Type.String({ maxLength: 64 }),
    paidAtMs: WallMsSchema,
    /** Whose sale it is, as the cloud says: his code, or his wallet alone. Masked. */
    member: Type.Optional(NamedMemberSchema),
  }),
  'charge.failed': body({ ...attempt, code: ErrorCodeSchema }),
  'charge.unknown': body({ ...attempt, code: ErrorCodeSchema }),
  /** The cashier asked to cancel: only this lets the cloud reverse. */
  'charge.cancel-wanted': body({ ...attempt, cashier: CashierSchema }),
  'charge.reversed': body({ ...attempt }),
  'charge.refunded-late': body({ ...attempt }),
  /** A sale is about to go to the box POS. Durable before the first byte. */
  'pos.sent': body({
    ...attempt,
    amountFen: OrderAmountSchema,
    /** The protocol of the box: ecr-hub, transbank, bcd2. */
    protocol: Type.String({ maxLength: 32 }),
  }),
  'pos.paid': body({
    ...attempt,
    amountFen: OrderAmountSchema,
    /** What the box calls the transaction. */
    boxRef: Type.String({ minLength: 1, maxLength: 64 }),
    method: Type.Union([
      Type.Literal('scan'),
      Type.Literal('show'),
      Type.Literal('card'),
      Type.Literal('other'),
    ]),
    paidAtMs: WallMsSchema,
    /** Who read it from the box's slip, when no query could clear it up; absent when the box said it. */
    decidedBy: Type.Optional(CashierSchema),
    approvedBy: ApprovedBySchema,
  }),
  /** Definitely not charged: declined, given up at the box, or never heard of by a box that is idle. */
  'pos.failed': body({
    ...attempt,
    code: ErrorCodeSchema,
    decidedBy: Type.Optional(CashierSchema),
    approvedBy: ApprovedBySchema,
  }),
  /** The box did not answer: only a query of the box leaves this. */
  'pos.unknown': body({ ...attempt, code: ErrorCodeSchema }),
  /** The cashier asked the box to give the sale up: a request, the box's own word decides. */
  'pos.cancel-wanted': body({ ...attempt, cashier: CashierSchema }),
  'cash.recorded': body({
    ...order,
    dueFen: PartAmountSchema,
    tenderedFen: PartAmountSchema,
    changeFen: PartAmountSchema,
  }),
  /** A platform-signed member code was verified on the till inside the signed caps. `code` is the evidence. */
  'offline.accepted': body({
    ...order,
    memberId: MemberIdSchema,
    certificateId: CertificateIdSchema,
    code: Type.String({ pattern: '^[0-9]{100,512}$' }),
    capsVersion: Type.Integer({ minimum: 1 }),
    /** The trusted time by which the code was judged; absent from tills that wrote only their own clock's. */
    trustedAtMs: Type.Optional(WallMsSchema),
  }),
  'offline.settled': body({ ...order, voucherFen: PartAmountSchema, debitFen: PartAmountSchema }),
  'offline.debit-failed': body({ ...order, ...loss }),
  'offline.duplicate': body({ ...order, ...loss }),
  /**
   * The goods left on a promise while nothing could be charged: `iou` 赊账, `static-code` the
   * shop's own static code with the payment seen by eye. No payment: nothing settles it but a
   * person's word (docs/adr/0010-a-promise-is-no-payment.md).
   */
  'offline.promised': body({
    ...order,
    kind: PromiseKindSchema,
    amountFen: OrderAmountSchema,
    /**
     * Who owes it, as the shop calls him; of a static code the last digits of the payment's number.
     * No payment code.
     */
    who: Type.Optional(Type.String({ minLength: 1, maxLength: promiseWhoCharsMax })),
    /** The owner, who approved it by his PIN. */
    approvedBy: CashierSchema,
    capsVersion: Type.Integer({ minimum: 1 }),
    /** Version of the shop's signed promise limits: `caps.promises.version`. */
    limitsVersion: Type.Integer({ minimum: 1 }),
  }),
  /** Somebody says that the money came. `businessDate` is the day on which it did; in cash it is in the drawer then. */
  'offline.promise-kept': body({
    ...order,
    how: PromiseKeptHowSchema,
    businessDate: BusinessDateSchema,
    cashier: CashierSchema,
    approvedBy: Type.Optional(CashierSchema),
  }),
  /** Somebody says that the money will not come. */
  'offline.promise-broken': body({
    ...order,
    code: ErrorCodeSchema,
    cashier: CashierSchema,
    approvedBy: Type.Optional(CashierSchema),
    note: Type.String({ maxLength: exceptionNoteCharsMax }),
  }),
  'order.voided': body({ ...order, code: ErrorCodeSchema }),
  /**
   * The sale brought a coupon of another shop, which is about to be printed. The code on the paper
   * is in no journal: the till makes it anew from a secret of its own and the order's number, and
   * its hash shows that it is the same one.
   */
  'coupon.given': body({
    ...order,
    issuerName: Type.String({ minLength: 1, maxLength: 64 }),
    text: Type.String({ minLength: 1, maxLength: 64 }),
    offFen: OrderAmountSchema,
    minimumFen: OrderAmountSchema,
    /** The last day on which it is good, YYYY-MM-DD. */
    validUntil: BusinessDateSchema,
    tokenHash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  }),
  /**
   * Somebody asked to give money back. Durable before anything moves: before the channel is asked, before the drawer
   * opens. `amountFen` is the gross part of the order's amount that goes back, vouchers included.
   */
  'refund.asked': body({
    ...refund,
    amountFen: OrderAmountSchema,
    how: RefundHowSchema,
    /** The business day on which it was asked for; it counts in the refunds of that day. */
    businessDate: BusinessDateSchema,
    cashier: CashierSchema,
    approvedBy: ApprovedBySchema,
    reason: Type.String({ maxLength: refundReasonCharsMax }),
  }),
  /** The money went back. What of concession and points went back is the cloud's to say; absent: it has not yet. */
  'refund.done': body({
    ...refund,
    cashFen: PartAmountSchema,
    voucherFen: PartAmountSchema,
    concessionFen: Type.Optional(PartAmountSchema),
    points: Type.Optional(PartAmountSchema),
  }),
  /** Definitely nothing went back under this number. */
  'refund.failed': body({ ...refund, code: ErrorCodeSchema }),
  /** Nobody knows yet: only the cloud's answer about this number leaves it. */
  'refund.unknown': body({ ...refund, code: ErrorCodeSchema }),
  /** A print or drawer job exists. Durable before the first byte. `copy` 1 is the original, above it a 补打. */
  'print.queued': body({
    jobId: Type.String({ pattern: '^prt_[0-9A-Z]{26}$' }),
    kind: Type.Union([
      Type.Literal('receipt'),
      Type.Literal('drawer'),
      Type.Literal('day-slip'),
      Type.Literal('test'),
      Type.Literal('refund-slip'),
      Type.Literal('coupon'),
    ]),
    orderId: Type.Optional(OrderIdSchema),
    copy: Type.Integer({ minimum: 1, maximum: 99 }),
    /** Why the drawer opens; of a refund-slip the number of the refund. */
    reason: Type.Optional(Type.String({ maxLength: 64 })),
    approvedBy: ApprovedBySchema,
  }),
  'print.attempted': body({
    jobId: Type.String({ pattern: '^prt_[0-9A-Z]{26}$' }),
    attempt: AttemptSchema,
    processId: Type.String({ pattern: '^[ -~]{4}$' }),
    /** Strokes of the printer's cutter before the first byte; absent when it does not count. */
    cutBefore: Type.Optional(Type.Integer({ minimum: 0, maximum: 9_999_999_999 })),
  }),
  /** `level` is the evidence: 0 written, 1 drained, 2 parsed, 3 printed, 4 printed and cut. */
  'print.confirmed': body({
    jobId: Type.String({ pattern: '^prt_[0-9A-Z]{26}$' }),
    level: Type.Integer({ minimum: 0, maximum: 4 }),
  }),
  'print.unknown': body({
    jobId: Type.String({ pattern: '^prt_[0-9A-Z]{26}$' }),
    code: ErrorCodeSchema,
  }),
  'print.abandoned': body({
    jobId: Type.String({ pattern: '^prt_[0-9A-Z]{26}$' }),
    code: ErrorCodeSchema,
  }),
  /**
   * A person dealt with a row of the till's list of exceptions: who, how, and what he wrote. It moves no order and no
   * money; what it was about stays what it was.
   */
  'exception.resolved': body({
    /** Names the row: what kind, which order or job, in which state. */
    row: Type.String({ pattern: '^[a-z-]{1,16}:[!-~]{1,143}$' }),
    code: ErrorCodeSchema,
    /** `seen`: looked at and fine. `reprinted`: another copy was asked for. `acknowledged`: dealt with as noted. */
    action: Type.Union([
      Type.Literal('seen'),
      Type.Literal('reprinted'),
      Type.Literal('acknowledged'),
    ]),
    cashier: CashierSchema,
    note: Type.String({ maxLength: exceptionNoteCharsMax }),
    /** The order it is about; not `orderId`, because the order stays as it is. */
    about: Type.Optional(OrderIdSchema),
    paper: Type.Optional(
      Type.Union([
        Type.Literal('receipt'),
        Type.Literal('drawer'),
        Type.Literal('day-slip'),
        Type.Literal('test'),
        Type.Literal('refund-slip'),
        Type.Literal('coupon'),
      ]),
    ),
    sinceMs: WallMsSchema,
  }),
  /**
   * The drawer is about to be opened without a sale: who asked, why, and on which business day.
   * Stands before the `print.queued` of kind `drawer` whose `jobId` it names. A drawer that a sale,
   * a promise that was kept or a refund opens needs none: the order of its job says who and why.
   */
  'drawer.no-sale': body({
    jobId: Type.String({ pattern: '^prt_[0-9A-Z]{26}$' }),
    reason: Type.String({ minLength: 1, maxLength: drawerReasonCharsMax }),
    cashier: CashierSchema,
    businessDate: BusinessDateSchema,
    approvedBy: ApprovedBySchema,
  }),
  /** Signed caps from the cloud came into force on this till. */
  'caps.applied': body({ capsVersion: Type.Integer({ minimum: 1 }) }),
} as const;

export type EntryType = keyof typeof entryBodies;
export type EntryBody<T extends EntryType> = Static<(typeof entryBodies)[T]>;

/** An entry's meaning, parsed: what projections fold over. */
export type EntryFact = {
  [T in EntryType]: { readonly type: T; readonly body: EntryBody<T> };
}[EntryType];

/** The largest body text of one entry in characters. */
export const entryBodyCharsMax = 4096;
