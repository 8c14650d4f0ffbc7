import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgePromise, promiseRoom } from '#shared/promise/judge-promise.ts';
import { defaultPromiseLimits } from '#shared/promise/promise-limits.ts';

const limits = defaultPromiseLimits;
const free = { amountFen: 100, limits, open: { count: 0, sumFen: 0 }, sinceContactMs: 0 };
const refused = (change: Partial<Parameters<typeof judgePromise>[0]>) => {
  const judged = judgePromise({ ...free, ...change });
  return judged.ok ? undefined : judged.error.type;
};

describe('a promise is taken inside the signed limits only', () => {
  test.each([
    ['the last fen of one promise', { amountFen: 20_000 }, undefined],
    ['one fen more', { amountFen: 20_001 }, 'promise-too-large'],
    ['the last fen of all', { open: { count: 1, sumFen: 199_900 } }, undefined],
    ['one fen more than all', { open: { count: 1, sumFen: 199_901 } }, 'promise-sum-used'],
    ['the fiftieth', { open: { count: 49, sumFen: 0 } }, undefined],
    ['the fifty-first', { open: { count: 50, sumFen: 0 } }, 'promise-count-used'],
    ['24 hours after the last contact', { sinceContactMs: 86_400_000 }, undefined],
    ['a millisecond later', { sinceContactMs: 86_400_001 }, 'promise-window-closed'],
    ['no contact ever', { sinceContactMs: undefined }, 'promise-window-closed'],
    ['caps of an older cloud', { limits: undefined }, 'promise-not-allowed'],
    ['switched off', { limits: { ...limits, openCount: 0 } }, 'promise-not-allowed'],
  ] as const)('%s', (_, change, code) => {
    expect(refused(change)).toBe(code);
  });

  test('what the screen calls left is exactly what is taken', () => {
    const amounts = fc.integer({ min: 1, max: 300_000 });
    fc.assert(
      fc.property(
        fc.record({ amountFen: amounts, sumFen: amounts, count: fc.nat({ max: 60 }) }),
        ({ amountFen, sumFen, count }) => {
          const room = promiseRoom(limits, { sumFen, count }, 0);
          const fits =
            amountFen <= room.perPromiseFen &&
            amountFen <= room.remainingFen &&
            room.remainingCount > 0;
          expect(refused({ amountFen, open: { sumFen, count } }) === undefined).toBe(fits);
        },
      ),
    );
  });
});
