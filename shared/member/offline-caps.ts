import { fen } from '#shared/money/fen.ts';
import { basisPoints, shareFloor } from '#shared/money/rate.ts';

/** What one form of the member code may pay: fen of one payment, fen and payments of one member. */
export interface MemberCaps {
  readonly perPaymentFen: number;
  readonly perMemberFen: number;
  readonly perMemberCount: number;
}

/** What the caps allow; the same fields as CapsSchema of the wire, in fen and milliseconds. */
export interface OfflineCaps extends MemberCaps {
  readonly shopUnsyncedFen: number;
  /** Payments that the shop may hold unsynced; absent: only their sum counts. */
  readonly shopUnsyncedCount?: number | undefined;
  readonly windowMs: number;
  /** Of the bearer form, which anybody can pay with who holds it; absent: as the rest. */
  readonly bearer?: MemberCaps | undefined;
  /** Of so many codes one must be taken online while there is a line; absent: none. */
  readonly onlineOneIn?: number | undefined;
  /** What the platform answers for of one payment inside the caps; absent: the cap per payment. */
  readonly guaranteedFen?: number | undefined;
}

/** The caps of one form of code: of the bearer form the lower of its own and the rest. Pure. */
export function inForm(caps: OfflineCaps, form: 'bearer' | 'two-layer'): OfflineCaps {
  const own = form === 'bearer' ? caps.bearer : undefined;
  if (own === undefined) return caps;
  return {
    ...caps,
    perPaymentFen: Math.min(caps.perPaymentFen, own.perPaymentFen),
    perMemberFen: Math.min(caps.perMemberFen, own.perMemberFen),
    perMemberCount: Math.min(caps.perMemberCount, own.perMemberCount),
  };
}

/**
 * Caps for a till that restarted while offline: its monotonic clock no longer reaches back to the cloud's time,
 * so the wall clock has to be believed, and half of the room is given.
 */
export const halveCaps = (caps: OfflineCaps): OfflineCaps => ({
  ...halveMember(caps),
  shopUnsyncedFen: halfFen(caps.shopUnsyncedFen),
  ...(caps.shopUnsyncedCount === undefined
    ? {}
    : { shopUnsyncedCount: Math.floor(caps.shopUnsyncedCount / 2) }),
  windowMs: caps.windowMs,
  ...(caps.bearer === undefined ? {} : { bearer: halveMember(caps.bearer) }),
  ...(caps.onlineOneIn === undefined ? {} : { onlineOneIn: caps.onlineOneIn }),
  ...(caps.guaranteedFen === undefined ? {} : { guaranteedFen: caps.guaranteedFen }),
});

const halveMember = (caps: MemberCaps): MemberCaps => ({
  perPaymentFen: halfFen(caps.perPaymentFen),
  perMemberFen: halfFen(caps.perMemberFen),
  perMemberCount: Math.floor(caps.perMemberCount / 2),
});

const halfBp = basisPoints(5000);
const halfFen = (amountFen: number): number => shareFloor(fen(amountFen), halfBp);
