import { expect, test } from 'vitest';
import { median, quantile } from './statistics.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => count - index);

test.each([
  [100, 0.99, 99],
  [100, 0.07, 7],
  [100, 1, 100],
  [101, 0.99, 100],
  [4, 0.5, 2],
  [1, 0.01, 1],
])(
  'of 1 to %i the quantile %f is %i: the least that so many stay at or below',
  (count, part, found) => {
    expect(quantile(upTo(count), part)).toBe(found);
  },
);

test('the median is the middle one, of an even count the lower; of nothing there is none', () => {
  expect([median([9, 1, 5]), median([4, 1, 3, 2])]).toEqual([5, 2]);
  expect(median([])).toBeNaN();
  expect(quantile([], 0.99)).toBeNaN();
});
