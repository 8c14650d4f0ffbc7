import type { Fen } from '#shared/money/fen.ts';

/** One channel that could take a sale, with what is left of its limits for this merchant today. All in fen. */
export interface RouteCandidate {
  readonly channel: string;
  readonly isHealthy: boolean;
  readonly perTxnMaxFen: number;
  readonly dayQuotaFen: number;
  /** Used and reserved so far today. */
  readonly usedFen: number;
}

export type RouteReason = 'taken' | 'unhealthy' | 'over-single-limit' | 'over-day-quota' | 'behind';

/** The decision as it is stored with the attempt: one line per candidate, in order of priority. */
export interface RouteDecision {
  readonly channel: string | undefined;
  readonly reasons: readonly { readonly channel: string; readonly reason: RouteReason }[];
}

/**
 * The first healthy channel, in the order given (priority), whose single limit and remaining day quota hold the
 * whole order. An order is never split over channels. `channel` is undefined when none does.
 */
export function routeCharge(input: {
  readonly amountFen: Fen;
  readonly candidates: readonly RouteCandidate[];
}): RouteDecision {
  let taken: string | undefined;
  const reasons = input.candidates.map((candidate) => {
    const obstacle = obstacleOf(candidate, input.amountFen);
    if (obstacle !== undefined) return { channel: candidate.channel, reason: obstacle };
    if (taken !== undefined) return { channel: candidate.channel, reason: 'behind' as const };
    taken = candidate.channel;
    return { channel: candidate.channel, reason: 'taken' as const };
  });
  return { channel: taken, reasons };
}

/** Why no channel took the sale; the most hopeful reason counts. */
export type RouteRefusal = 'no-channel' | 'channel-unreachable' | 'channel-quota-reached';

export function refusalOf(decision: RouteDecision): RouteRefusal {
  if (decision.reasons.length === 0) return 'no-channel';
  return decision.reasons.some(({ reason }) => reason === 'unhealthy')
    ? 'channel-unreachable'
    : 'channel-quota-reached';
}

function obstacleOf(candidate: RouteCandidate, amountFen: Fen): RouteReason | undefined {
  if (!candidate.isHealthy) return 'unhealthy';
  if (amountFen > candidate.perTxnMaxFen) return 'over-single-limit';
  if (candidate.usedFen + amountFen > candidate.dayQuotaFen) return 'over-day-quota';
  return undefined;
}
