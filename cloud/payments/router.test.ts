import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { refusalOf, routeCharge, type RouteCandidate } from '#cloud/payments/router.ts';

const wechat = {
  channel: 'wechat',
  isHealthy: true,
  perTxnMaxFen: 5_000_000,
  dayQuotaFen: 10_000_000,
  usedFen: 9_990_000,
};
const alipay = {
  channel: 'alipay',
  isHealthy: true,
  perTxnMaxFen: 500_000,
  dayQuotaFen: 3_000_000,
  usedFen: 0,
};
const unionpay = {
  channel: 'unionpay',
  isHealthy: false,
  perTxnMaxFen: 5_000_000,
  dayQuotaFen: 10_000_000,
  usedFen: 0,
};

/** The public vectors of kind `route`, by their ids. */
const vectors = [
  { id: 'route-10000', amountFen: 10_000, expected: 'wechat' },
  { id: 'route-10001', amountFen: 10_001, expected: 'alipay' },
] as const;

const route = (amountFen: number, candidates: readonly RouteCandidate[]) =>
  routeCharge({ amountFen: fen(amountFen), candidates });

describe('the router', () => {
  it.each(vectors)('vector $id: $amountFen fen go to $expected', ({ amountFen, expected }) => {
    expect(route(amountFen, [wechat, alipay, unionpay]).channel).toBe(expected);
  });

  it('says of every candidate why it was taken or not', () => {
    expect(route(600_000, [wechat, alipay, unionpay])).toEqual({
      channel: undefined,
      reasons: [
        { channel: 'wechat', reason: 'over-day-quota' },
        { channel: 'alipay', reason: 'over-single-limit' },
        { channel: 'unionpay', reason: 'unhealthy' },
      ],
    });
    expect(route(10_000, [wechat, alipay]).reasons).toEqual([
      { channel: 'wechat', reason: 'taken' },
      { channel: 'alipay', reason: 'behind' },
    ]);
  });

  it('an order is never split: no channel holds it when only both together would', () => {
    const half = { ...alipay, dayQuotaFen: 500, usedFen: 0 };
    expect(route(800, [half, { ...half, channel: 'unionpay' }]).channel).toBeUndefined();
  });

  it('a channel that is only away is worth waiting for; a full quota and no channel are told apart', () => {
    expect(refusalOf(route(10_000, []))).toBe('no-channel');
    expect(refusalOf(route(10_000, [unionpay]))).toBe('channel-unreachable');
    expect(refusalOf(route(600_000, [wechat, alipay]))).toBe('channel-quota-reached');
  });
});
