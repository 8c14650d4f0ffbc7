import type { Fen } from '#shared/money/fen.ts';
import type { HealthView } from '#cloud/payments/routing/channel-health.ts';

/** What a merchant may do at a channel. Amounts in fen; undefined = no such limit. */
export interface ChannelLimit {
  readonly perTxnMinFen: number;
  readonly perTxnMaxFen: number;
  readonly dayQuotaFen: number;
  readonly dayCountMax: number | undefined;
  readonly monthQuotaFen: number | undefined;
  readonly monthCountMax: number | undefined;
  /**
   * Minutes of the Shanghai day, 0..1440, in which it may be used; from > until runs over midnight.
   */
  readonly openFromMinute: number;
  readonly openUntilMinute: number;
}

/** Used and reserved so far. */
export interface QuotaUse {
  readonly dayFen: number;
  readonly dayCount: number;
  readonly monthFen: number;
  readonly monthCount: number;
}

/** One channel that could take a sale. */
export interface RouteCandidate {
  readonly channel: string;
  readonly limit: ChannelLimit;
  readonly use: QuotaUse;
  readonly health: HealthView;
  /** Only channels of the lowest number that can take the sale are drawn from. */
  readonly priority: number;
  /** Share of the draw, 1..1000, before the score. */
  readonly weight: number;
  /** What the channel charges, basis points. */
  readonly feeBp: number;
  /** Something that stands outside the numbers and rules it out. */
  readonly obstacle?: Extract<
    RouteReason,
    | 'no-adapter'
    | 'terminal-not-registered'
    | 'refused-by-channel'
    | 'other-channel-first'
    | 'lost-race'
  >;
}

export type RouteReason =
  | 'taken'
  /** It could have taken the sale: another one has priority, or was drawn. */
  | 'behind'
  | 'not-drawn'
  | 'backing-off'
  | 'no-adapter'
  | 'other-channel-first'
  | 'outside-hours'
  | 'over-day-count'
  | 'over-day-quota'
  | 'over-month-count'
  | 'over-month-quota'
  | 'over-single-limit'
  | 'lost-race'
  | 'refused-by-channel'
  | 'terminal-not-registered'
  | 'under-single-minimum'
  | 'unhealthy';

/** What was known of one candidate when it was decided. */
export interface RouteLine {
  readonly channel: string;
  readonly reason: RouteReason;
  readonly priority: number;
  /** Weight times score, the candidate's share of the draw; 0 when it was not in it. */
  readonly share: number;
  readonly successBp: number;
  readonly latencyMs: number;
  readonly feeBp: number;
  readonly dayFen: number;
  readonly dayCount: number;
  readonly monthFen: number;
  readonly monthCount: number;
}

export const routeVersion = 2;
/** More candidates than this are not looked at. */
export const candidatesMax = 16;

/**
 * The decision as it is stored with the attempt: with the seed it can be made again and must come
 * out the same.
 */
export interface RouteDecision {
  readonly version: typeof routeVersion;
  readonly channel: string | undefined;
  /** From the order's number and the attempt's, 0..2^32-1. */
  readonly seed: number;
  /** In order of priority. */
  readonly candidates: readonly RouteLine[];
}

/**
 * Chooses the channel for the whole of one order: filter, limits, breaker, then a draw by weight
 * and score among those of the best priority. An order is never split over channels. `channel` is
 * undefined when none can take it. Pure.
 */
export function routeCharge(input: {
  readonly amountFen: Fen;
  /** Minute of the Shanghai day, 0..1439. */
  readonly minute: number;
  readonly seed: number;
  readonly candidates: readonly RouteCandidate[];
}): RouteDecision {
  const { amountFen, minute, seed } = input;
  const listed = input.candidates
    .slice(0, candidatesMax)
    .toSorted((a, b) => a.priority - b.priority || (a.channel < b.channel ? -1 : 1));
  const obstacles = listed.map((one) => obstacleOf(one, amountFen, minute));
  // A channel that asked for less is used only when nothing else is left.
  const isCalm = (index: number): boolean => !listed[index]!.health.isBackedOff;
  const free = listed.map((_, index) => index).filter((index) => obstacles[index] === undefined);
  const usable = free.some(isCalm) ? free.filter(isCalm) : free;
  const best = Math.min(...usable.map((index) => listed[index]!.priority));
  const drawn = usable.filter((index) => listed[index]!.priority === best);
  const shares = new Map(drawn.map((index) => [index, shareOf(listed[index]!)] as const));
  const taken = draw(shares, seed);
  const reasonOf = (index: number): RouteReason => {
    if (index === taken) return 'taken';
    if (obstacles[index] !== undefined) return obstacles[index];
    if (!usable.includes(index)) return 'backing-off';
    return shares.has(index) ? 'not-drawn' : 'behind';
  };
  return {
    version: routeVersion,
    channel: taken === undefined ? undefined : listed[taken]!.channel,
    seed,
    candidates: listed.map((one, index) => ({
      channel: one.channel,
      reason: reasonOf(index),
      priority: one.priority,
      share: shares.get(index) ?? 0,
      successBp: one.health.successBp,
      latencyMs: one.health.latencyMs,
      feeBp: one.feeBp,
      ...one.use,
    })),
  };
}

/** Why no channel took the sale; the most hopeful reason counts. */
export type RouteRefusal = 'no-channel' | 'channel-unreachable' | 'channel-quota-reached';

const passing: ReadonlySet<RouteReason> = new Set(['unhealthy', 'refused-by-channel']);
const limiting: ReadonlySet<RouteReason> = new Set([
  'lost-race',
  'over-day-count',
  'over-day-quota',
  'over-month-count',
  'over-month-quota',
  'over-single-limit',
  'under-single-minimum',
]);

export function refusalOf({ candidates }: RouteDecision): RouteRefusal {
  if (candidates.some(({ reason }) => passing.has(reason))) return 'channel-unreachable';
  return candidates.some(({ reason }) => limiting.has(reason))
    ? 'channel-quota-reached'
    : 'no-channel';
}

function obstacleOf(
  { obstacle, health, limit, use }: RouteCandidate,
  amountFen: Fen,
  minute: number,
): RouteReason | undefined {
  if (obstacle !== undefined) return obstacle;
  if (!isWithin(minute, limit.openFromMinute, limit.openUntilMinute)) return 'outside-hours';
  if (amountFen < limit.perTxnMinFen) return 'under-single-minimum';
  if (amountFen > limit.perTxnMaxFen) return 'over-single-limit';
  if (use.dayFen + amountFen > limit.dayQuotaFen) return 'over-day-quota';
  if (isOver(use.dayCount + 1, limit.dayCountMax)) return 'over-day-count';
  if (isOver(use.monthFen + amountFen, limit.monthQuotaFen)) return 'over-month-quota';
  if (isOver(use.monthCount + 1, limit.monthCountMax)) return 'over-month-count';
  return health.admits === 'no' ? 'unhealthy' : undefined;
}

const isOver = (value: number, limit: number | undefined): boolean =>
  limit !== undefined && value > limit;

const isWithin = (minute: number, from: number, until: number): boolean =>
  from <= until ? minute >= from && minute < until : minute >= from || minute < until;

/** A fee of 1 % costs as much of the score as one charge in ten that goes wrong. */
const feeFactor = 10;
/** An answer that takes so long halves the score. */
const latencyMsHalf = 4_000;
const scoreFull = 1_000;

/**
 * Whole numbers, so that the draw can be made again from what is stored. Never 0: who is never
 * tried never heals.
 */
function shareOf({ health, weight, feeBp }: RouteCandidate): number {
  const success = (health.successBp / 10_000) ** 2;
  const fee = Math.max(0, 1 - (feeFactor * feeBp) / 10_000);
  const speed = latencyMsHalf / (latencyMsHalf + health.latencyMs);
  return weight * Math.max(1, Math.floor(scoreFull * success * fee * speed));
}

function draw(shares: ReadonlyMap<number, number>, seed: number): number | undefined {
  let left = 0;
  for (const share of shares.values()) left += share;
  left = left === 0 ? 0 : seed % left;
  for (const [index, share] of shares) {
    if (left < share) return index;
    left -= share;
  }
  return undefined;
}

/**
 * FNV-1a with the finish of MurmurHash3: orders that differ in one character are drawn apart.
 * 0..2^32-1.
 */
export function routeSeed(orderId: string, attempt: number): number {
  let hash = 0x811c9dc5;
  for (const character of `${orderId}:${attempt}`)
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
