import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { inForm, type OfflineCaps } from '#shared/member/offline-caps.ts';
import {
  genuineMemberCode,
  isTimely,
  type GenuineCode,
  type Keys,
  type MemberCodeUntrusted,
} from '#shared/member/verify-member-code.ts';
import { addFen, fen, fenOfYuan, minFen, subtractFen, type Fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export type OverCaps =
  | { readonly type: 'offline-payment-limit'; readonly limitFen: Fen }
  | { readonly type: 'offline-member-sum'; readonly remainingFen: Fen }
  | { readonly type: 'offline-member-count'; readonly limit: number }
  | { readonly type: 'offline-shop-sum'; readonly remainingFen: Fen }
  | { readonly type: 'offline-shop-count'; readonly limit: number }
  | { readonly type: 'offline-window-closed'; readonly windowMs: number };

export type MemberCodeRefused =
  | MemberCodeUntrusted
  | OverCaps
  /** The bearer form was accepted here before, or the phone's counter is not above the last one seen. */
  | { readonly type: 'member-code-used' }
  | { readonly type: 'member-code-list-old' }
  | { readonly type: 'offline-online-wanted' };

export interface MemberCodeAccepted {
  readonly memberId: MemberId;
  readonly certificateId: CertificateId;
  /** What this shop may still accept offline after this payment. */
  readonly shopRemainingFen: Fen;
}

/** What was accepted offline and not settled yet, this payment not included. */
export interface OfflineUsage {
  readonly memberFen: Fen;
  readonly memberCount: number;
  readonly shopUnsyncedFen: Fen;
  readonly shopUnsyncedCount: number;
  /** Was this certificate accepted here before, settled or not? */
  readonly certificateUsed: boolean;
  /** The highest counter of this certificate that was accepted here; 0 when none was. */
  readonly lastCounter: number;
}

/** A list of revoked codes that is older proves nothing about a phone that was lost since. */
export const revocationListAgeMsMax = 24 * 3_600_000;

/**
 * May this code pay `amountFen` while the cloud is out of reach? In this order: shape, key, both
 * signatures, not-after, the phone's time, counter (bearer: used here before), scope, revoked and
 * the age of that list, per payment, per member sum, per member count, shop unsynced sum and count,
 * window, random online demand. The lower of the code's own caps and the shop's signed caps holds;
 * the bearer form has caps of its own. The caller journals `offline.accepted` before it shows
 * anything.
 */
export function judgeMemberCode(
  request: Keys & {
    /** Trusted time: the last time the cloud told, plus the monotonic time since. */
    readonly nowMs: number;
    readonly revoked: ReadonlySet<string>;
    /** Milliseconds since the cloud last said that the list of revoked codes is the newest. */
    readonly listAgeMs: number;
    /** What is due after vouchers, above 0. */
    readonly amountFen: Fen;
    readonly caps: OfflineCaps;
    readonly usageOf: (code: GenuineCode) => OfflineUsage;
    /** Monotonic milliseconds since the cloud last answered. */
    readonly sinceContactMs: number;
    /** This one of the many must be taken online, because there is a line. */
    readonly isOnlineWanted: (code: GenuineCode) => boolean;
  },
): Result<MemberCodeAccepted, MemberCodeRefused> {
  const { amountFen } = request;
  assert(amountFen > 0, () => `a member code pays amounts above zero, got ${amountFen}`);
  const genuine = genuineMemberCode(request);
  if (!genuine.ok) return genuine;
  const code = genuine.value;
  const timely = isTimely(code, request.nowMs);
  if (!timely.ok) return timely;
  const usage = request.usageOf(code);
  if (isUsed(code, usage)) return err({ type: 'member-code-used' });
  if (code.scope !== 0) return err({ type: 'member-code-scope', scope: code.scope });
  if (request.revoked.has(code.certificateId)) return err({ type: 'member-code-revoked' });
  if (request.listAgeMs > revocationListAgeMsMax) return err({ type: 'member-code-list-old' });
  const { sinceContactMs } = request;
  const over = overCaps({ code, amountFen, caps: request.caps, usage, sinceContactMs });
  if (over !== undefined) return err(over);
  if (request.isOnlineWanted(code)) return err({ type: 'offline-online-wanted' });
  const shopFen = room(fen(request.caps.shopUnsyncedFen), usage.shopUnsyncedFen);
  return ok({
    memberId: code.memberId,
    certificateId: code.certificateId,
    shopRemainingFen: subtractFen(shopFen, amountFen),
  });
}

const isUsed = ({ moment }: GenuineCode, usage: OfflineUsage): boolean =>
  moment === undefined ? usage.certificateUsed : moment.counter <= usage.lastCounter;

/**
 * The first cap that a payment does not keep to, in the order of {@link judgeMemberCode}; undefined
 * inside all. Pure.
 */
export function overCaps(payment: {
  readonly code: Pick<GenuineCode, 'moment' | 'paymentCapYuan' | 'windowCapYuan'>;
  readonly amountFen: Fen;
  readonly caps: OfflineCaps;
  readonly usage: Omit<OfflineUsage, 'certificateUsed' | 'lastCounter'>;
  readonly sinceContactMs: number;
}): OverCaps | undefined {
  const { code, amountFen, usage, sinceContactMs } = payment;
  const caps = inForm(payment.caps, code.moment === undefined ? 'bearer' : 'two-layer');
  const limitFen = minFen(fen(caps.perPaymentFen), fenOfYuan(code.paymentCapYuan));
  if (amountFen > limitFen) return { type: 'offline-payment-limit', limitFen };
  const memberCapFen = minFen(fen(caps.perMemberFen), fenOfYuan(code.windowCapYuan));
  if (addFen(usage.memberFen, amountFen) > memberCapFen)
    return { type: 'offline-member-sum', remainingFen: room(memberCapFen, usage.memberFen) };
  if (usage.memberCount >= caps.perMemberCount)
    return { type: 'offline-member-count', limit: caps.perMemberCount };
  const shopFen = room(fen(caps.shopUnsyncedFen), usage.shopUnsyncedFen);
  if (amountFen > shopFen) return { type: 'offline-shop-sum', remainingFen: shopFen };
  const shopCount = caps.shopUnsyncedCount;
  if (shopCount !== undefined && usage.shopUnsyncedCount >= shopCount)
    return { type: 'offline-shop-count', limit: shopCount };
  return sinceContactMs > caps.windowMs
    ? { type: 'offline-window-closed', windowMs: caps.windowMs }
    : undefined;
}

const room = (capFen: Fen, usedFen: Fen): Fen =>
  usedFen >= capFen ? fen(0) : subtractFen(capFen, usedFen);
