import {
  judgeMemberCode,
  type MemberCodeAccepted,
  type MemberCodeRefused,
  type OfflineUsage,
} from '#shared/member/judge-member-code.ts';
import { halveCaps, type OfflineCaps } from '#shared/member/offline-caps.ts';
import type { GenuineCode } from '#shared/member/verify-member-code.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { err, type Result } from '#shared/result/result.ts';
import { hlcMs, parseHlc } from '#shared/time/hlc.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { verifyBytes } from '#terminal/agent/identity/device-key.ts';
import { lastEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { getMeta } from '#terminal/agent/journal/meta.ts';
import { undeliveredOffline } from '#terminal/agent/uplink/undelivered.ts';

/** What this till may still accept while the cloud is out of reach, and whether one code fits into it. */
export interface OfflineRoom {
  readonly perPaymentFen: number;
  readonly remainingFen: number;
  readonly totalFen: number;
  /** Payments that this till may still accept; null when only their sum is limited. */
  readonly remainingCount: number | null;
  /** What one member may owe here, fen, and in how many payments. */
  readonly perMemberFen: number;
  readonly perMemberCount: number;
  /** Wall time at which acceptance closes; null when the cloud never answered. */
  readonly closesAtMs: number | null;
}

export interface RoomDeps {
  readonly read: ReadHandle;
  readonly config: () => ConfigPayload | undefined;
  /** The cloud's last time plus the monotonic time since; the wall clock in a run that has not reached the cloud. */
  readonly nowMs: () => number;
  /** Monotonic; undefined when this run has not reached the cloud yet. */
  readonly sinceContactMs: () => number | undefined;
}

/** What judging a code needs besides. */
export interface JudgeDeps extends RoomDeps {
  /**
   * Monotonic milliseconds since the cloud said that the list of stopped codes is the newest;
   * undefined: not in this run.
   */
  readonly sinceListMs: () => number | undefined;
  /** Does the line seem to be there, although the cloud did not answer? */
  readonly isLineThere: () => boolean;
  /** A number of 0..2^32-1 that follows from a text and that nobody outside can foresee. */
  readonly lotOf: (text: string) => number;
}

/** The caps in force: halved when only the wall clock says how long the cloud has been away. */
function capsInForce(deps: RoomDeps): OfflineCaps | undefined {
  const caps = deps.config()?.caps;
  if (!caps) return undefined;
  return deps.sinceContactMs() === undefined ? halveCaps(caps) : caps;
}

/** Since the cloud was heard of last; by the wall clock when this run has not. undefined: never. */
export function sinceContactMs(deps: RoomDeps): number | undefined {
  return deps.sinceContactMs() ?? sinceKeptContactMs(deps);
}

/** By the wall clock alone: a former run wrote down when the cloud last answered a heartbeat. */
function sinceKeptContactMs(deps: RoomDeps): number | undefined {
  const text = getMeta(deps.read, 'contact');
  const contact: unknown = text === undefined ? undefined : JSON.parse(text);
  if (typeof contact !== 'object' || contact === null || !('wallMs' in contact)) return undefined;
  const sinceMs = deps.nowMs() - Number(contact.wallMs);
  return isTurnedBack(deps) ? Math.max(sinceMs, turnedBackMs) : Math.max(0, sinceMs);
}

/** Longer than any window that the cloud may sign: by such a clock none is open. */
const turnedBackMs = 604_800_001;
/** So much a clock may be set back by its own corrections. */
const turnedBackMsMin = 300_000;

/** The journal's own time never goes back: a clock that is behind it was set, and windows are not measured by it. */
function isTurnedBack({ read, nowMs }: RoomDeps): boolean {
  const last = parseHlc(lastEntry(read)?.hlc ?? '');
  return last !== undefined && nowMs() < hlcMs(last) - turnedBackMsMin;
}

export function offlineRoom(deps: RoomDeps): OfflineRoom {
  const caps = capsInForce(deps);
  const since = sinceContactMs(deps);
  if (!caps || since === undefined) return noRoom;
  const used = undeliveredOffline(deps.read);
  const { shopUnsyncedCount: countMax } = caps;
  return {
    perPaymentFen: caps.perPaymentFen,
    perMemberFen: caps.perMemberFen,
    perMemberCount: caps.perMemberCount,
    remainingFen: since > caps.windowMs ? 0 : Math.max(0, caps.shopUnsyncedFen - used.sumFen),
    remainingCount: countMax === undefined ? null : Math.max(0, countMax - used.count),
    totalFen: caps.shopUnsyncedFen,
    closesAtMs: Math.trunc(deps.nowMs() - since + caps.windowMs),
  };
}

const noRoom: OfflineRoom = {
  perPaymentFen: 0,
  remainingFen: 0,
  totalFen: 0,
  remainingCount: null,
  perMemberFen: 0,
  perMemberCount: 0,
  closesAtMs: null,
};

/** What this till would still accept of one member, as far as its own caps go. */
export function memberRoom(
  deps: RoomDeps,
  memberId: string,
): { readonly remainingFen: number; readonly remainingCount: number } {
  const { perMemberFen, perMemberCount } = offlineRoom(deps);
  const used = usedByMember(deps.read, memberId);
  return {
    remainingFen: Math.max(0, perMemberFen - used.sumFen),
    remainingCount: Math.max(0, perMemberCount - used.count),
  };
}

/** Judges a member code on this till alone. Errors besides the judgement's: no caps from the cloud yet. */
export function judgeOffline(
  deps: JudgeDeps,
  { code, amountFen }: { code: string; amountFen: Fen },
): Result<MemberCodeAccepted, MemberCodeRefused | { readonly type: 'offline-caps-missing' }> {
  const config = deps.config();
  const caps = capsInForce(deps);
  const since = sinceContactMs(deps);
  if (!config || !caps || since === undefined) return err({ type: 'offline-caps-missing' });
  return judgeMemberCode({
    code,
    amountFen,
    caps,
    keys: config.issuerKeys,
    verify: verifyBytes,
    nowMs: deps.nowMs(),
    revoked: new Set(config.revokedCertificateIds),
    usageOf: (genuine) => usageOf(deps.read, genuine),
    sinceContactMs: since,
    listAgeMs: deps.sinceListMs() ?? sinceKeptContactMs(deps) ?? since,
    // By the certificate and not by the throw of a die: scanning again is no second chance.
    isOnlineWanted: ({ certificateId }) =>
      caps.onlineOneIn !== undefined &&
      deps.isLineThere() &&
      deps.lotOf(certificateId) % caps.onlineOneIn === 0,
  });
}

function usageOf(read: ReadHandle, { memberId, certificateId }: GenuineCode): OfflineUsage {
  const member = usedByMember(read, memberId);
  const shop = undeliveredOffline(read);
  const seen = read.one<{ count: number; last: number | null }>(
    `SELECT count(*) AS count, max(counter) AS last FROM offline_usage
     WHERE certificate_id = $certificateId`,
    { certificateId },
  );
  return {
    memberFen: fen(member.sumFen),
    memberCount: member.count,
    shopUnsyncedFen: fen(shop.sumFen),
    shopUnsyncedCount: shop.count,
    certificateUsed: (seen?.count ?? 0) > 0,
    lastCounter: seen?.last ?? 0,
  };
}

/** Accepted of one member here and not settled yet. */
const usedByMember = (
  read: ReadHandle,
  memberId: string,
): { readonly count: number; readonly sumFen: number } =>
  read.one<{ count: number; sumFen: number }>(
    `SELECT count(*) AS count, coalesce(sum(amount_fen), 0) AS sumFen FROM offline_usage
     WHERE member_id = $memberId AND settled = 0`,
    { memberId },
  ) ?? { count: 0, sumFen: 0 };
