import { expect, test } from 'vitest';
import { en } from './en.ts';
import { zh } from './zh.ts';

/** Strings that stand as they are; what is made of figures says the figures it was given. */
const fixed = (words: unknown, path = ''): readonly [path: string, text: string][] => {
  if (typeof words === 'string') return [[path, words]];
  if (typeof words === 'function') return [];
  return Object.entries(words as object).flatMap(([key, value]) => fixed(value, `${path}.${key}`));
};
const shares = (words: unknown): readonly string[] =>
  fixed(words).flatMap(([path, text]) => (/\d\s?%/.test(text) ? [path] : []));

test('how a sale is divided is the contract of the shop (50 to 80% the same day): no word of the till fixes a share', () => {
  expect([shares(zh), shares(en)]).toEqual([[], []]);
  expect(shares({ today: { goods: '货款 80%' } })).toEqual(['.today.goods']);
});
