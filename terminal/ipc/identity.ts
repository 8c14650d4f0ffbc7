import Type, { type Static } from 'typebox';

/**
 * Who this till is, between a window and the agent. A new till has no identity and sells nothing; a
 * one-time code from the operator's console (12 characters, 15 minutes, 5 tries) makes it a till of
 * a shop. It is typed, or scanned with any scanner.
 *
 * Errors of `identity.activate`: `activation-code-invalid`, `activation-code-expired`,
 * `activation-code-used`, `activation-code-locked`, `agent-activated-already`, `agent-busy` (one is
 * being asked for), `cloud-unreachable` and its kin, a disk's. The same code may be sent again
 * after a lost answer: the cloud answers the same till.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const none = object({});

/** Characters of an activation code, without the hyphens that people write between them. */
export const activationCodeChars = 12;

export const IdentityStateSchema = object({
  isActivated: Type.Boolean(),
  /** The cloud is being asked. */
  isAsking: Type.Boolean(),
  /** Why the last code, typed or scanned, was refused; null: none was, or one is being asked for. */
  refusal: Type.Union([
    object({ code: Type.String({ maxLength: 64 }), atMs: Type.Integer() }),
    Type.Null(),
  ]),
  /** null before activation. */
  terminalId: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
  merchantName: Type.String({ maxLength: 64 }),
  storeName: Type.String({ maxLength: 64 }),
  /**
   * By how much the computer's clock differs from the cloud's, milliseconds, when it is worth a
   * word; null: it is right, or not known.
   */
  clockOffMs: Type.Union([Type.Integer(), Type.Null()]),
});
export type IdentityState = Static<typeof IdentityStateSchema>;

/** Spread into the methods of terminal-api.ts. `status.changed` tells when to look again. */
export const identityMethods = {
  'identity.state': { input: none, output: IdentityStateSchema },
  /** Letter case, spaces and hyphens do not matter; O is read as 0, I and L as 1. */
  'identity.activate': {
    input: object({ code: Type.String({ maxLength: 64 }) }),
    output: IdentityStateSchema,
  },
} as const;
