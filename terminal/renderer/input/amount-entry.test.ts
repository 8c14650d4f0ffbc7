import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { orderAmountFenMax } from '#shared/money/fen.ts';
import {
  amountOfEntry,
  emptyAmount,
  entryOfAmount,
  eraseAmountKey,
  pressAmountKey,
  typedDecimals,
  type AmountKey,
} from './amount-entry.ts';

const type = (...keys: readonly AmountKey[]) => keys.reduce(pressAmountKey, emptyAmount);

test.each<[readonly AmountKey[], string, number]>([
  [['3', '8', '.', '5'], '38.5', 3850],
  [['3', '8'], '38', 3800],
  [['1', '00'], '100', 10_000],
  [['.', '5'], '0.5', 50],
  [['0', '0', '7'], '7', 700],
  [['0', '.', '0', '1'], '0.01', 1],
  [['5', '.', '.', '5'], '5.5', 550],
  [['5', '.', '1', '2', '3'], '5.12', 512],
  [['5', '.', '1', '00'], '5.10', 510],
  [['5', '.', '00'], '5.00', 500],
  [[], '', 0],
])('typing %j reads %s and is %i fen', (keys, text, expectedFen) => {
  const entry = type(...keys);
  expect(entry.text).toBe(text);
  expect(amountOfEntry(entry)).toBe(expectedFen);
});

test('the limit of one order is reached and never passed, and the refused key is told', () => {
  const full = type('5', '0', '00', '0');
  expect(amountOfEntry(full)).toBe(orderAmountFenMax);
  const refused = pressAmountKey(full, '0');
  expect(refused).toEqual({ text: '50000', overLimit: true });
  expect(pressAmountKey(refused, '.').overLimit).toBe(false);
});

test('backspace takes one character and clears the warning', () => {
  expect(eraseAmountKey({ text: '12.5', overLimit: true })).toEqual({
    text: '12.',
    overLimit: false,
  });
  expect(eraseAmountKey(emptyAmount)).toEqual(emptyAmount);
});

test('typed decimals are counted for the dimmed zeros', () => {
  expect(typedDecimals(type('3', '8'))).toEqual({ point: false, count: 0 });
  expect(typedDecimals(type('3', '8', '.'))).toEqual({ point: true, count: 0 });
  expect(typedDecimals(type('3', '8', '.', '5'))).toEqual({ point: true, count: 1 });
});

test('an amount shown as an entry is the same amount', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: orderAmountFenMax }), (amountFen) => {
      expect(amountOfEntry(entryOfAmount(amountFen))).toBe(amountFen);
    }),
  );
});

test('any keys give a bounded amount that one more key can extend or leave alone', () => {
  const key = fc.constantFrom<AmountKey>('0', '1', '5', '9', '00', '.');
  fc.assert(
    fc.property(fc.array(key, { maxLength: 30 }), (keys) => {
      const entry = type(...keys);
      expect(entry.text).toMatch(/^\d{0,5}(\.\d{0,2})?$/);
      expect(amountOfEntry(entry)).toBeLessThanOrEqual(orderAmountFenMax);
    }),
  );
});
