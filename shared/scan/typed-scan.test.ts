import { expect, test } from 'vitest';
import { fitsKnownCode } from '#shared/scan/fits-known-code.ts';
import { scanOfTyped } from '#shared/scan/typed-scan.ts';

test.each([
  ['134567890123456789', { text: '134567890123456789' }],
  [']Q1134567890123456789', { text: '134567890123456789', aim: ']Q1' }],
  [']E06901234567892', { text: '6901234567892', aim: ']E0' }],
  [']Q1', { text: ']Q1' }],
  ['a]Q1', { text: 'a]Q1' }],
  ['', { text: '' }],
])('%s is read as a keyboard scanner means it', (typed, expected) => {
  expect(scanOfTyped(typed)).toEqual(expected);
});

test('a code with its AIM identifier is a known one, and its print is evidence', () => {
  expect(fitsKnownCode(']Q1134567890123456789')).toBe(true);
  expect(fitsKnownCode(']A0134567890123456789')).toBe(false);
});
