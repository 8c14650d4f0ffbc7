import Type, { type Static } from 'typebox';
import { OrderAmountSchema, OrderIdSchema } from '#shared/wire/v1/common.ts';

/**
 * The owner's PIN (店主密码) between a window and the agent. A PIN goes in and never comes out: no
 * state, event, log or journal entry carries one. What it opens is an *approval* (one action, once,
 * for a minute) or the *owner's time* at the pages that set the till up (five minutes).
 *
 * Errors: `owner-pin-not-set`, `owner-pin-wrong`, `owner-pin-locked` (ask `owner.state` until
 * when), `owner-pin-weak`, `owner-pin-missing` (one is set: the old one is needed),
 * `owner-pin-lost` (no PIN is right here: an older file took the place of the till's),
 * `owner-pin-unchecked` (the computer could not check it), `agent-busy` (another try is being
 * checked), a disk's. A guarded method answers `owner-approval-missing`, `owner-approval-stale`
 * (used, too old, or for something else), and `owner-locked` where it needs the owner's time.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const none = object({});

export const pinDigitsMin = 4;
export const pinDigitsMax = 8;
const Pin = Type.String({ pattern: `^[0-9]{${pinDigitsMin},${pinDigitsMax}}$` });

/** The number that a box gave a payment; null: a person found no slip of one. */
export const BoxRefSchema = Type.Union([
  Type.String({ pattern: '^[0-9A-Za-z-]{4,64}$' }),
  Type.Null(),
]);

/** One thing that the owner approves: the action, and what his PIN is typed for. */
const wish = <A extends string, T extends Type.TProperties>(action: A, about: T) =>
  object({ pin: Pin, action: Type.Literal(action), ...about });

/** What one approval can be for: the action, and the order and sum that the owner saw. It is good for nothing else. */
const ApproveInputSchema = Type.Union([
  /** A sale on trust, to be paid later: the one on screen. */
  wish('till.payPromise', {}),
  /** A promise that will not be kept. */
  wish('orders.breakPromise', { orderId: OrderIdSchema }),
  /** What became of a sale at a box that cannot be asked. */
  wish('orders.decideBox', { orderId: OrderIdSchema, boxRef: BoxRefSchema }),
  /** Money that goes back, gross. */
  wish('orders.refund', { orderId: OrderIdSchema, amountFen: OrderAmountSchema }),
  /** The drawer without a sale. */
  wish('drawer.open', {}),
  /** Which actions need the owner. */
  wish('owner.setRules', {}),
]);
type WithoutPin<T> = T extends unknown ? Omit<T, 'pin'> : never;
export type OwnerWish = WithoutPin<Static<typeof ApproveInputSchema>>;
export type OwnerAction = OwnerWish['action'];

/** Names an approval in the input of the method that it is for. */
export const ApprovalIdSchema = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' });

export const OwnerStateSchema = object({
  isPinSet: Type.Boolean(),
  /** Wrong tries before the next lock. */
  triesLeft: Type.Integer({ minimum: 0 }),
  /** Wall milliseconds until which no PIN is taken; null: one is. Runs on the monotonic clock. */
  lockedUntilMs: Type.Union([Type.Integer(), Type.Null()]),
  /** Wall milliseconds until which the pages that set the till up are open; null: closed. */
  unlockedUntilMs: Type.Union([Type.Integer(), Type.Null()]),
  /** Does the drawer outside a sale need the owner? */
  guardsDrawer: Type.Boolean(),
  /** Wall milliseconds since when the PIN that is set is the one; null: none is set, or nobody wrote it down. */
  pinSetAtMs: Type.Union([Type.Integer(), Type.Null()]),
});
export type OwnerState = Static<typeof OwnerStateSchema>;

/** Spread into the methods of terminal-api.ts. */
export const ownerMethods = {
  'owner.state': { input: none, output: OwnerStateSchema },
  /** The first one needs no old one; changing it does. Forgotten: the operator resets it from the cloud. */
  'owner.setPin': {
    input: object({ oldPin: Type.Optional(Pin), newPin: Pin }),
    output: none,
  },
  /** One action on one thing, once, within 60 s. */
  'owner.approve': {
    input: ApproveInputSchema,
    output: object({ approvalId: ApprovalIdSchema, untilMs: Type.Integer() }),
  },
  /** Opens the pages that set the till up, for five minutes or until `owner.lock`. */
  'owner.unlock': { input: object({ pin: Pin }), output: object({ untilMs: Type.Integer() }) },
  'owner.lock': { input: none, output: none },
  'owner.setRules': {
    input: object({
      guardsDrawer: Type.Boolean(),
      approvalId: Type.Optional(ApprovalIdSchema),
    }),
    output: none,
  },
} as const;
