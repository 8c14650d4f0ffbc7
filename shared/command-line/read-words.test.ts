import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readWords } from '#shared/command-line/read-words.ts';

const specs = {
  sales: { type: 'whole', min: 1, max: 1_000, default: 500 },
  seed: { type: 'whole', min: 0, max: 10 },
  only: { type: 'texts' },
  out: { type: 'text', default: 'here' },
  write: { type: 'flag' },
} as const;
const read = (...args: string[]) => readWords(args, specs, { wordsMax: 1 });

test('what is not said is as it was settled before', () => {
  expect(read()).toEqual({
    ok: true,
    value: {
      values: { sales: 500, seed: undefined, only: [], out: 'here', write: false },
      words: [],
    },
  });
});

test('values stand behind their option or in it, and some options more than once', () => {
  expect(read('bill', '--sales=7', '--only', 'a', '--only', 'b', '--write')).toMatchObject({
    value: { values: { sales: 7, only: ['a', 'b'], write: true }, words: ['bill'] },
  });
});

test.each([
  [['--sales', 'abc'], "'--sales abc': a whole number from 1 to 1000 is wanted"],
  [['--sales', '0'], "'--sales 0': a whole number from 1 to 1000 is wanted"],
  [['--sales', '1e2'], "'--sales 1e2': a whole number from 1 to 1000 is wanted"],
  [['--sales', '-3'], "'--sales -3': a whole number from 1 to 1000 is wanted"],
  [['--seed=11'], "'--seed 11': a whole number from 0 to 10 is wanted"],
  [['--sales'], "'--sales' wants a value"],
  [['--sales', '--write'], "'--sales' wants a value"],
  [['--sales', '1', '--sales', '2'], "'--sales' is there twice"],
  [['--write=yes'], "'--write' takes no value"],
  [['--nonsense'], "'--nonsense' is no option of this command"],
  [['--constructor', 'x'], "'--constructor' is no option of this command"],
  [['-s'], "'-s' is no option of this command"],
  [['one', 'two'], "'two' is a word too many"],
])('%j is refused in words', (args, words) => {
  expect(read(...args)).toEqual({ ok: false, error: words });
});

test('whatever is typed, a number that comes out is whole and inside its range', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const got = read(`--sales=${text}`);
      if (!got.ok) return;
      const { sales } = got.value.values;
      expect(Number.isInteger(sales) && sales >= 1 && sales <= 1_000).toBe(true);
    }),
  );
});
