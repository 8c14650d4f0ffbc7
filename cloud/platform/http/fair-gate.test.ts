import { expect, test } from 'vitest';
import { createFairGate, type GateLimits } from '#cloud/platform/http/fair-gate.ts';

let nowMs = 0;
const clock = { monotonicMs: () => nowMs };
const limits: GateLimits = {
  insideMax: 3,
  insideEachMax: 2,
  waitingMax: 100,
  waitingEachMax: 50,
  waitMsMax: 60_000,
};

/**
 * Lets everybody in who knocks, one after the other, and writes down in which order they came in.
 */
async function orderOfEntry(
  knocks: readonly string[],
  idOf: (name: string) => string,
): Promise<readonly string[]> {
  const gate = createFairGate({ limits, clock });
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
  const gate = createFairGate({ limits, clock });
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
  const gate = createFairGate({ limits: { ...limits, waitingEachMax: 2, waitingMax: 3 }, clock });
  const inside = await Promise.all(['a', 'b', 'c'].map((name) => gate.enter(name)));
  const waiting = ['a', 'a'].map((name) => gate.enter(name));
  expect(await gate.enter('a')).toBeUndefined();
  waiting.push(gate.enter('b'));
  expect(await gate.enter('d')).toBeUndefined();
  for (const leave of inside) leave?.();
  for (const way of await Promise.all(waiting)) expect(way).toBeDefined();
});

test('who would wait longer than his caller has patience is sent away, by the pace that was measured', async () => {
  const gate = createFairGate({
    limits: { ...limits, insideMax: 1, insideEachMax: 1, waitMsMax: 1_000 },
    clock,
  });
  const inside = await gate.enter('first');
  const waiting = Array.from({ length: 90 }, (_, index) => gate.enter(`visitor ${index}`));
  inside?.();
  // All but one leave, 400 ms each: two such steps fit into a second, three do not.
  for (const visitor of waiting.slice(0, -1)) {
    const leave = await visitor;
    nowMs += 400;
    leave?.();
  }
  const last = await waiting.at(-1);
  expect(gate.stepMs()).toBeGreaterThan(340);
  const patient = [gate.enter('a'), gate.enter('b')];
  expect(gate.waiting()).toBe(2);
  expect(await gate.enter('c')).toBeUndefined();
  last?.();
  (await patient[0])?.();
  expect(await patient[1]).toBeDefined();
});
