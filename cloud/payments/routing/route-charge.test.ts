import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import {
  refusalOf,
  routeCharge,
  routeSeed,
  type RouteCandidate,
} from '#cloud/payments/routing/route-charge.ts';

const candidate = (
  channel: string,
  change: Omit<Partial<RouteCandidate>, 'limit' | 'use' | 'health'> & {
    readonly limit?: Partial<RouteCandidate['limit']>;
    readonly use?: Partial<RouteCandidate['use']>;
    readonly health?: Partial<RouteCandidate['health']>;
  } = {},
): RouteCandidate => ({
  priority: 1,
  weight: 100,
  feeBp: 60,
  ...change,
  channel,
  limit: {
    perTxnMinFen: 1,
    perTxnMaxFen: 5_000_000,
    dayQuotaFen: 10_000_000,
    dayCountMax: undefined,
    monthQuotaFen: undefined,
    monthCountMax: undefined,
    openFromMinute: 0,
    openUntilMinute: 1_440,
    ...change.limit,
  },
  use: { dayFen: 0, dayCount: 0, monthFen: 0, monthCount: 0, ...change.use },
  health: { admits: 'yes', isBackedOff: false, successBp: 10_000, latencyMs: 0, ...change.health },
});

const route = (
  amountFen: number,
  candidates: readonly RouteCandidate[],
  { minute = 600, seed = 0 } = {},
) => routeCharge({ amountFen: fen(amountFen), minute, seed, candidates });

const reasonsOf = (...given: Parameters<typeof route>): Record<string, string> =>
  Object.fromEntries(route(...given).candidates.map((one) => [one.channel, one.reason]));

const wechat = candidate('wechat', { priority: 1, use: { dayFen: 9_990_000 } });
const alipay = candidate('alipay', { priority: 2, limit: { perTxnMaxFen: 500_000 } });
const unionpay = candidate('unionpay', { priority: 3, health: { admits: 'no' } });

/** The public vectors of kind `route`, by their ids. */
const vectors = [
  { id: 'route-10000', amountFen: 10_000, expected: 'wechat' },
  { id: 'route-10001', amountFen: 10_001, expected: 'alipay' },
] as const;

describe('the filter', () => {
  it.each(vectors)('vector $id: $amountFen fen go to $expected', ({ amountFen, expected }) => {
    expect(route(amountFen, [wechat, alipay, unionpay]).channel).toBe(expected);
  });

  it('says of every candidate why it was taken or not', () => {
    expect(reasonsOf(600_000, [wechat, alipay, unionpay])).toEqual({
      wechat: 'over-day-quota',
      alipay: 'over-single-limit',
      unionpay: 'unhealthy',
    });
    expect(reasonsOf(10_000, [wechat, alipay])).toEqual({ wechat: 'taken', alipay: 'behind' });
  });

  it.each([
    ['over-day-count', candidate('x', { limit: { dayCountMax: 3 }, use: { dayCount: 3 } })],
    ['over-month-quota', candidate('x', { limit: { monthQuotaFen: 999 } })],
    ['over-month-count', candidate('x', { limit: { monthCountMax: 9 }, use: { monthCount: 9 } })],
    ['under-single-minimum', candidate('x', { limit: { perTxnMinFen: 1_001 } })],
    ['outside-hours', candidate('x', { limit: { openFromMinute: 601 } })],
    ['no-adapter', candidate('x', { obstacle: 'no-adapter' })],
    ['terminal-not-registered', candidate('x', { obstacle: 'terminal-not-registered' })],
    ['other-channel-first', candidate('x', { obstacle: 'other-channel-first' })],
  ])('%s keeps a channel out', (reason, one) => {
    expect(reasonsOf(1_000, [one])).toEqual({ x: reason });
    expect(route(1_000, [one]).channel).toBeUndefined();
  });

  it('hours that run over midnight are open on both sides of it', () => {
    const night = candidate('x', { limit: { openFromMinute: 1_320, openUntilMinute: 360 } });
    const at = (minute: number) => route(1, [night], { minute }).channel;
    expect([at(1_320), at(1_439), at(0), at(359)]).toEqual(['x', 'x', 'x', 'x']);
    expect([at(360), at(720), at(1_319)]).toEqual([undefined, undefined, undefined]);
  });

  it('an order is never split: no channel holds it when only both together would', () => {
    const half = { limit: { dayQuotaFen: 500 } };
    expect(route(800, [candidate('a', half), candidate('b', half)]).channel).toBeUndefined();
  });

  it('a channel that is only away is worth waiting for; a full quota and no channel are told apart', () => {
    expect(refusalOf(route(10_000, []))).toBe('no-channel');
    expect(refusalOf(route(10_000, [unionpay]))).toBe('channel-unreachable');
    expect(refusalOf(route(600_000, [wechat, alipay]))).toBe('channel-quota-reached');
    const elsewhere = candidate('x', { obstacle: 'terminal-not-registered' });
    expect(refusalOf(route(1, [elsewhere]))).toBe('no-channel');
  });

  it('a channel that asked for less comes last, and is used when nothing else is left', () => {
    const busy = candidate('busy', { priority: 1, health: { isBackedOff: true } });
    const calm = candidate('calm', { priority: 2 });
    expect(reasonsOf(1, [busy, calm])).toEqual({ busy: 'backing-off', calm: 'taken' });
    expect(route(1, [busy]).channel).toBe('busy');
  });
});

const takenOf = (candidates: readonly RouteCandidate[], rounds = 4_000): Map<string, number> => {
  const taken = new Map<string, number>();
  for (let n = 0; n < rounds; n += 1) {
    const { channel } = route(100, candidates, { seed: routeSeed(`ord_${n}`, 1) });
    taken.set(channel ?? '', (taken.get(channel ?? '') ?? 0) + 1);
  }
  return taken;
};

describe('the draw', () => {
  it('goes by weight among channels of one priority', () => {
    const taken = takenOf([candidate('a', { weight: 300 }), candidate('b', { weight: 100 })]);
    expect(taken.get('a')! / 4_000).toBeGreaterThan(0.72);
    expect(taken.get('a')! / 4_000).toBeLessThan(0.78);
  });

  it('prefers who succeeds, who is cheaper and who answers sooner, and starves nobody', () => {
    const worse = [
      candidate('b', { health: { successBp: 5_000 } }),
      candidate('b', { feeBp: 600 }),
      candidate('b', { health: { latencyMs: 8_000 } }),
    ];
    for (const b of worse) {
      const taken = takenOf([candidate('a'), b]);
      expect(taken.get('a')!).toBeGreaterThan(2 * taken.get('b')!);
      expect(taken.get('b')!).toBeGreaterThan(0);
    }
  });

  it('made again from what is stored it comes out the same, whatever the order of the candidates', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 1_000 }), fc.nat(), (channels, weight, seed) => {
        const all = channels.map((one, n) => candidate(one, { weight, feeBp: 10 * n }));
        const first = route(100, all, { seed });
        expect(route(100, all.toReversed(), { seed })).toEqual(first);
        expect(first.candidates.filter(({ reason }) => reason === 'taken')).toHaveLength(1);
        // The stored shares and the seed are enough to draw again.
        let left = first.seed % first.candidates.reduce((sum, { share }) => sum + share, 0);
        const again = first.candidates.find(({ share }) => (left -= share) < 0);
        expect(again?.channel).toBe(first.channel);
      }),
    );
  });

  it('what is stored is small: sixteen candidates, however many are open', () => {
    const many = Array.from({ length: 40 }, (_, n) => candidate(`channel-${n}`));
    const stored = JSON.stringify(route(100, many));
    expect(JSON.parse(stored).candidates).toHaveLength(16);
    expect(stored.length).toBeLessThan(4_096);
  });
});
