import { expect, test } from 'vitest';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { en } from './en.ts';
import { errorWords, wordsOf } from './language.ts';
import { zh } from './zh.ts';

const promissory = '分红 增值 投资 收益 回报 返本 全返 稳赚 躺赚 入股 静态 动态收益 5倍 翻倍'.split(
  ' ',
);

/** Every leaf as path and text; functions are called with figures, because their words are shipped too. */
function leaves(words: unknown, path = ''): [path: string, text: string][] {
  if (typeof words === 'string') return [[path, words]];
  if (typeof words === 'function') {
    const figures = Array.from({ length: words.length }, (_, index) => index + 2);
    return [[path, (words as (...args: number[]) => string)(...figures)]];
  }
  return Object.entries(words as object).flatMap(([key, value]) => leaves(value, `${path}.${key}`));
}

const paths = (words: unknown) => leaves(words).map(([path]) => path);
const polite = (words: unknown) => leaves(words).filter(([, text]) => text.includes('您'));
const promises = (words: unknown) =>
  leaves(words).filter(([, text]) => promissory.some((word) => text.includes(word)));

test('both languages have the same keys', () => {
  expect(paths(en)).toEqual(paths(zh));
});

test('no string is empty', () => {
  for (const words of [zh, en])
    expect(leaves(words).filter(([, text]) => text.trim() === '')).toEqual([]);
});

test('no shipped string promises anything, and a planted one is found', () => {
  expect(promises(zh)).toEqual([]);
  expect(promises(en)).toEqual([]);
  expect(promises({ planted: '稳赚不赔' })).toHaveLength(1);
});

test('no English in Chinese mode, but for the switch itself', () => {
  const english = leaves(zh).filter(([, text]) => /[A-Za-z]{3,}/.test(text));
  expect(english.map(([path]) => path)).toEqual(['.language.switch']);
});

test('a refusal speaks in the words of the catalogue, and an unknown code still says something', () => {
  expect(errorWords('amount-not-positive', 'zh')).toBe(errorCatalogue['amount-not-positive'].zh);
  expect(errorWords('of-a-newer-agent', 'en')).toBe(errorCatalogue['input-invalid'].en);
  expect(wordsOf('en')).toBe(en);
});

test('the till speaks to its cashier in one way: 你, never 您 beside it', () => {
  expect(polite(zh)).toEqual([]);
  expect(polite({ planted: '您的名字' })).toHaveLength(1);
});
