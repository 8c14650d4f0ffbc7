import Type, { type Static } from 'typebox';
import { orderAmountFenMax } from '#shared/money/fen.ts';

/**
 * A licensed aggregator's protocol (聚合支付): one message set for three wallets and for withholding, JSON signed with
 * Ed25519. Licensed acquirers share this shape, each in names of his own; outcomes, codes and time rules follow the
 * public documents of WeChat Pay v3. docs/payments.md tells how an acquirer's own dialect is added.
 *
 *   POST /v1/pay       charge a scanned payment code               -> ChannelAnswer
 *   POST /v1/withhold  debit a member under his agreement          -> ChannelAnswer
 *   POST /v1/query     what became of an order number              -> ChannelAnswer
 *   POST /v1/reverse   unpaid: close; paid: give the money back    -> ChannelAnswer
 *   POST /v1/refund    give money back under a refund number       -> ChannelAnswer
 *   POST /v1/refund-query  what became of a refund number      -> ChannelAnswer
 *   POST /v1/books     the channel's own books, for reconciliation -> BooksAnswer
 *   POST /v1/bill      where the bill of a day and face lies       -> BillAnswer
 *   GET  {downloadUrl} the bill itself, gzip over JSON lines
 *   POST {notifyUrl}   the other way: a payment or refund that went through -> notifyAccepted
 *
 * Request headers: x-channel-app, x-channel-timestamp (seconds), x-channel-nonce (16..64 of [A-Za-z0-9_-]) and
 * x-channel-signature, base64 of Ed25519 over {@link requestSignText}. A request is refused when its time is more
 * than {@link timestampAgeSecondsMax} away or its nonce was seen within twice that time.
 * Answer headers: x-channel-timestamp and x-channel-signature over {@link answerSignText}, which names the nonce of
 * the request: an answer cannot be replayed for another question. The signature covers the raw bytes of the body.
 * A bill's file is not signed; the signed answer names the SHA-256 of its uncompressed bytes. Its address lies below the
 * channel's own and lives for {@link billAddressLivesMs}. Each line is one {@link BillFileLine}, by time, the last one
 * the {@link BillFileTotals} of those before it. A bill is there from 10:00 in Shanghai on the next day on
 * (BILL_NOT_READY before), for three months (BILL_NOT_FOUND afterwards, and for days without lines).
 * Notify headers: the same four, the signature over {@link notifySignText}. The app answers {@link notifyAccepted} with
 * status 200, unsigned; after anything else the channel posts again.
 */
export const timestampAgeSecondsMax = 300;
export const requestBytesMax = 16 * 1024;
export const answerBytesMax = 4 * 1024 * 1024;
export const booksPageMax = 1_000;

export const channelHeaders = {
  app: 'x-channel-app',
  timestamp: 'x-channel-timestamp',
  nonce: 'x-channel-nonce',
  signature: 'x-channel-signature',
} as const;

export const channelPaths = {
  pay: '/v1/pay',
  withhold: '/v1/withhold',
  query: '/v1/query',
  reverse: '/v1/reverse',
  refund: '/v1/refund',
  refundQuery: '/v1/refund-query',
  books: '/v1/books',
  bill: '/v1/bill',
} as const;
export type ChannelPath = (typeof channelPaths)[keyof typeof channelPaths];

/** Which wallet's rules the face plays. */
export const FaceSchema = Type.Union([
  Type.Literal('wechat'),
  Type.Literal('alipay'),
  Type.Literal('unionpay'),
  Type.Literal('withholding'),
]);
export type Face = Static<typeof FaceSchema>;

const AmountFenSchema = Type.Integer({ minimum: 1, maximum: orderAmountFenMax });
const MerchantNoSchema = Type.String({ pattern: '^[0-9A-Za-z]{1,32}$' });
/** WeChat allows 32 characters; UnionPay forbids - and _, so letters and digits only. */
const OutTradeNoSchema = Type.String({ pattern: '^[0-9A-Za-z]{8,32}$' });
const strict = { additionalProperties: false } as const;
/** Where the channel posts notifies about it. */
const notifies = {
  notifyUrl: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 256 })),
};

export const PayRequestSchema = Type.Object(
  {
    face: FaceSchema,
    merchantNo: MerchantNoSchema,
    outTradeNo: OutTradeNoSchema,
    amountFen: AmountFenSchema,
    authCode: Type.String({ pattern: '^[0-9]{16,24}$' }),
    description: Type.String({ minLength: 1, maxLength: 127 }),
    terminalNo: Type.String({ minLength: 1, maxLength: 40 }),
    ...notifies,
  },
  strict,
);
export type PayRequest = Static<typeof PayRequestSchema>;

export const WithholdRequestSchema = Type.Object(
  {
    face: FaceSchema,
    merchantNo: MerchantNoSchema,
    outTradeNo: OutTradeNoSchema,
    amountFen: AmountFenSchema,
    /** The agreement under which the member may be debited; here it is the member's id. */
    agreementNo: Type.String({ pattern: '^[0-9A-Za-z_]{4,40}$' }),
    description: Type.String({ minLength: 1, maxLength: 127 }),
    ...notifies,
  },
  strict,
);
export type WithholdRequest = Static<typeof WithholdRequestSchema>;

export const OrderRequestSchema = Type.Object(
  { merchantNo: MerchantNoSchema, outTradeNo: OutTradeNoSchema },
  strict,
);
export type OrderRequest = Static<typeof OrderRequestSchema>;

export const RefundRequestSchema = Type.Object(
  {
    merchantNo: MerchantNoSchema,
    outTradeNo: OutTradeNoSchema,
    /** The idempotency key of the refund. */
    outRefundNo: OutTradeNoSchema,
    amountFen: AmountFenSchema,
    ...notifies,
  },
  strict,
);
export type RefundRequest = Static<typeof RefundRequestSchema>;

export const RefundQueryRequestSchema = Type.Object(
  {
    merchantNo: MerchantNoSchema,
    outTradeNo: OutTradeNoSchema,
    outRefundNo: OutTradeNoSchema,
  },
  strict,
);
export type RefundQueryRequest = Static<typeof RefundQueryRequestSchema>;

export const BooksRequestSchema = Type.Object(
  { merchantNo: MerchantNoSchema, after: Type.String({ maxLength: 32 }) },
  strict,
);

/**
 * Where an order stands in the channel's books.
 * NOTPAY: known, nobody is paying. USERPAYING: the payer is typing a password. PAYERROR: the payment broke off.
 * CLOSED: reversed before any money moved; a payer who was typing may still turn it into SUCCESS. REFUND: money was taken and given back, wholly or in part.
 */
export const TradeStateSchema = Type.Union([
  Type.Literal('SUCCESS'),
  Type.Literal('USERPAYING'),
  Type.Literal('NOTPAY'),
  Type.Literal('PAYERROR'),
  Type.Literal('CLOSED'),
  Type.Literal('REFUND'),
]);
export type TradeState = Static<typeof TradeStateSchema>;

export const ChannelAnswerSchema = Type.Object({
  code: Type.String({ pattern: '^[A-Z_]{2,40}$' }),
  message: Type.String({ maxLength: 200 }),
  merchantNo: Type.Optional(MerchantNoSchema),
  outTradeNo: Type.Optional(OutTradeNoSchema),
  amountFen: Type.Optional(AmountFenSchema),
  state: Type.Optional(TradeStateSchema),
  transactionId: Type.Optional(Type.String({ maxLength: 64 })),
  paidAtMs: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Everything that has gone back of the order. */
  refundedFen: Type.Optional(Type.Integer({ minimum: 0 })),
  payerId: Type.Optional(Type.String({ maxLength: 64 })),
  /** Of answers about one refund: its number, and what went back under it. */
  outRefundNo: Type.Optional(OutTradeNoSchema),
  refundFen: Type.Optional(Type.Integer({ minimum: 1 })),
});
export type ChannelAnswer = Static<typeof ChannelAnswerSchema>;

/** What a notify says: the order as a query would tell it, and of a refund its number. */
export const ChannelNotifySchema = Type.Intersect([
  ChannelAnswerSchema,
  Type.Object({
    /** The same for every repetition. */
    eventId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    event: Type.Union([Type.Literal('payment'), Type.Literal('refund')]),
  }),
]);
export type ChannelNotify = Static<typeof ChannelNotifySchema>;

/** What the app answers a notify with, byte for byte, once it has stored it. */
export const notifyAccepted = '{"code":"SUCCESS"}';

export interface BookLine {
  readonly face: Face;
  readonly merchantNo: string;
  readonly outTradeNo: string;
  /** 0 when the number was closed before its charge arrived. */
  readonly amountFen: number;
  readonly state: TradeState;
  readonly transactionId: string;
  readonly paidAtMs?: number;
  /** When a reversal closed it unpaid. Money that came all the same has a later `paidAtMs`. */
  readonly closedAtMs?: number;
  readonly refundedFen: number;
}

/** The lines that follow `after`, by order number; `more` says that the page was full. */
export interface BooksAnswer {
  readonly code: 'SUCCESS';
  readonly lines: readonly BookLine[];
  readonly more: boolean;
}

export const billAddressLivesMs = 300_000;

export const BillRequestSchema = Type.Object(
  { face: FaceSchema, date: Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }) },
  strict,
);
export type BillRequest = Static<typeof BillRequestSchema>;

/** All merchants of the app, one day in Shanghai, one face. What it is about is there with code SUCCESS. */
export const BillAnswerSchema = Type.Object({
  code: Type.String({ pattern: '^[A-Z_]{2,40}$' }),
  message: Type.String({ maxLength: 200 }),
  face: Type.Optional(FaceSchema),
  date: Type.Optional(Type.String()),
  downloadUrl: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 512 })),
  /** Of the uncompressed bytes, hex. */
  sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
});
export type BillAnswer = Static<typeof BillAnswerSchema>;

const NotNegativeSchema = Type.Integer({ minimum: 0 });

/** A line of a bill's file. `state` CLOSED moved no money. `feeFen` is less than nothing where a fee went back. */
export const BillFileLineSchema = Type.Object(
  {
    type: Type.Union([Type.Literal('payment'), Type.Literal('refund'), Type.Literal('reversal')]),
    atMs: NotNegativeSchema,
    merchantNo: MerchantNoSchema,
    outTradeNo: Type.String({ pattern: '^[0-9A-Za-z]{1,64}$' }),
    transactionId: Type.String({ maxLength: 64 }),
    state: TradeStateSchema,
    amountFen: NotNegativeSchema,
    feeFen: Type.Integer(),
    /** Of refunds. */
    outRefundNo: Type.Optional(Type.String({ pattern: '^[0-9A-Za-z]{1,64}$' })),
  },
  strict,
);
export type BillFileLine = Static<typeof BillFileLineSchema>;

/** The last line: how many lines stand above it, what came in, what went back, and the fees. */
export const BillFileTotalsSchema = Type.Object(
  {
    type: Type.Literal('totals'),
    lines: NotNegativeSchema,
    paidFen: NotNegativeSchema,
    backFen: NotNegativeSchema,
    feeFen: Type.Integer(),
  },
  strict,
);
export type BillFileTotals = Static<typeof BillFileTotalsSchema>;

/** The text a request's signature covers: five lines, each ended by a line feed. */
export const requestSignText = (parts: {
  readonly path: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: string;
}): string => `POST\n${parts.path}\n${parts.timestamp}\n${parts.nonce}\n${parts.body}\n`;

/** The text an answer's signature covers: status, time, the nonce of the request, and the raw body. */
export const answerSignText = (parts: {
  readonly status: number;
  readonly timestamp: string;
  readonly requestNonce: string;
  readonly body: string;
}): string => `${parts.status}\n${parts.timestamp}\n${parts.requestNonce}\n${parts.body}\n`;

/** The text a notify's signature covers: for whom, time, nonce, and the raw body. */
export const notifySignText = (parts: {
  readonly app: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: string;
}): string => `NOTIFY\n${parts.app}\n${parts.timestamp}\n${parts.nonce}\n${parts.body}\n`;
