import type { GateLimits } from '#cloud/platform/http/fair-gate.ts';

/**
 * Who may stand in whose way. Each lane has its own door, so that a storm in one leaves the others
 * free:
 * - `journal`: what tills queued, in bulk;
 * - `counter`: somebody stands at a counter and waits: charges, refunds, members, reservations;
 * - `desk`: everything else of a till: heartbeats, results, settings;
 * - `public`: strangers with a phone;
 * - `notify`: what channels tell us unasked;
 * - `free`: the operator, health, documents: never sent away here.
 */
export type Lane = 'journal' | 'counter' | 'desk' | 'public' | 'notify' | 'free';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Where it does not follow from the path. */
    lane?: Lane;
  }
}

export interface LaneLimits extends GateLimits {
  /**
   * Requests in the house: arriving, waiting and at work. Bounds the memory that their bodies take.
   */
  readonly presentMax: number;
}

/**
 * A request at work holds at most one connection at a time. All lanes but the counter together stay
 * four below the twenty of the pool (platform/postgres/connect.ts): those are for the counter, whose
 * requests mostly wait for a channel and not for the database, and for the workers. Waits stay well
 * below the 10 s after which a till hangs up, and of notifies below the 5 s after which a channel
 * does: it posts them again.
 */
export const laneLimits: Readonly<Record<Exclude<Lane, 'free'>, LaneLimits>> = {
  journal: {
    presentMax: 512,
    insideMax: 8,
    insideEachMax: 2,
    waitingMax: 256,
    waitingEachMax: 8,
    waitMsMax: 4_000,
  },
  counter: {
    presentMax: 1_024,
    insideMax: 512,
    insideEachMax: 16,
    waitingMax: 256,
    waitingEachMax: 16,
    waitMsMax: 4_000,
  },
  desk: {
    presentMax: 512,
    insideMax: 4,
    insideEachMax: 2,
    waitingMax: 256,
    waitingEachMax: 16,
    waitMsMax: 4_000,
  },
  public: {
    presentMax: 256,
    insideMax: 2,
    insideEachMax: 2,
    waitingMax: 128,
    waitingEachMax: 32,
    waitMsMax: 4_000,
  },
  notify: {
    presentMax: 128,
    insideMax: 2,
    insideEachMax: 2,
    waitingMax: 64,
    waitingEachMax: 64,
    waitMsMax: 3_000,
  },
};

const counterPaths = ['/v1/charges', '/v1/members', '/v1/orders/', '/v1/voucher-reservations'];

/** The lane of a route whose access is known. */
export function laneOf(route: {
  readonly declared: Lane | undefined;
  readonly access: 'terminal' | 'terminal-even-revoked' | 'operator' | 'public' | 'channel';
  readonly path: string;
}): Lane {
  if (route.declared !== undefined) return route.declared;
  if (route.access === 'operator') return 'free';
  if (route.access === 'public') return 'public';
  if (route.access === 'channel') return 'notify';
  return counterPaths.some((path) => route.path.startsWith(path)) ? 'counter' : 'desk';
}
