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

  it('mixes 45% cash, 30% wallet codes, 15% box and 10% member codes, with every kind of lost answer', () => {
    const tenders = planKills(counts).map((plan) => plan.tender);
    const count = (type: string): number => tenders.filter((tender) => tender.type === type).length;
    expect([count('cash'), count('wallet'), count('box')]).toEqual([225, 150, 75]);
    expect(count('member-code')).toBe(50);
    const endings = tenders.flatMap((tender) => (tender.type === 'box' ? [tender.ending] : []));
    expect(new Set(endings)).toEqual(new Set(['paid', 'cable-out', 'declined']));
    const outcomes = tenders.flatMap((tender) => ('outcome' in tender ? [tender.outcome] : []));
    expect(new Set(outcomes)).toEqual(new Set(['paid', 'unknown-paid', 'answer-dropped']));
  });

  it('kills as often as asked, in every kind of sale, before it and after its call', () => {
    const plans = planKills(counts);
    const struck = plans.filter((plan) => plan.tillStrike !== undefined);
    expect(struck).toHaveLength(100);
    expect(plans.filter((plan) => plan.cloudStrike !== undefined)).toHaveLength(20);
    expect(new Set(struck.map((plan) => plan.tender.type)).size).toBe(4);
    expect(new Set(struck.map((plan) => plan.tillStrike?.moment)).size).toBe(2);
    expect(struck.filter((plan) => (plan.tillStrike?.delayMs ?? 99) < 20).length).toBeGreaterThan(
      30,
    );
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
