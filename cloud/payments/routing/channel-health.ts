import {
  admission,
  admit,
  breakerRules,
  closedBreaker,
  sees,
  type Breaker,
  type BreakerEvent,
} from '#cloud/payments/routing/breaker-machine.ts';

/** A channel, for one merchant. */
export interface HealthPlace {
  readonly channel: string;
  readonly merchantId: string;
}

/** What the router is told about a channel. */
export interface HealthView {
  readonly admits: 'yes' | 'probe' | 'no';
  /** It asked us to send less: new sales go there only when nothing else is left. */
  readonly isBackedOff: boolean;
  /** Share of charges that were answered with something definite, moving average, basis points. */
  readonly successBp: number;
  /** Moving average of how long an answer takes, milliseconds; 0 = nothing was seen yet. */
  readonly latencyMs: number;
}

/** What came of one call. */
export interface Seen {
  readonly event: BreakerEvent;
  /** The channel asked us to send less. */
  readonly isTooMany?: boolean;
  /** Undefined when no answer came. */
  readonly latencyMs?: number;
}

/**
 * Which channels answer, from what this process saw: one breaker per channel and one per merchant
 * and channel. A refusal by code is about the merchant alone and also stands in the table
 * channel_alarm, for all processes.
 */
export interface ChannelHealth {
  view(place: HealthPlace, nowMs: number): HealthView;
  /** A sale was routed there. */
  took(place: HealthPlace, nowMs: number): void;
  saw(place: HealthPlace, seen: Seen, nowMs: number): void;
}

/**
 * Places of which something is kept; the one that was heard of least recently is forgotten first.
 */
const placesMax = 50_000;
/** The weight of the newest value in a moving average. */
const newestShare = 0.1;
const backOffMsFirst = 5_000;
const backOffMsMax = 60_000;

interface Place {
  readonly breaker: Breaker;
  readonly successBp: number;
  readonly latencyMs: number;
  readonly backOffMs: number;
  readonly backOffUntilMs: number;
}

const freshPlace: Place = {
  breaker: closedBreaker,
  successBp: 10_000,
  latencyMs: 0,
  backOffMs: 0,
  backOffUntilMs: 0,
};

export function createChannelHealth(): ChannelHealth {
  const places = new Map<string, Place>();
  const at = (key: string): Place => places.get(key) ?? freshPlace;
  const put = (key: string, place: Place): void => {
    places.delete(key);
    places.set(key, place);
    if (places.size <= placesMax) return;
    for (const oldest of places.keys()) {
      places.delete(oldest);
      return;
    }
  };
  return {
    view: (where, nowMs) => {
      const [whole, own] = [at(where.channel), at(keyOf(where))];
      const both = [whole, own].map(({ breaker }) => admission(breaker, nowMs));
      return {
        admits: both.includes('no') ? 'no' : both.includes('probe') ? 'probe' : 'yes',
        isBackedOff: nowMs < own.backOffUntilMs,
        successBp: Math.floor(Math.min(whole.successBp, own.successBp)),
        latencyMs: Math.floor(own.latencyMs === 0 ? whole.latencyMs : own.latencyMs),
      };
    },
    took: (where, nowMs) => {
      for (const key of [where.channel, keyOf(where)]) {
        const before = at(key);
        const breaker = admit(before.breaker, nowMs);
        if (breaker !== before.breaker) put(key, { ...before, breaker });
      }
    },
    saw: (where, seen, nowMs) => {
      // Who is refused is refused for himself: the channel as a whole answered.
      const { event } = seen;
      const whole = { ...seen, event: event === 'refused' ? ('good' as const) : event };
      put(where.channel, learnt(at(where.channel), whole, nowMs));
      put(keyOf(where), learnt(at(keyOf(where)), seen, nowMs));
    },
  };
}

const keyOf = ({ channel, merchantId }: HealthPlace): string => `${channel}/${merchantId}`;

function learnt(place: Place, seen: Seen, nowMs: number): Place {
  const { event, isTooMany = false, latencyMs } = seen;
  const successBp = moved(place.successBp, event === 'good' ? 10_000 : 0);
  const backOffMs = isTooMany
    ? Math.min(backOffMsMax, Math.max(backOffMsFirst, 2 * place.backOffMs))
    : event === 'good'
      ? 0
      : place.backOffMs;
  return {
    breaker: sees(place.breaker, event, nowMs, breakerRules),
    successBp,
    latencyMs: latencyMs === undefined ? place.latencyMs : latency(place, latencyMs),
    backOffMs,
    backOffUntilMs: isTooMany ? nowMs + backOffMs : place.backOffUntilMs,
  };
}

const moved = (before: number, newest: number): number => before + (newest - before) * newestShare;

const latency = (place: Place, latencyMs: number): number =>
  place.latencyMs === 0 ? Math.max(1, latencyMs) : moved(place.latencyMs, latencyMs);
