import { assert } from '#shared/result/assert.ts';

/** When a breaker opens and how it closes again. Durations in milliseconds. */
export interface BreakerRules {
  /** What happened longer ago than this does not count. */
  readonly windowMs: number;
  /** The window moves in steps of this. */
  readonly bucketMs: number;
  /** With fewer answers and silences than this in the window nothing is concluded. */
  readonly volumeMin: number;
  /** Opens when at least this share of them went wrong, basis points. */
  readonly badShareBp: number;
  /** How long nothing is sent after opening. */
  readonly openMs: number;
  /** The same when the channel refused us by code: people must do something. */
  readonly refusedMs: number;
  /** Sales that may try a half-open breaker at the same time. */
  readonly probesMax: number;
  /** A probe that nobody heard of again stops counting after this. */
  readonly probeTimeoutMs: number;
  /** Good answers in a row that close a half-open breaker. */
  readonly goodToClose: number;
}

export const breakerRules: BreakerRules = {
  windowMs: 60_000,
  bucketMs: 5_000,
  volumeMin: 10,
  badShareBp: 5_000,
  openMs: 30_000,
  refusedMs: 600_000,
  probesMax: 2,
  probeTimeoutMs: 20_000,
  goodToClose: 2,
};

interface Bucket {
  readonly fromMs: number;
  readonly good: number;
  readonly bad: number;
}

/** Where a breaker stands. Plain data: what it becomes is decided by the functions below alone. */
export type Breaker =
  | { readonly type: 'closed'; readonly buckets: readonly Bucket[] }
  | { readonly type: 'open'; readonly untilMs: number; readonly why: 'errors' | 'refused' }
  | {
      readonly type: 'half-open';
      readonly probesUntilMs: readonly number[];
      readonly good: number;
    };

export const closedBreaker: Breaker = { type: 'closed', buckets: [] };

/**
 * `good`: an answer that says something. `bad`: an error of theirs, or silence. `refused`: they
 * refuse us by code.
 */
export type BreakerEvent = 'good' | 'bad' | 'refused';

/** May a sale go there? `probe`: only as one of the few that try whether it works again. */
export function admission(
  breaker: Breaker,
  nowMs: number,
  rules: BreakerRules = breakerRules,
): 'yes' | 'probe' | 'no' {
  if (breaker.type === 'closed') return 'yes';
  if (breaker.type === 'open') return nowMs < breaker.untilMs ? 'no' : 'probe';
  return liveProbes(breaker.probesUntilMs, nowMs).length < rules.probesMax ? 'probe' : 'no';
}

/** A sale was sent there: counts as a probe when the breaker is not closed. */
export function admit(
  breaker: Breaker,
  nowMs: number,
  rules: BreakerRules = breakerRules,
): Breaker {
  if (breaker.type === 'closed') return breaker;
  const until = nowMs + rules.probeTimeoutMs;
  if (breaker.type === 'open')
    return nowMs < breaker.untilMs
      ? breaker
      : { type: 'half-open', probesUntilMs: [until], good: 0 };
  const live = liveProbes(breaker.probesUntilMs, nowMs);
  return { ...breaker, probesUntilMs: [...live, until].slice(-rules.probesMax) };
}

/** What came of something that was sent. */
export function sees(
  breaker: Breaker,
  event: BreakerEvent,
  nowMs: number,
  rules: BreakerRules = breakerRules,
): Breaker {
  if (event === 'refused') return open(nowMs + rules.refusedMs, 'refused');
  if (breaker.type === 'closed') return count(breaker.buckets, event, nowMs, rules);
  if (breaker.type === 'open') {
    // An answer to something sent before it opened proves nothing yet; once the pause is over it is
    // as good as a probe.
    if (nowMs < breaker.untilMs) return breaker;
    return sees({ type: 'half-open', probesUntilMs: [], good: 0 }, event, nowMs, rules);
  }
  if (event === 'bad') return open(nowMs + rules.openMs, 'errors');
  if (breaker.good + 1 >= rules.goodToClose) return closedBreaker;
  return {
    type: 'half-open',
    probesUntilMs: liveProbes(breaker.probesUntilMs, nowMs).slice(1),
    good: breaker.good + 1,
  };
}

const open = (untilMs: number, why: 'errors' | 'refused'): Breaker => ({
  type: 'open',
  untilMs,
  why,
});

const liveProbes = (probesUntilMs: readonly number[], nowMs: number): readonly number[] =>
  probesUntilMs.filter((untilMs) => untilMs > nowMs);

function count(
  buckets: readonly Bucket[],
  event: 'good' | 'bad',
  nowMs: number,
  rules: BreakerRules,
): Breaker {
  const fromMs = nowMs - (nowMs % rules.bucketMs);
  const kept = buckets.filter((one) => one.fromMs > nowMs - rules.windowMs && one.fromMs <= fromMs);
  const last = kept.at(-1);
  const here = last?.fromMs === fromMs ? last : { fromMs, good: 0, bad: 0 };
  const counted = { ...here, [event]: here[event] + 1 };
  const next = last?.fromMs === fromMs ? [...kept.slice(0, -1), counted] : [...kept, counted];
  assert(next.length <= rules.windowMs / rules.bucketMs + 1, () => `${next.length} buckets`);
  const bad = next.reduce((sum, one) => sum + one.bad, 0);
  const all = next.reduce((sum, one) => sum + one.good, bad);
  return all >= rules.volumeMin && bad * 10_000 >= all * rules.badShareBp
    ? open(nowMs + rules.openMs, 'errors')
    : { type: 'closed', buckets: next };
}
