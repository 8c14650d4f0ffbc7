import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admission,
  admit,
  breakerRules,
  closedBreaker,
  sees,
  type Breaker,
  type BreakerEvent,
} from '#cloud/payments/routing/breaker-machine.ts';
import { createChannelHealth } from '#cloud/payments/routing/channel-health.ts';

const { windowMs, volumeMin, badShareBp, openMs, refusedMs, probesMax, probeTimeoutMs } =
  breakerRules;

const after = (events: readonly BreakerEvent[], nowMs: number, from = closedBreaker): Breaker =>
  events.reduce<Breaker>((breaker, event) => sees(breaker, event, nowMs), from);
const times = (event: BreakerEvent, count: number) => Array.from({ length: count }, () => event);

describe('the breaker', () => {
  it('opens at the share of errors, but not below the least volume', () => {
    expect(after(times('bad', volumeMin - 1), 0).type).toBe('closed');
    expect(after(times('bad', volumeMin), 0)).toEqual({
      type: 'open',
      untilMs: openMs,
      why: 'errors',
    });
    expect(after([...times('good', 6), ...times('bad', 5)], 0).type).toBe('closed');
    expect(after([...times('good', 6), ...times('bad', 6)], 0).type).toBe('open');
  });

  it('forgets what is older than the window', () => {
    const nearly = after(times('bad', volumeMin - 1), 0);
    expect(sees(nearly, 'bad', windowMs).type).toBe('closed');
    expect(sees(nearly, 'bad', windowMs - 1).type).toBe('open');
  });

  it('lets few try after the pause; two good answers close it, one bad one opens it again', () => {
    const open = after(times('bad', volumeMin), 0);
    expect(admission(open, openMs - 1)).toBe('no');
    let probing = open;
    for (let n = 0; n < probesMax; n += 1) {
      expect(admission(probing, openMs)).toBe('probe');
      probing = admit(probing, openMs);
    }
    expect(admission(probing, openMs)).toBe('no');
    expect(admission(probing, openMs + probeTimeoutMs)).toBe('probe');
    expect(sees(probing, 'bad', openMs)).toMatchObject({ type: 'open', untilMs: 2 * openMs });
    expect(after(['good', 'good'], openMs, probing)).toEqual(closedBreaker);
  });

  it('an answer to something that was sent before it opened does not close it', () => {
    const open = after(times('bad', volumeMin), 0);
    expect(sees(open, 'good', openMs - 1)).toBe(open);
  });

  it('a refusal by code opens at once and for long', () => {
    const open = sees(closedBreaker, 'refused', 0);
    expect(admission(open, refusedMs - 1)).toBe('no');
    expect(admission(open, refusedMs)).toBe('probe');
  });
});

/** A model that remembers everything: what happened, and when. */
type Step =
  | { readonly type: 'see'; readonly event: BreakerEvent; readonly waitMs: number }
  | { readonly type: 'sale'; readonly waitMs: number };

const waits = fc.oneof(fc.integer({ min: 0, max: 4_000 }), fc.integer({ min: 0, max: 90_000 }));
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('see' as const),
        event: fc.oneof(
          { weight: 5, arbitrary: fc.constant<BreakerEvent>('good') },
          { weight: 5, arbitrary: fc.constant<BreakerEvent>('bad') },
          { weight: 1, arbitrary: fc.constant<BreakerEvent>('refused') },
        ),
        waitMs: waits,
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('sale' as const), waitMs: waits }) },
  ),
  { maxLength: 120 },
);

/** Runs the steps and tells what broke a law; none = all is well. */
function brokenBy(run: readonly Step[], machine: typeof sees): readonly string[] {
  const broken: string[] = [];
  let breaker: Breaker = closedBreaker;
  let nowMs = 1_790_000_000_000;
  let closedSinceMs = nowMs;
  const seen: { readonly atMs: number; readonly event: BreakerEvent }[] = [];
  let probesUntilMs: number[] = [];
  for (const step of run) {
    nowMs += step.waitMs;
    if (step.type === 'sale') {
      const answer = admission(breaker, nowMs);
      if (breaker.type === 'open' && (answer === 'no') !== nowMs < breaker.untilMs)
        broken.push('an open breaker lets nothing through before its time, and a probe after it');
      if (answer !== 'no') breaker = admit(breaker, nowMs);
      probesUntilMs = probesUntilMs.filter((until) => until > nowMs);
      if (answer === 'probe') probesUntilMs.push(nowMs + probeTimeoutMs);
      if (probesUntilMs.length > probesMax) broken.push('more probes than allowed');
      continue;
    }
    const before = breaker;
    breaker = machine(before, step.event, nowMs);
    if (before.type === 'closed') seen.push({ atMs: nowMs, event: step.event });
    // A probe that was answered no longer counts; a state that was left has none.
    if (before.type === 'half-open') probesUntilMs = probesUntilMs.slice(1);
    if (breaker.type !== 'half-open') probesUntilMs = [];
    if (before.type !== 'closed' && breaker.type === 'closed') {
      closedSinceMs = nowMs;
      seen.length = 0;
    }
    if (step.event === 'refused' && breaker.type !== 'open') broken.push('a refusal opens at once');
    if (before.type === 'half-open' && step.event === 'bad' && breaker.type !== 'open')
      broken.push('a bad probe opens again');
    if (before.type === 'closed' && breaker.type === 'open' && step.event !== 'refused') {
      const counted = seen.filter(
        (one) => one.atMs > nowMs - windowMs && one.atMs >= closedSinceMs,
      );
      const bad = counted.filter((one) => one.event === 'bad').length;
      if (bad < Math.ceil((volumeMin * badShareBp) / 10_000)) broken.push('opened for too little');
    }
    if (breaker.type === 'closed' && breaker.buckets.length > 13) broken.push('the window grows');
  }
  return broken;
}

const nervous: typeof sees = (breaker, event, nowMs) =>
  event === 'bad' ? { type: 'open', untilMs: nowMs, why: 'errors' } : sees(breaker, event, nowMs);

describe('under any course of events', () => {
  it('the laws hold: never open for too little, never through before its time, few probes, bounded', () => {
    fc.assert(
      fc.property(steps, (run) => {
        expect(brokenBy(run, sees)).toEqual([]);
      }),
      { numRuns: 2_000, seed: 20_261_122 },
    );
  });

  it('planted violation: a machine that lets one bad answer open it is found out', () => {
    const run: readonly Step[] = [{ type: 'see', event: 'bad', waitMs: 0 }];
    expect(brokenBy(run, nervous)).toEqual(['opened for too little']);
  });
});

describe('the health of channels', () => {
  const here = { channel: 'wechat', merchantId: 'mch_1' };
  const elsewhere = { channel: 'wechat', merchantId: 'mch_2' };

  it('silence towards one shop closes the channel for all; a refusal closes it for that shop alone', () => {
    const silent = createChannelHealth();
    for (let n = 0; n < volumeMin; n += 1) silent.saw(here, { event: 'bad' }, 0);
    expect(silent.view(elsewhere, 0).admits).toBe('no');
    const refused = createChannelHealth();
    refused.saw(here, { event: 'refused' }, 0);
    expect([refused.view(here, 0).admits, refused.view(elsewhere, 0).admits]).toEqual([
      'no',
      'yes',
    ]);
  });

  it('a merchant whom alone the channel does not answer is closed alone', () => {
    const health = createChannelHealth();
    for (let n = 0; n < 20; n += 1) health.saw(elsewhere, { event: 'good', latencyMs: 50 }, 0);
    for (let n = 0; n < volumeMin; n += 1) health.saw(here, { event: 'bad' }, 0);
    expect([health.view(here, 0).admits, health.view(elsewhere, 0).admits]).toEqual(['no', 'yes']);
  });

  it('too many requests back off longer and longer, until something good is heard', () => {
    const health = createChannelHealth();
    health.saw(here, { event: 'good', isTooMany: true }, 0);
    expect(health.view(here, 4_999).isBackedOff).toBe(true);
    expect(health.view(here, 5_000).isBackedOff).toBe(false);
    health.saw(here, { event: 'good', isTooMany: true }, 5_000);
    expect(health.view(here, 14_999).isBackedOff).toBe(true);
    health.saw(here, { event: 'good' }, 15_000);
    health.saw(here, { event: 'good', isTooMany: true }, 15_000);
    expect(health.view(here, 20_000).isBackedOff).toBe(false);
  });

  it('keeps moving averages of success and of latency', () => {
    const health = createChannelHealth();
    health.saw(here, { event: 'good', latencyMs: 100 }, 0);
    health.saw(here, { event: 'bad', latencyMs: 200 }, 0);
    expect(health.view(here, 0)).toMatchObject({ successBp: 9_000, latencyMs: 110 });
  });
});
