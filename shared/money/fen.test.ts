import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addFen,
  amountFenMax,
  fen,
  fenOfYuan,
  maxFen,
  minFen,
  negateFen,
  orderAmount,
  subtractFen,
  sumFen,
} from '#shared/money/fen.ts';
import { basisPoints, rateBpMax, shareFloor } from '#shared/money/rate.ts';

describe('fen', () => {
  test.each([0.5, Number.NaN, Infinity, amountFenMax + 1, -amountFenMax - 1])(
    '%d is no amount',
    (value) => {
      expect(() => fen(value)).toThrow(/not an amount/);
    },
  );

  test('a sum that leaves the range throws instead of losing a fen', () => {
    expect(() => addFen(fen(amountFenMax), fen(1))).toThrow(/not an amount/);
    expect(() => sumFen([fen(amountFenMax), fen(amountFenMax)])).toThrow(/not an amount/);
  });

  test('there is one zero', () => {
    expect(Object.is(negateFen(fen(0)), 0)).toBe(true);
    expect(Object.is(fen(-0), 0)).toBe(true);
  });

  test('adding and subtracting undo each other; the smaller and the larger are both', () => {
    const amounts = fc.integer({ min: -1e12, max: 1e12 }).map(fen);
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        expect(subtractFen(addFen(a, b), b)).toBe(a);
        expect(addFen(minFen(a, b), maxFen(a, b))).toBe(a + b);
        expect(minFen(a, b)).toBeLessThanOrEqual(maxFen(a, b));
      }),
    );
    expect(sumFen([])).toBe(0);
    expect(fenOfYuan(50)).toBe(5000);
  });
});

describe('orderAmount', () => {
  test.each([
    [0, 'amount-not-positive'],
    [-1, 'amount-not-positive'],
    [5_000_001, 'amount-over-limit'],
    [1.5, 'amount-not-integer'],
    [Number.NaN, 'amount-not-integer'],
    [2 ** 53, 'amount-not-integer'],
  ])('%d is refused: %s', (value, type) => {
    expect(orderAmount(value)).toMatchObject({ ok: false, error: { type } });
  });

  test.each([1, 5_000_000])('%d fen is an order', (value) => {
    expect(orderAmount(value)).toEqual({ ok: true, value });
  });
});

describe('rates', () => {
  test.each([-1, 0.5, rateBpMax + 1, Number.NaN])('%d is no rate', (value) => {
    expect(() => basisPoints(value)).toThrow(/not a rate/);
  });

  test('a share is rounded down, exactly, also where a float would not be', () => {
    expect(shareFloor(fen(999), basisPoints(500))).toBe(49);
    expect(shareFloor(fen(amountFenMax), basisPoints(9999))).toBe(9_999_000_000_000);
    expect(shareFloor(fen(9_007_199_254_741), basisPoints(9999))).toBe(9_006_298_534_815);
    expect(() => shareFloor(fen(-1), basisPoints(500))).toThrow(/negative/);
  });
});
