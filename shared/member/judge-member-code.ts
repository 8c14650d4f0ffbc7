import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import {
  decodeMemberCode,
  type MemberCodeFields,
  type MemberCodeMalformed,
} from '#shared/member/member-code.ts';
import { addFen, fen, fenOfYuan, minFen, subtractFen, type Fen } from '#shared/money/fen.ts';
import { basisPoints, shareFloor } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** A key of the platform as the till holds it: see IssuerKeySchema of the wire. */
export interface IssuerKey {
  readonly keyId: number;
  /** 32 raw bytes, base64url. */
  readonly publicKey: string;
}

/** Is `signature` the Ed25519 signature of `publicKey` over `bytes`? False for anything it cannot read. */
export type VerifySignature = (check: {
  readonly publicKey: string;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}) => boolean;

export type MemberCodeUntrusted =
  | MemberCodeMalformed
  | { readonly type: 'member-code-key-unknown'; readonly keyId: number }
  | { readonly type: 'member-code-forged' }
  | { readonly type: 'member-code-expired'; readonly notAfterSeconds: number }
  | { readonly type: 'member-code-scope'; readonly scope: number }
  | { readonly type: 'member-code-revoked' };

export type MemberCodeRefused =
  | MemberCodeUntrusted
  | { readonly type: 'member-code-used' }
  | { readonly type: 'offline-payment-limit'; readonly limitFen: Fen }
  | { readonly type: 'offline-member-sum'; readonly remainingFen: Fen }
  | { readonly type: 'offline-member-count'; readonly limit: number }
  | { readonly type: 'offline-shop-sum'; readonly remainingFen: Fen }
  | { readonly type: 'offline-shop-count'; readonly limit: number }
  | { readonly type: 'offline-window-closed'; readonly windowMs: number };

export interface MemberCodeAccepted {
  readonly memberId: MemberId;
  readonly certificateId: CertificateId;
  /** What this shop may still accept offline after this payment. */
  readonly shopRemainingFen: Fen;
}

/** What the caps allow; the same fields as CapsSchema of the wire, in fen and milliseconds. */
export interface OfflineCaps {
  readonly perPaymentFen: number;
  readonly perMemberFen: number;
  readonly perMemberCount: number;
  readonly shopUnsyncedFen: number;
  /** Payments that the shop may hold unsynced; absent: only their sum counts. */
  readonly shopUnsyncedCount?: number | undefined;
  readonly windowMs: number;
}

/** What was accepted offline and not settled yet, this payment not included. */
export interface OfflineUsage {
  readonly memberFen: Fen;
  readonly memberCount: number;
  readonly shopUnsyncedFen: Fen;
  readonly shopUnsyncedCount: number;
  /** Was this certificate accepted here before, settled or not? */
  readonly certificateUsed: boolean;
}

interface Trust {
  readonly code: string;
  readonly keys: readonly IssuerKey[];
  readonly verify: VerifySignature;
  /** Trusted time: the last time the cloud told, plus the monotonic time since. */
  readonly nowMs: number;
  readonly revoked: ReadonlySet<string>;
}

/** Is the code genuine and still good? Order: shape, key, signature, not-after, scope, revoked. */
export function verifyMemberCode(trust: Trust): Result<MemberCodeFields, MemberCodeUntrusted> {
  const decoded = decodeMemberCode(trust.code);
  if (!decoded.ok) return decoded;
  const { fields, signedBytes: bytes, signature } = decoded.value;
  const { keyId, notAfterSeconds, scope } = fields;
  const key = trust.keys.find((candidate) => candidate.keyId === keyId);
  if (key === undefined) return err({ type: 'member-code-key-unknown', keyId });
  if (!trust.verify({ publicKey: key.publicKey, bytes, signature })) {
    return err({ type: 'member-code-forged' });
  }
  if (trust.nowMs > notAfterSeconds * 1000) {
    return err({ type: 'member-code-expired', notAfterSeconds });
  }
  // Version 1 issues codes for any shop only; a narrower scope belongs to shops that this till cannot tell apart.
  if (scope !== 0) return err({ type: 'member-code-scope', scope });
  if (trust.revoked.has(fields.certificateId)) return err({ type: 'member-code-revoked' });
  return ok(fields);
}

/**
 * May this code pay `amountFen` while the cloud is out of reach? After {@link verifyMemberCode}, in this order:
 * used here before, per payment, per member sum, per member count, shop unsynced sum and count, window. The lower of the code's own
 * caps and the shop's signed caps holds. The caller journals `offline.accepted` before it shows anything.
 */
export function judgeMemberCode(
  request: Trust & {
    /** What is due after vouchers, above 0. */
    readonly amountFen: Fen;
    readonly caps: OfflineCaps;
    readonly usageOf: (code: MemberCodeFields) => OfflineUsage;
    /** Monotonic milliseconds since the cloud last answered. */
    readonly sinceContactMs: number;
  },
): Result<MemberCodeAccepted, MemberCodeRefused> {
  const { amountFen, caps, sinceContactMs } = request;
  assert(amountFen > 0, () => `a member code pays amounts above zero, got ${amountFen}`);
  const verified = verifyMemberCode(request);
  if (!verified.ok) return verified;
  const code = verified.value;
  const usage = request.usageOf(code);
  if (usage.certificateUsed) return err({ type: 'member-code-used' });
  const limitFen = minFen(fen(caps.perPaymentFen), fenOfYuan(code.paymentCapYuan));
  if (amountFen > limitFen) return err({ type: 'offline-payment-limit', limitFen });
  const memberCapFen = minFen(fen(caps.perMemberFen), fenOfYuan(code.windowCapYuan));
  if (addFen(usage.memberFen, amountFen) > memberCapFen) {
    return err({ type: 'offline-member-sum', remainingFen: room(memberCapFen, usage.memberFen) });
  }
  if (usage.memberCount >= caps.perMemberCount) {
    return err({ type: 'offline-member-count', limit: caps.perMemberCount });
  }
  const shopFen = room(fen(caps.shopUnsyncedFen), usage.shopUnsyncedFen);
  if (amountFen > shopFen) return err({ type: 'offline-shop-sum', remainingFen: shopFen });
  const shopCount = caps.shopUnsyncedCount;
  if (shopCount !== undefined && usage.shopUnsyncedCount >= shopCount) {
    return err({ type: 'offline-shop-count', limit: shopCount });
  }
  if (sinceContactMs > caps.windowMs) {
    return err({ type: 'offline-window-closed', windowMs: caps.windowMs });
  }
  return ok({
    memberId: code.memberId,
    certificateId: code.certificateId,
    shopRemainingFen: subtractFen(shopFen, amountFen),
  });
}

/**
 * Caps for a till that restarted while offline: its monotonic clock no longer reaches back to the cloud's time,
 * so the wall clock has to be believed, and half of the room is given.
 */
export const halveCaps = (caps: OfflineCaps): OfflineCaps => ({
  perPaymentFen: shareFloor(fen(caps.perPaymentFen), halfBp),
  perMemberFen: shareFloor(fen(caps.perMemberFen), halfBp),
  perMemberCount: Math.floor(caps.perMemberCount / 2),
  shopUnsyncedFen: shareFloor(fen(caps.shopUnsyncedFen), halfBp),
  ...(caps.shopUnsyncedCount === undefined
    ? {}
    : { shopUnsyncedCount: Math.floor(caps.shopUnsyncedCount / 2) }),
  windowMs: caps.windowMs,
});

const halfBp = basisPoints(5000);

const room = (capFen: Fen, usedFen: Fen): Fen =>
  usedFen >= capFen ? fen(0) : subtractFen(capFen, usedFen);
