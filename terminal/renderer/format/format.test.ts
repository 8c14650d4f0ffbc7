import { expect, test } from 'vitest';
import { shortYuan } from './money.ts';
import { percentText } from './percent.ts';
import {
  clockText,
  hoursAndMinutes,
  momentText,
  monthAndDay,
  secondsBetween,
  millisText,
  secondsText,
  secondsUntil,
} from './time.ts';

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
  expect(millisText(wallMs + 45)).toMatch(/^00:05:07[.,]\d{3}$/);
});

test('a moment of another day has its day: midnight is Shanghai midnight', () => {
  const wallMs = Date.UTC(2026, 10, 22, 16, 5);
  expect(momentText(wallMs, wallMs + 3_600_000)).toBe('00:05');
  expect(momentText(wallMs, wallMs + 86_400_000)).toBe('11-23 00:05');
  expect(momentText(wallMs - 3_600_000, wallMs)).toBe('11-22 23:05');
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

test('what is left of a day is never told too long', () => {
  expect(hoursAndMinutes(0, 24 * 3_600_000 - 1)).toEqual({ hours: 23, minutes: 59 });
  expect(hoursAndMinutes(0, 3_600_000)).toEqual({ hours: 1, minutes: 0 });
  expect(hoursAndMinutes(5_000, 1_000)).toEqual({ hours: 0, minutes: 0 });
});

test('a limit without decimals is told without them', () => {
  expect([shortYuan(20_000), shortYuan(20_050)]).toEqual(['¥200', '¥200.50']);
});
