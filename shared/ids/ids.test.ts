import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attemptMax,
  idPattern,
  idTimeMs,
  newId,
  outTradeNo,
  parseId,
  type OrderId,
} from '#shared/ids/ids.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';

const orderId = 'ord_01M80FST80000000000000000A' as OrderId;

describe('newId', () => {
  test('is the kind, 48 bits of time and 80 random bits in Crockford base 32', () => {
    const zeros = { unit: () => 0, bytes: (count: number) => new Uint8Array(count) };
    const clock = createManualClock(1_469_918_176_385);
    // The time part is the example of the ULID specification.
    expect(newId('ord', { clock, random: zeros })).toBe('ord_01ARYZ6S410000000000000000');
    const ones = { unit: () => 0, bytes: (count: number) => new Uint8Array(count).fill(255) };
    const end = createManualClock(2 ** 48 - 1);
    expect(newId('mbr', { clock: end, random: ones })).toBe('mbr_7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
  });

  test('tells when it was made', () => {
    const random = createSeededRandom(2);
    for (const atMs of [0, 31, 1_469_918_176_385, 2 ** 48 - 1]) {
      const clock = createManualClock(atMs);
      expect(idTimeMs(newId('ord', { clock, random }))).toBe(atMs);
    }
  });

  test('sorts by creation time', () => {
    const clock = createManualClock();
    const random = createSeededRandom(1);
    const made = Array.from({ length: 200 }, () => {
      clock.advance(1);
      return newId('ord', { clock, random });
    });
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });

  test('a time beyond 48 bits is a broken invariant', () => {
    const random = createSeededRandom(1);
    for (const wallMs of [-1, 2 ** 48, Number.NaN]) {
      expect(() => newId('ord', { clock: createManualClock(wallMs), random })).toThrow(/48 bits/);
    }
  });
});

describe('parseId', () => {
  test.each([
    ['another kind', 'mbr_01M80FST80000000000000000A'],
    ['no kind', '01M80FST80000000000000000A'],
    ['lower case', 'ord_01m80fst80000000000000000a'],
    ['a letter that Crockford leaves out', 'ord_01M80FST8000000000000000IL'],
    ['one character short', 'ord_01M80FST80000000000000000'],
    ['one character long', 'ord_01M80FST80000000000000000AA'],
    ['more than 128 bits', 'ord_81M80FST80000000000000000A'],
    ['a line feed behind', 'ord_01M80FST80000000000000000A\n'],
    ['nothing', ''],
  ])('%s is no order id', (_, text) => {
    expect(parseId('ord', text)).toBeUndefined();
    expect(new RegExp(idPattern('ord')).test(text)).toBe(false);
  });

  test('an order id is recognised, and by the pattern of the wire too', () => {
    expect(parseId('ord', orderId)).toBe(orderId);
    expect(new RegExp(idPattern('ord')).test(orderId)).toBe(true);
  });
});

describe('outTradeNo', () => {
  test('is 28 characters that every channel takes: [0-9A-Z], at most 32', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: attemptMax }), (attempt) => {
        expect(outTradeNo(orderId, attempt)).toMatch(/^[0-9A-Z]{28}$/);
      }),
    );
    expect(outTradeNo(orderId, 7)).toBe('01M80FST80000000000000000A07');
  });

  test.each([0, 100, 1.5, -1])('attempt %d is a broken invariant', (attempt) => {
    expect(() => outTradeNo(orderId, attempt)).toThrow(/out of 1\.\.99/);
  });
});
