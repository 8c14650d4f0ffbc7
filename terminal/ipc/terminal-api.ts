import Type, { type Static } from 'typebox';
import type { Result } from '#shared/result/result.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import {
  BusinessDateSchema,
  OrderAmountSchema,
  OrderIdSchema,
  PartAmountSchema,
  PromiseKeptHowSchema,
  PromiseKindSchema,
  RefundNoSchema,
} from '#shared/wire/v1/common.ts';
import {
  exceptionNoteCharsMax,
  promiseWhoCharsMax,
  refundReasonCharsMax,
} from '#shared/wire/v1/entries.ts';
import { PhoneSchema } from '#shared/wire/v1/members.ts';
import { deviceMethods } from '#terminal/ipc/devices.ts';
import { identityMethods } from '#terminal/ipc/identity.ts';
import { ApprovalIdSchema, BoxRefSchema, ownerMethods } from '#terminal/ipc/owner.ts';
import { promotionMethods } from '#terminal/ipc/promotion.ts';
import { receiptMethods } from '#terminal/ipc/receipt-template.ts';
import { StatusSchema, TillStateSchema } from '#terminal/ipc/state.ts';
import {
  ExceptionActionSchema,
  ExceptionKeySchema,
  ExceptionRowSchema,
  HandledRowSchema,
  OrderPageSchema,
  OrderRowSchema,
  TodaySchema,
} from '#terminal/ipc/views.ts';

/**
 * The whole contract between a window and the agent. Two transports carry it: Electron IPC, and loopback HTTP with
 * socket.io. One contract suite runs against both. A method takes one input object and answers a Result; an input
 * that does not fit its schema answers `input-invalid` and changes nothing.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const none = object({});

export const methods = {
  /** The amount on the keypad changed. Beside goods it is one line more. Errors: `amount-over-limit`, … */
  'till.setAmount': { input: object({ amountFen: PartAmountSchema }), output: none },
  /**
   * A code that came through the window (typed or a keyboard-wedge scanner); a serial scanner
   * reaches the agent directly.
   */
  'till.scan': { input: object({ text: Type.String({ maxLength: 1024 }) }), output: none },
  'till.payCash': { input: object({ tenderedFen: PartAmountSchema }), output: none },
  /** Take the sale on screen to the box POS, which has a line of its own. */
  'till.payBox': { input: none, output: none },
  /**
   * Let the goods go on a promise: while nothing can be charged, inside the signed limits, approved
   * by the owner's PIN.
   */
  'till.payPromise': {
    input: object({
      kind: PromiseKindSchema,
      who: Type.String({ maxLength: promiseWhoCharsMax }),
      approvalId: Type.Optional(ApprovalIdSchema),
    }),
    output: none,
  },
  /** Ask to cancel the sale in flight: a request, never a forget. */
  'till.cancel': { input: none, output: none },
  'till.queryNow': { input: none, output: none },
  /** Leave a result screen for the next sale. Refused while the outcome is unknown. */
  'till.dismiss': { input: none, output: none },
  /** A number that nobody has yet needs the customer's consent: `member-consent-missing` asks for it. */
  'till.attachMember': {
    input: object({
      phone: PhoneSchema,
      /** He agrees to be registered; `shops`: he also wants to hear of shops. */
      consent: Type.Optional(object({ shops: Type.Boolean() })),
    }),
    output: none,
  },
  'till.detachMember': { input: none, output: none },
  'till.useVoucher': { input: object({ use: Type.Boolean() }), output: none },
  /** The sale goes on without its partner coupon, whose paper is good again. */
  'till.dropCoupon': { input: none, output: none },
  /** Goods that were scanned are not sold: one line, or all of them. */
  'till.dropLines': {
    input: object({ no: Type.Optional(Type.Integer({ minimum: 1 })) }),
    output: none,
  },
  'till.state': { input: none, output: TillStateSchema },
  'status.get': { input: none, output: StatusSchema },
  'orders.list': {
    input: object({
      businessDate: Type.Optional(BusinessDateSchema),
      search: Type.Optional(Type.String({ maxLength: 32 })),
      state: Type.Optional(Type.String({ maxLength: 32 })),
      before: Type.Optional(OrderIdSchema),
      limit: Type.Integer({ minimum: 1, maximum: 200 }),
    }),
    output: OrderPageSchema,
  },
  'orders.get': { input: object({ orderId: OrderIdSchema }), output: OrderRowSchema },
  /**
   * A person read the slips of the box, which could not be asked: its number of the payment, or
   * null when there is none. Refused with `result-not-known` while the box has not been asked in
   * vain.
   */
  'orders.decideBox': {
    input: object({
      orderId: OrderIdSchema,
      boxRef: BoxRefSchema,
      /** `owner.approve`, once a PIN is set. */
      approvalId: Type.Optional(ApprovalIdSchema),
    }),
    output: none,
  },
  /** The promised money came. In cash it goes into the drawer, which opens. */
  'orders.keepPromise': {
    input: object({ orderId: OrderIdSchema, how: PromiseKeptHowSchema }),
    output: none,
  },
  /** The promised money will not come: the owner says so. */
  'orders.breakPromise': {
    input: object({
      orderId: OrderIdSchema,
      note: Type.String({ maxLength: exceptionNoteCharsMax }),
      approvalId: Type.Optional(ApprovalIdSchema),
    }),
    output: none,
  },
  /**
   * Money goes back the way it came: by the channel (needs the line), out of the drawer, or at the
   * box with its slip. `amountFen` is gross, vouchers included. What becomes of it stands in the
   * order. Errors: `order-not-found`, `refund-not-possible`, `refund-in-flight`,
   * `refund-too-large`, `refunds-exhausted`, `refund-needs-network`, those of the approval, a
   * disk's.
   */
  'orders.refund': {
    input: object({
      orderId: OrderIdSchema,
      amountFen: OrderAmountSchema,
      reason: Type.String({ maxLength: refundReasonCharsMax }),
      /** `owner.approve`, for this order and this sum: no money goes back on a cashier's word alone. */
      approvalId: Type.Optional(ApprovalIdSchema),
    }),
    output: object({ refundNo: RefundNoSchema }),
  },
  /** Another copy of the slip of a refund (补打). */
  'orders.reprintRefund': {
    input: object({ orderId: OrderIdSchema, refundNo: RefundNoSchema }),
    output: none,
  },
  'orders.reprint': { input: object({ orderId: OrderIdSchema }), output: none },
  'today.get': {
    input: object({ businessDate: Type.Optional(BusinessDateSchema) }),
    output: TodaySchema,
  },
  'today.printSlip': { input: none, output: none },
  'exceptions.list': {
    input: none,
    output: object({ rows: Type.Array(ExceptionRowSchema, { maxItems: 200 }) }),
  },
  /** What was dealt with on this business day, the latest first. */
  'exceptions.handled': {
    input: none,
    output: object({ rows: Type.Array(HandledRowSchema, { maxItems: 200 }) }),
  },
  /** A person dealt with a row; it is journaled with his name. `acknowledged` needs a note. */
  'exceptions.resolve': {
    input: object({
      key: ExceptionKeySchema,
      action: ExceptionActionSchema,
      note: Type.String({ maxLength: exceptionNoteCharsMax }),
    }),
    output: none,
  },
  ...deviceMethods,
  ...receiptMethods,
  ...ownerMethods,
  ...identityMethods,
  ...promotionMethods,
  'drawer.open': {
    input: object({
      reason: Type.String({ minLength: 1, maxLength: 64 }),
      /** `owner.approve`, once a PIN is set and unless the owner leaves the drawer to the cashier. */
      approvalId: Type.Optional(ApprovalIdSchema),
    }),
    output: none,
  },
} as const;

export type MethodName = keyof typeof methods;
export type MethodInput<M extends MethodName> = Static<(typeof methods)[M]['input']>;
export type MethodOutput<M extends MethodName> = Static<(typeof methods)[M]['output']>;

/** What the agent pushes. Events carry the whole new state, so a lost one is healed by the next. */
export const events = {
  'till.changed': TillStateSchema,
  'status.changed': StatusSchema,
  /** An order changed: lists and tallies may ask again. */
  'order.changed': object({ orderId: OrderIdSchema }),
} as const;

export type EventName = keyof typeof events;
export type EventPayload<E extends EventName> = Static<(typeof events)[E]>;
export type TerminalEvent = {
  [E in EventName]: { readonly name: E; readonly payload: EventPayload<E> };
}[EventName];

export interface TerminalError {
  readonly code: ErrorCode;
  readonly detail?: string;
}

export interface TerminalApi {
  call<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
  ): Promise<Result<MethodOutput<M>, TerminalError>>;
  /** Calls `listener` for every event until the returned function is called. */
  subscribe(listener: (event: TerminalEvent) => void): () => void;
}
