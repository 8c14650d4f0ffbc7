import { describe, expect, it } from 'vitest';
import { planKills } from './kill-plan.ts';

const counts = { sales: 500, tillKills: 100, cloudKills: 20, seed: 1 };

describe('planKills', () => {
  it('gives the same plan for the same seed and another one for another', () => {
    expect(planKills(counts)).toEqual(planKills(counts));
    expect(planKills({ ...counts, seed: 2 })).not.toEqual(planKills(counts));
  });

  it('names every sale by an amount of its own', () => {
    const amounts = planKills(counts).map((plan) => plan.amountFen);
    expect(new Set(amounts).size).toBe(500);
    expect(Math.min(...amounts)).toBeGreaterThan(0);
  });

  it('mixes 40% cash, 30% wallet codes, 15% box, 10% member codes and 5% promises, with every kind of lost answer', () => {
    const tenders = planKills(counts).map((plan) => plan.tender);
    const count = (type: string): number => tenders.filter((tender) => tender.type === type).length;
    expect([count('cash'), count('wallet'), count('box')]).toEqual([200, 150, 75]);
    expect(count('member-code')).toBe(50);
    const given = tenders.filter((tender) => tender.type === 'promise');
    expect(given).toHaveLength(25);
    expect(new Set(given.map(({ struckIn }) => struckIn)).size).toBe(2);
    expect(given.filter(({ ending }) => ending === 'left-open').length).toBeGreaterThan(2);
    const endings = tenders.flatMap((tender) => (tender.type === 'box' ? [tender.ending] : []));
    expect(new Set(endings)).toEqual(new Set(['paid', 'cable-out', 'declined']));
    const outcomes = tenders.flatMap((tender) => ('outcome' in tender ? [tender.outcome] : []));
    expect(new Set(outcomes)).toEqual(new Set(['paid', 'unknown-paid', 'answer-dropped']));
  });

  it('kills as often as asked, in every kind of sale: before it, after its call, inside a commit, and both at once', () => {
    const plans = planKills(counts);
    const struck = plans.filter((plan) => plan.tillStrike !== undefined);
    expect(struck).toHaveLength(100);
    expect(plans.filter((plan) => plan.cloudStrike !== undefined)).toHaveLength(20);
    expect(new Set(struck.map((plan) => plan.tender.type)).size).toBe(5);
    const moments = struck.map((plan) => plan.tillStrike?.moment);
    expect(new Set(moments)).toEqual(new Set(['before-sale', 'after-call', 'at-write']));
    expect(moments.filter((moment) => moment === 'at-write').length).toBeGreaterThan(40);
    const all = planKills({ ...counts, tillKills: 500, cloudKills: 100 });
    const atOnce = all.filter((plan) => plan.cloudStrike?.moment === 'with-till');
    expect(atOnce.length).toBeGreaterThan(20);
    expect(atOnce.every((plan) => plan.tillStrike?.moment !== 'before-sale')).toBe(true);
  });

  it.each([
    { ...counts, sales: 0 },
    { ...counts, sales: 5_001 },
    { ...counts, tillKills: 501 },
    { ...counts, cloudKills: 501 },
    { ...counts, sales: Number.NaN },
  ])('refuses counts that do not fit: %o', (wrong) => {
    expect(() => planKills(wrong)).toThrow(RangeError);
  });
});
