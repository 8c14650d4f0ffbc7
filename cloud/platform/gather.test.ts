import { expect, test } from 'vitest';
import { isBusy } from '#cloud/platform/http/busy.ts';
import { createGatherer } from '#cloud/platform/gather.ts';

const limits = { itemsMax: 10, statementsMax: 2, waitingMax: 100 };

const settle = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Answers each number with its double when told to go on. */
function heldBack(change: Partial<typeof limits> = {}) {
  const statements: number[][] = [];
  const goOn: (() => void)[] = [];
  const ask = createGatherer<number, number>({
    ...limits,
    ...change,
    ask: async (items) => {
      statements.push([...items]);
      await new Promise<void>((resolve) => {
        goOn.push(resolve);
      });
      if (items.includes(13)) throw new Error('thirteen');
      return items.map((item) => item * 2);
    },
  });
  return { ask, statements, goOn: async () => (goOn.shift()?.(), settle()) };
}

test('the first are asked at once; what comes meanwhile goes together, and each gets his own answer', async () => {
  const { ask, statements, goOn } = heldBack();
  const answers = Promise.allSettled(Array.from({ length: 14 }, (_, index) => ask(index)));
  expect(statements).toEqual([[0], [1]]);
  for (let round = 0; round < 4; round += 1) await goOn();
  expect(statements[2]).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  const settled = await answers;
  expect(settled.slice(0, 12).map((one) => one.status === 'fulfilled' && one.value)).toEqual(
    Array.from({ length: 12 }, (_, index) => index * 2),
  );
});

test('a failure meets those of its statement and nobody else; the next are asked again', async () => {
  const { ask, goOn } = heldBack({ statementsMax: 1 });
  const first = ask(1);
  const caught = [13, 14].map((item) => ask(item).catch((error: unknown) => String(error)));
  await goOn();
  await goOn();
  expect(await first).toBe(2);
  expect(await Promise.all(caught)).toEqual(['Error: thirteen', 'Error: thirteen']);
  const later = ask(5);
  await goOn();
  expect(await later).toBe(10);
});

test('beyond its bound it says that it is busy, and a busy cloud is recognized', async () => {
  const { ask } = heldBack({ statementsMax: 1, waitingMax: 3 });
  for (let index = 0; index < 4; index += 1) void ask(index);
  const refused = await ask(4).catch((error: unknown) => error);
  expect(isBusy(refused)).toBe(true);
  expect(isBusy(new Error('query', { cause: refused }))).toBe(true);
  expect(isBusy(new Error('timeout exceeded when trying to connect'))).toBe(true);
  expect(isBusy(new Error('deadlock detected'))).toBe(false);
});
