import { expect, test } from 'vitest';
import { percentText } from './percent.ts';
import { clockText, monthAndDay, secondsBetween, secondsText, secondsUntil } from './time.ts';

test.each([
  [1000, '10%'],
  [850, '8.5%'],
  [1005, '10.05%'],
  [300, '3%'],
  [50, '0.5%'],
])('%i basis points read %s', (basisPoints, text) => {
  expect(percentText(basisPoints)).toBe(text);
});

test('times are Shanghai times of 24 hours', () => {
  const wallMs = Date.UTC(2026, 10, 22, 16, 5, 7);
  expect(clockText(wallMs)).toBe('00:05');
  expect(secondsText(wallMs)).toBe('00:05:07');
});

test('a countdown never goes below zero and shows 1 until the end', () => {
  expect(secondsUntil(10_000, 9_001)).toBe(1);
  expect(secondsUntil(10_000, 10_500)).toBe(0);
  expect(secondsBetween(10_000, 9_000)).toBe(0);
  expect(secondsBetween(10_000, 24_900)).toBe(14);
});

test('month and day of a business date', () => {
  expect(monthAndDay('2026-11-29')).toEqual({ month: 11, day: 29 });
});
