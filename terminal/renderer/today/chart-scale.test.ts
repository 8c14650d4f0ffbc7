import { expect, test } from 'vitest';
import { barHeights, hourBars, tallestBar } from './chart-scale.ts';

test('the axis runs from opening to closing and stretches to what was sold outside', () => {
  expect(hourBars([], 4).map((bar) => bar.hour)).toEqual([
    8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
  ]);
  const late = hourBars(
    [
      { hour: 6, scanFen: 1, cashFen: 0 },
      { hour: 23, scanFen: 1, cashFen: 0 },
    ],
    0,
  );
  expect([late[0]?.hour, late.at(-1)?.hour, late.length]).toEqual([6, 23, 18]);
});

const axis = (hours: readonly number[], cutOverHour: number): readonly number[] =>
  hourBars(
    hours.map((hour) => ({ hour, scanFen: hour + 1, cashFen: 0 })),
    cutOverHour,
  ).map((bar) => bar.hour);

test('the axis follows the business day: what was sold after midnight stands last', () => {
  expect(axis([0, 1, 9, 23], 4)).toEqual([
    8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 0, 1,
  ]);
  expect(axis([4], 4)[0]).toBe(4);
  expect(axis([3], 4).at(-1)).toBe(3);
  expect(axis([], 12)).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20]);
  expect(axis([11], 12)).toHaveLength(24);
  const bars = hourBars([{ hour: 1, scanFen: 7, cashFen: 2 }], 4);
  expect(bars.at(-1)).toEqual({ hour: 1, scanFen: 7, cashFen: 2 });
});

test('the tallest bar fills the drawing and no sum above zero is invisible', () => {
  const bars = [
    { hour: 9, scanFen: 900_000, cashFen: 100_000 },
    { hour: 10, scanFen: 1, cashFen: 0 },
  ];
  const tallest = tallestBar(bars);
  const full = barHeights(bars[0]!, { tallest, height: 200 });
  expect(full.scan + full.cash).toBe(200);
  expect(barHeights(bars[1]!, { tallest, height: 200 })).toEqual({ scan: 1.5, cash: 0 });
  expect(barHeights({ scanFen: 0, cashFen: 0 }, { tallest: 0, height: 200 })).toEqual({
    scan: 0,
    cash: 0,
  });
});
