import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { amountFenMax, fen } from '#shared/money/fen.ts';
import { formatYuan, parseOrderYuan, parseYuan } from '#shared/money/format-yuan.ts';

describe('formatYuan', () => {
  test.each([
    [0, '0.00'],
    [5, '0.05'],
    [99, '0.99'],
    [100, '1.00'],
    [123_450, '1,234.50'],
    [99_999_900, '999,999.00'],
    [100_000_000, '1,000,000.00'],
    [amountFenMax, '100,000,000,000.00'],
    [-5, '-0.05'],
    [-123_450, '-1,234.50'],
  ])('%i fen is %s', (amountFen, text) => {
    expect(formatYuan(fen(amountFen))).toBe(text);
  });
});

describe('parseYuan', () => {
  test.each([
    ['12.5', 1250],
    ['12.50', 1250],
    ['12.', 1200],
    ['12', 1200],
    ['.5', 50],
    ['0.01', 1],
    ['0', 0],
    ['007', 700],
    [' 12.5 ', 1250],
    ['1,234.50', 123_450],
    // 1.1 x 100 is 110.00000000000001 as a float, 4.35 x 100 is 434.99999999999994.
    ['1.1', 110],
    ['4.35', 435],
    ['100,000,000,000.00', amountFenMax],
  ])('%s is %i fen', (text, amountFen) => {
    expect(parseYuan(text)).toEqual({ ok: true, value: amountFen });
  });

  test.each([
    ['12a', 'amount-not-a-number'],
    ['abc', 'amount-not-a-number'],
    ['', 'amount-not-a-number'],
    ['.', 'amount-not-a-number'],
    ['-', 'amount-not-a-number'],
    ['1.2.3', 'amount-not-a-number'],
    ['1e3', 'amount-not-a-number'],
    ['0x10', 'amount-not-a-number'],
    ['1,23', 'amount-not-a-number'],
    [',100', 'amount-not-a-number'],
    ['１２', 'amount-not-a-number'],
    ['¥12', 'amount-not-a-number'],
    ['NaN', 'amount-not-a-number'],
    ['9'.repeat(33), 'amount-not-a-number'],
    ['-1', 'amount-not-positive'],
    ['-0.005', 'amount-not-positive'],
    ['1.005', 'amount-too-precise'],
    ['1.000', 'amount-too-precise'],
    ['100000000000.01', 'amount-over-limit'],
    ['9'.repeat(32), 'amount-over-limit'],
  ])('%s is refused: %s', (text, type) => {
    expect(parseYuan(text)).toMatchObject({ ok: false, error: { type } });
  });

  test('reads back every amount that formatYuan writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: amountFenMax }), (amountFen) => {
        expect(parseYuan(formatYuan(fen(amountFen)))).toEqual({ ok: true, value: amountFen });
      }),
    );
  });
});

test('an order is above zero and inside the limit of one order', () => {
  expect(parseOrderYuan('50,000.00')).toEqual({ ok: true, value: 5_000_000 });
  expect(parseOrderYuan('50000.01')).toMatchObject({
    ok: false,
    error: { type: 'amount-over-limit', limitFen: 5_000_000 },
  });
  expect(parseOrderYuan('0.00')).toEqual({ ok: false, error: { type: 'amount-not-positive' } });
  expect(parseOrderYuan('x')).toEqual({ ok: false, error: { type: 'amount-not-a-number' } });
});
