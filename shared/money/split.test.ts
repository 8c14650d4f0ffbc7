import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { allocate, splitByRate } from '#shared/money/split.ts';

const amount = fc.integer({ min: 0, max: 10_000_000_000_000 }).map(fen);

describe('splitByRate', () => {
  test('the share is rounded down and the rest takes the fen', () => {
    expect(splitByRate(fen(101), basisPoints(8000))).toEqual({ shareFen: 80, restFen: 21 });
    expect(splitByRate(fen(0), basisPoints(8000))).toEqual({ shareFen: 0, restFen: 0 });
    expect(splitByRate(fen(7), basisPoints(10_000))).toEqual({ shareFen: 7, restFen: 0 });
  });

  test('both parts add up, and the share is off by less than a fen', () => {
    fc.assert(
      fc.property(amount, fc.integer({ min: 0, max: 10_000 }).map(basisPoints), (whole, rate) => {
        const { shareFen, restFen } = splitByRate(whole, rate);
        expect(shareFen + restFen).toBe(whole);
        const cut = BigInt(whole) * BigInt(rate) - BigInt(shareFen) * 10_000n;
        expect(cut >= 0n && cut < 10_000n).toBe(true);
      }),
    );
  });

  test('more than the whole is a broken invariant', () => {
    expect(() => splitByRate(fen(1), basisPoints(10_001))).toThrow(/more than the whole/);
  });
});

describe('allocate', () => {
  const parts = [
    { name: 'platform', weight: 1 },
    { name: 'agent', weight: 1 },
    { name: 'merchant', weight: 1 },
  ] as const;

  const thirds = (amountFen: number, remainderTo: 'platform' | 'agent' | 'merchant') =>
    allocate({ amountFen: fen(amountFen), parts, remainderTo });

  test('equal fractions: the named owner gets the fen, then the order of the parts', () => {
    expect(thirds(100, 'merchant')).toEqual({ platform: 33, agent: 33, merchant: 34 });
    expect(thirds(100, 'agent')).toEqual({ platform: 33, agent: 34, merchant: 33 });
    expect(thirds(101, 'merchant')).toEqual({ platform: 34, agent: 33, merchant: 34 });
  });

  test('the largest fraction comes before the named owner', () => {
    const weights = [
      { name: 'a', weight: 5 },
      { name: 'b', weight: 3 },
      { name: 'c', weight: 1 },
    ] as const;
    // 10 x 5/9 = 5.56, 10 x 3/9 = 3.33, 10 x 1/9 = 1.11.
    expect(allocate({ amountFen: fen(10), parts: weights, remainderTo: 'c' })).toEqual({
      a: 6,
      b: 3,
      c: 1,
    });
  });

  test('the parts add up, each is within one fen of its exact share, and no weight gets nothing', () => {
    const weights = fc
      .array(fc.integer({ min: 0, max: 1_000_000_000 }), { minLength: 1, maxLength: 12 })
      .filter((list) => list.some((weight) => weight > 0));
    fc.assert(
      fc.property(amount, weights, fc.nat(), (whole, list, pick) => {
        const some = list.map((weight, index) => ({ name: `p${index}`, weight }));
        const owner = `p${pick % list.length}`;
        const shares = allocate({ amountFen: whole, parts: some, remainderTo: owner });
        const total = list.reduce((sum, weight) => sum + BigInt(weight), 0n);
        expect(Object.values(shares).reduce<number>((sum, share) => sum + share, 0)).toBe(whole);
        for (const { name, weight } of some) {
          const off = BigInt(shares[name]!) * total - BigInt(whole) * BigInt(weight);
          expect(off > -total && off < total).toBe(true);
          if (weight === 0) expect(shares[name]).toBe(0);
        }
      }),
    );
  });

  test.each([
    ['a negative weight', [{ name: 'a', weight: -1 }]],
    ['a weight with a fraction', [{ name: 'a', weight: 0.5 }]],
    ['weights that add up to nothing', [{ name: 'a', weight: 0 }]],
    [
      'a name twice',
      [
        { name: 'a', weight: 1 },
        { name: 'a', weight: 1 },
      ],
    ],
    ['nobody of that name', [{ name: 'b', weight: 1 }]],
  ])('%s is a broken invariant', (_, wrong) => {
    expect(() => allocate({ amountFen: fen(1), parts: wrong, remainderTo: 'a' })).toThrow(
      /invariant/,
    );
  });
});
