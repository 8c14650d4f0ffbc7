import { expect, test } from 'vitest';
import { charOfKey } from './key-names.ts';

const plain = { shiftKey: false };

test.each([
  ['Digit7', '7', '7'],
  ['Numpad7', '7', '7'],
  ['Digit7', 'Process', '7'],
  ['NumpadDecimal', 'Process', '.'],
  ['Period', '。', '.'],
  ['KeyA', 'Process', 'a'],
  ['KeyA', 'A', 'A'],
  ['Enter', 'Process', 'Enter'],
  ['NumpadEnter', 'Enter', 'Enter'],
  ['Digit7', '７', '7'],
  ['KeyF', 'ｆ', 'f'],
  ['', 'Process', '\uFFFD'],
  ['Tab', 'Tab', 'Tab'],
  ['F9', 'F9', undefined],
  ['Backspace', 'Backspace', undefined],
  ['', '5', '5'],
])('code %s with key %s writes %s: the input method never eats a scan', (code, key, expected) => {
  expect(charOfKey({ code, key, ...plain })).toBe(expected);
});

test('shift gives what a scanner means by it', () => {
  expect(charOfKey({ code: 'Semicolon', key: 'Process', shiftKey: true })).toBe(':');
  expect(charOfKey({ code: 'KeyB', key: 'Process', shiftKey: true })).toBe('B');
  expect(charOfKey({ code: 'Digit2', key: '@', shiftKey: true })).toBe('@');
});

test('Shift and Tab is a person who goes back', () => {
  expect(charOfKey({ code: 'Tab', key: 'Tab', shiftKey: true })).toBeUndefined();
});

test('a key without a physical code that an input method took was typed all the same', () => {
  expect(charOfKey({ code: '', key: 'Unidentified', keyCode: 229, ...plain })).toBe('\uFFFD');
  expect(charOfKey({ code: '', key: 'Unidentified', keyCode: 0, ...plain })).toBeUndefined();
});
