import Type, { type Static } from 'typebox';
import {
  ConcessionBpSchema,
  ErrorCodeSchema,
  LossBearerSchema,
  MerchantIdSchema,
  NamedMemberSchema,
  OrderIdSchema,
  PartAmountSchema,
  TerminalIdSchema,
  WallMsSchema,
} from '#shared/wire/v1/common.ts';

/** An Ed25519 public key: 32 raw bytes in base64url without padding. */
export const PublicKeySchema = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
/** An Ed25519 signature: 64 raw bytes in base64url without padding. */
export const SignatureSchema = Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' });

/**
 * POST /v1/terminals/activate: a one-time code (12 characters of Crockford base 32 = 60 bits, 15 minutes, 5 tries)
 * and a fresh public key become a terminal. `proof` signs "greentill/activate/1\n{code}\n{publicKey}" with the new
 * key, so nobody can bind a key he does not hold.
 */
export const ActivationRequestSchema = Type.Object(
  {
    code: Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{12}$' }),
    publicKey: PublicKeySchema,
    proof: SignatureSchema,
    model: Type.String({ minLength: 1, maxLength: 64 }),
    appVersion: Type.String({ minLength: 1, maxLength: 32 }),
  },
  { additionalProperties: false },
);
export type ActivationRequest = Static<typeof ActivationRequestSchema>;

/** How much may be promised instead of paid. The loss is the shop's own, so its owner sets them below the bound. */
export const PromiseLimitsSchema = Type.Object(
  {
    /** Grows with each change by the shop; 1: as the platform delivers them. */
    version: Type.Integer({ minimum: 1 }),
    perPromiseFen: PartAmountSchema,
    /** Sum of the promises that nobody has called kept or broken yet. */
    openFen: PartAmountSchema,
    openCount: Type.Integer({ minimum: 0, maximum: 1_000 }),
    /** No promise is taken so many milliseconds after the last contact with the cloud. */
    windowMs: Type.Integer({ minimum: 0, maximum: 604_800_000 }),
  },
  { additionalProperties: false },
);
export type PromiseLimits = Static<typeof PromiseLimitsSchema>;

/** What a till may do while the cloud is out of reach. Signed by the cloud; all amounts in fen. */
export const CapsSchema = Type.Object(
  {
    version: Type.Integer({ minimum: 1 }),
    perPaymentFen: PartAmountSchema,
    perMemberFen: PartAmountSchema,
    perMemberCount: Type.Integer({ minimum: 0, maximum: 100 }),
    shopUnsyncedFen: PartAmountSchema,
    /** Payments that the shop may hold unsynced; absent: only their sum is limited. */
    shopUnsyncedCount: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    /** Offline acceptance closes this many milliseconds after the last contact with the cloud. */
    windowMs: Type.Integer({ minimum: 0, maximum: 604_800_000 }),
    /** Lower caps of the bearer form of member codes; absent: as the rest. */
    bearer: Type.Optional(
      Type.Object(
        {
          perPaymentFen: PartAmountSchema,
          perMemberFen: PartAmountSchema,
          perMemberCount: Type.Integer({ minimum: 0, maximum: 100 }),
        },
        { additionalProperties: false },
      ),
    ),
    /** Of so many member codes one is taken online only, while there is a line; absent: none. */
    onlineOneIn: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    /** What the platform answers for of one payment inside the caps; absent: `perPaymentFen`. */
    guaranteedFen: Type.Optional(PartAmountSchema),
    /** Promised tenders (赊账, static code by eye); absent: they are not allowed. */
    promises: Type.Optional(PromiseLimitsSchema),
    issuedAtMs: WallMsSchema,
  },
  { additionalProperties: false },
);
export type Caps = Static<typeof CapsSchema>;

/** Keys that sign member codes: current and next. */
export const IssuerKeySchema = Type.Object({
  keyId: Type.Integer({ minimum: 0, maximum: 255 }),
  publicKey: PublicKeySchema,
});

/** The key that the cloud will sign configurations with next, announced under the one that signs them now. */
export const NextSigningKeySchema = Type.Object({
  publicKey: PublicKeySchema,
  /** A configuration that it signed is believed from then on, by the cloud's time. */
  notBeforeMs: WallMsSchema,
});
export type NextSigningKey = Static<typeof NextSigningKeySchema>;

/** Changes of that key that a terminal may have slept through: the newest so many travel with a configuration. */
export const signingKeyChangesMax = 16;

/** One change: `signature` is by `fromKey`, over `signingKeyChangeText`. */
export const SigningKeyChangeSchema = Type.Object({
  fromKey: PublicKeySchema,
  toKey: PublicKeySchema,
  notBeforeMs: WallMsSchema,
  signature: SignatureSchema,
});
export type SigningKeyChange = Static<typeof SigningKeyChangeSchema>;

/**
 * GET /v1/terminals/me/config: pulled at activation and whenever configVersion grows.
 * `signature` is the cloud's Ed25519 signature over the UTF-8 of `payload`, the JSON text of a ConfigPayload.
 */
export const ConfigPayloadSchema = Type.Object(
  {
    configVersion: Type.Integer({ minimum: 1 }),
    terminalId: TerminalIdSchema,
    merchantId: MerchantIdSchema,
    merchantName: Type.String({ maxLength: 64 }),
    storeName: Type.String({ maxLength: 64 }),
    storePhone: Type.String({ maxLength: 32 }),
    concessionBp: ConcessionBpSchema,
    /** Share of the settlement paid the same day, basis points. */
    sameDayBp: Type.Integer({ minimum: 5000, maximum: 8000 }),
    /** Hour of the Shanghai day at which the business day begins, 0..12. */
    cutOverHour: Type.Integer({ minimum: 0, maximum: 12 }),
    /** Where a claim QR points: "{claimBaseUrl}{claimToken}". */
    claimBaseUrl: Type.String({ maxLength: 200 }),
    caps: CapsSchema,
    issuerKeys: Type.Array(IssuerKeySchema, { maxItems: 4 }),
    /**
     * Number of the last reset of the owner's PIN: a till that has not followed it forgets its PIN.
     * Absent: none yet.
     */
    ownerPinReset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    /** Absent: no change of the cloud's key is on. */
    nextSigningKey: Type.Optional(NextSigningKeySchema),
    revokedCertificateIds: Type.Array(Type.String({ maxLength: 40 }), { maxItems: 10_000 }),
  },
  { additionalProperties: false },
);
export type ConfigPayload = Static<typeof ConfigPayloadSchema>;

export const SignedConfigSchema = Type.Object({
  payload: Type.String({ maxLength: 1_000_000 }),
  signature: SignatureSchema,
  /** For a terminal that still pins an earlier key: how the cloud came from it to this one, oldest first. */
  keyChanges: Type.Optional(Type.Array(SigningKeyChangeSchema, { maxItems: signingKeyChangesMax })),
});
export type SignedConfig = Static<typeof SignedConfigSchema>;

export const ActivationAnswerSchema = Type.Object({
  terminalId: TerminalIdSchema,
  serverPublicKey: PublicKeySchema,
  serverMs: WallMsSchema,
  config: SignedConfigSchema,
});
export type ActivationAnswer = Static<typeof ActivationAnswerSchema>;

/**
 * POST /v1/terminals/me/key: the terminal changes its key. The request is signed with the key in force (that is how
 * the old key signs the new one); `proof` signs {@link rotationProofText} with the new key. The same key asked for
 * again, signed with either key, answers the same: a lost answer costs nothing.
 */
export const RotationRequestSchema = Type.Object(
  { publicKey: PublicKeySchema, proof: SignatureSchema },
  { additionalProperties: false },
);
export type RotationRequest = Static<typeof RotationRequestSchema>;

export const RotationAnswerSchema = Type.Object({
  /** The key in force from now on. */
  publicKey: PublicKeySchema,
  /** Until then requests signed with the key before are taken too. */
  previousUntilMs: WallMsSchema,
});
export type RotationAnswer = Static<typeof RotationAnswerSchema>;

/**
 * GET /v1/results?after={cursor}: what became of orders after the till let go of them, oldest first.
 * The socket says "pull now"; this cursor is the truth.
 */
export const OrderResultSchema = Type.Object({
  cursor: Type.Integer({ minimum: 1 }),
  orderId: OrderIdSchema,
  result: Type.Union([
    Type.Literal('paid'),
    Type.Literal('failed'),
    Type.Literal('reversed'),
    Type.Literal('refunded-late'),
    Type.Literal('settled'),
    Type.Literal('debit-failed'),
    Type.Literal('duplicate'),
    Type.Literal('parked'),
  ]),
  attempt: Type.Optional(Type.Integer({ minimum: 1, maximum: 99 })),
  voucherFen: Type.Optional(PartAmountSchema),
  debitFen: Type.Optional(PartAmountSchema),
  channel: Type.Optional(Type.String({ maxLength: 32 })),
  channelRef: Type.Optional(Type.String({ maxLength: 64 })),
  code: Type.Optional(ErrorCodeSchema),
  /** Of `debit-failed` and `duplicate`: who bears the loss, and what of it the platform pays the merchant. */
  bearer: Type.Optional(LossBearerSchema),
  coveredFen: Type.Optional(PartAmountSchema),
  /** Of `paid`: whose sale it is. */
  member: Type.Optional(NamedMemberSchema),
  atMs: WallMsSchema,
});
export type OrderResult = Static<typeof OrderResultSchema>;

export const ResultsAnswerSchema = Type.Object({
  results: Type.Array(OrderResultSchema, { maxItems: 500 }),
  more: Type.Boolean(),
});
export type ResultsAnswer = Static<typeof ResultsAnswerSchema>;

/** 赊账 and static codes of one day, beside the four sums of its turnover. */
export const PromiseTallySchema = Type.Object({
  /** Promised that day and still open. */
  iouFen: Type.Integer(),
  staticCodeFen: Type.Integer(),
  openCount: Type.Integer(),
  /** Kept that day, whenever it was promised; `keptCashFen` of it is in the drawer. */
  keptFen: Type.Integer(),
  keptCashFen: Type.Integer(),
  keptCount: Type.Integer(),
});
export type PromiseTally = Static<typeof PromiseTallySchema>;

/** What went back on one business day, whenever it was sold: beside the turnover, which is not rewritten. */
export const RefundTallySchema = Type.Object({
  /** By the channels, out of the drawer, at the box POS. */
  channelFen: Type.Integer(),
  cashFen: Type.Integer(),
  boxSlipFen: Type.Integer(),
  /** From the owner's own account, by his own hand; absent: nothing. */
  ownAccountFen: Type.Optional(Type.Integer()),
  /** Back to members' wallets. */
  voucherFen: Type.Integer(),
  count: Type.Integer(),
});
export type RefundTally = Static<typeof RefundTallySchema>;

/** GET /v1/tallies/{businessDate}: the cloud's own sums for this terminal's merchant: the line 今日应到. */
export const CloudTallySchema = Type.Object({
  businessDate: Type.String(),
  settledFen: Type.Integer(),
  cashFen: Type.Integer(),
  offlineFen: Type.Integer(),
  pendingFen: Type.Integer(),
  orderCount: Type.Integer(),
  /** 货款: paid the same day. */
  sameDayFen: Type.Integer(),
  /** 结算保留款: held back until `reserveDueDate`. */
  reserveFen: Type.Integer(),
  reserveDueDate: Type.String(),
  /** 券补贴: voucher deductions paid to the merchant in cash. */
  subsidyFen: Type.Integer(),
  concessionFen: Type.Integer(),
  /** What was promised and what promises brought that day: no turnover, none of the sums above. */
  promises: Type.Optional(PromiseTallySchema),
  refunds: Type.Optional(RefundTallySchema),
});
export type CloudTally = Static<typeof CloudTallySchema>;
