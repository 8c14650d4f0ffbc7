import { expect, test } from 'vitest';
import { createIntakeGate, type GateLimits } from '#cloud/journal/intake-gate.ts';

const limits: GateLimits = {
  insideMax: 3,
  insidePerTerminalMax: 2,
  waitingMax: 100,
  waitingPerTerminalMax: 50,
};

/** Lets everybody in who knocks, one after the other, and writes down in which order they came in. */
async function orderOfEntry(
  knocks: readonly string[],
  idOf: (name: string) => string,
): Promise<readonly string[]> {
  const gate = createIntakeGate(limits);
  const order: string[] = [];
  await Promise.all(
    knocks.map(async (name) => {
      const leave = await gate.enter(idOf(name));
      order.push(name);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      leave?.();
    }),
  );
  return order;
}

const newcomers = ['a', 'b', 'c', 'd'];
const knocks = [...Array.from({ length: 40 }, () => 'storm'), ...newcomers];
const lastNewcomer = (order: readonly string[]): number =>
  Math.max(...newcomers.map((name) => order.indexOf(name)));

test('a till that storms is one among others: each newcomer enters within one round', async () => {
  const order = await orderOfEntry(knocks, (name) => name);
  expect(lastNewcomer(order)).toBeLessThan(12);
  expect(order).toHaveLength(44);
});

test('planted violation: with one name for all the newcomers wait behind the whole storm', async () => {
  expect(lastNewcomer(await orderOfEntry(knocks, () => 'all'))).toBe(43);
});

test('no more than two batches of one terminal are inside, whatever room there is', async () => {
  const gate = createIntakeGate(limits);
  const leave = [await gate.enter('a'), await gate.enter('a')];
  let isIn = false;
  const third = gate.enter('a').then((way) => {
    isIn = true;
    return way;
  });
  expect(await gate.enter('b')).toBeDefined();
  expect(isIn).toBe(false);
  leave[0]?.();
  leave[0]?.();
  expect(await third).toBeDefined();
  expect(gate.waiting()).toBe(0);
});

test('who finds no room to wait is sent away: per terminal first, then in all', async () => {
  const gate = createIntakeGate({ ...limits, waitingPerTerminalMax: 2, waitingMax: 3 });
  const inside = await Promise.all(['a', 'b', 'c'].map((name) => gate.enter(name)));
  const waiting = ['a', 'a'].map((name) => gate.enter(name));
  expect(await gate.enter('a')).toBeUndefined();
  waiting.push(gate.enter('b'));
  expect(await gate.enter('d')).toBeUndefined();
  for (const leave of inside) leave?.();
  for (const way of await Promise.all(waiting)) expect(way).toBeDefined();
});
