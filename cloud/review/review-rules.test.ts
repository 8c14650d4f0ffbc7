import { describe, expect, it } from 'vitest';
import { networkOf } from '#cloud/review/network.ts';
import {
  isReviewRules,
  reviewReasons,
  reviewRulesDefault,
  stopsAnything,
  type ReviewRules,
  type SaleFacts,
} from '#cloud/review/review-rules.ts';

const calm: SaleFacts = {
  amountFen: 1_200,
  minute: 720,
  samePayerCount: 1,
  sameAmountCount: 1,
  saleCount: 100,
  refundCount: 2,
  networkSales: 500,
  homeSales: 500,
};
const allHold: ReviewRules = {
  ...reviewRulesDefault,
  moved: { ...reviewRulesDefault.moved, act: 'hold' },
};
const namesOf = (facts: Partial<SaleFacts>, rules = allHold, act: 'hold' | 'stop' = 'hold') =>
  reviewReasons({ ...calm, ...facts }, rules, act).map(({ rule }) => rule);

describe('the rules of review', () => {
  it('let an ordinary sale alone', () => {
    expect(namesOf({})).toEqual([]);
  });

  it.each([
    ['samePayer', { samePayerCount: 6 }, { samePayerCount: 5 }],
    ['sameAmount', { sameAmountCount: 40 }, { sameAmountCount: 39 }],
    ['night', { minute: 0, amountFen: 200_000 }, { minute: 300, amountFen: 200_000 }],
    ['night', { minute: 299, amountFen: 200_000 }, { minute: 299, amountFen: 199_999 }],
    ['refunds', { saleCount: 20, refundCount: 6 }, { saleCount: 19, refundCount: 6 }],
    ['refunds', { saleCount: 100, refundCount: 30 }, { saleCount: 100, refundCount: 29 }],
    ['moved', { networkSales: 0, homeSales: 20 }, { networkSales: 0, homeSales: 19 }],
    ['moved', { networkSales: 19 }, { networkSales: 20 }],
  ] as const)('%s is met at its number and not one below', (rule, met, notMet) => {
    expect(namesOf(met)).toEqual([rule]);
    expect(namesOf(notMet)).toEqual([]);
  });

  it('say which numbers they saw', () => {
    const facts = { ...calm, samePayerCount: 7, saleCount: 40, refundCount: 20 };
    expect(reviewReasons(facts, allHold, 'hold')).toEqual([
      { rule: 'samePayer', seen: 7 },
      { rule: 'refunds', seen: 5_000 },
    ]);
  });

  it('stop nothing by default; only what an operator set to stop stops, and no longer holds', () => {
    expect(stopsAnything(reviewRulesDefault)).toBe(false);
    const strict = { ...allHold, sameAmount: { ...allHold.sameAmount, act: 'stop' as const } };
    expect(stopsAnything(strict)).toBe(true);
    expect(namesOf({ sameAmountCount: 40 }, strict, 'stop')).toEqual(['sameAmount']);
    expect(namesOf({ sameAmountCount: 40 }, strict)).toEqual([]);
    const off = { ...allHold, sameAmount: { ...allHold.sameAmount, act: 'off' as const } };
    expect(namesOf({ sameAmountCount: 40 }, off)).toEqual([]);
  });

  it('are checked: a payer who is known only behind the payment cannot stop it', () => {
    expect(isReviewRules(reviewRulesDefault)).toBe(true);
    const early = { ...reviewRulesDefault.samePayer, act: 'stop' };
    expect(isReviewRules({ ...reviewRulesDefault, samePayer: early })).toBe(false);
  });
});

it('of an address only the network is kept', () => {
  expect(networkOf('203.0.113.9')).toBe('203.0');
  expect(networkOf('::ffff:203.0.113.9')).toBe('203.0');
  expect(networkOf('2001:DB8:1::2')).toBe('2001:db8');
  expect(networkOf('no address')).toBeUndefined();
});
