import Type, { type Static } from 'typebox';

/**
 * The owner's PIN (店主密码) between a window and the agent. A PIN goes in and never comes out: no state, event, log or
 * journal entry carries one. What it opens is an *approval* (one action, once, for a minute) or the *owner's time* at the
 * pages that set the till up (five minutes).
 *
 * Errors: `owner-pin-not-set`, `owner-pin-wrong`, `owner-pin-locked` (ask `owner.state` until when), `owner-pin-weak`,
 * `owner-pin-missing` (one is set: the old one is needed), `agent-busy` (another try is being checked), a disk's. A guarded
 * method answers `owner-approval-missing`, `owner-approval-stale` (used, too old, or for another action), and
 * `owner-locked` where it needs the owner's time.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const none = object({});

export const pinDigitsMin = 4;
export const pinDigitsMax = 8;
const Pin = Type.String({ pattern: `^[0-9]{${pinDigitsMin},${pinDigitsMax}}$` });

/** What one approval can be for. */
export const OwnerActionSchema = Type.Union([
  /** A sale on trust, to be paid later. */
  Type.Literal('till.payPromise'),
  /** A promise that will not be kept. */
  Type.Literal('orders.breakPromise'),
  /** What became of a sale at a box that cannot be asked. */
  Type.Literal('orders.decideBox'),
  /** Money that goes back. */
  Type.Literal('orders.refund'),
  /** The drawer without a sale. */
  Type.Literal('drawer.open'),
  /** Which actions need the owner. */
  Type.Literal('owner.setRules'),
]);
export type OwnerAction = Static<typeof OwnerActionSchema>;

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
  /** One action, once, within 60 s. */
  'owner.approve': {
    input: object({ pin: Pin, action: OwnerActionSchema }),
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
