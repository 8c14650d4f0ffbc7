import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BoxBehaviour } from '#drivers/simulator/box/box-behaviour.ts';
import { listOrders } from '#terminal/agent/journal/order-rows.ts';
import { exceptionRows } from '#terminal/agent/tally/exception-rows.ts';
import { openBoxBench, type BoxBench } from '#terminal/agent/testing/box-bench.ts';

/** Whatever the box does, whoever presses what, and whenever the till dies: the box's own books are the judge. */
type Step =
  | { readonly do: 'sell'; readonly amountFen: number; readonly box: BoxBehaviour }
  | { readonly do: 'press-again' | 'cash' | 'cancel' | 'query' | 'dismiss' | 'kill' }
  | { readonly do: 'pull' | 'plug' | 'customer-pays' | 'customer-cancels' | 'power' }
  | { readonly do: 'pass'; readonly durationMs: number };

const behaviours: readonly BoxBehaviour[] = [
  { type: 'approve' },
  { type: 'approve', delayMs: 4_000 },
  { type: 'approve', delayMs: 200_000 },
  { type: 'decline', reason: 'bank' },
  { type: 'decline', reason: 'network', delayMs: 2_000 },
  { type: 'ask-customer' },
  { type: 'answer-twice' },
  { type: 'never-answer', charges: true },
  { type: 'never-answer', charges: false },
  { type: 'die', charges: true },
  { type: 'die', charges: false },
  { type: 'lose-power', charges: true },
  { type: 'lose-power', charges: false },
  { type: 'busy' },
];

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('sell' as const),
        amountFen: fc.integer({ min: 1, max: 99_999 }),
        box: fc.constantFrom(...behaviours),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('pass' as const),
        durationMs: fc.constantFrom(0, 1, 30, 300, 2_000, 20_000, 200_000),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom(
          ...(['press-again', 'cash', 'cancel', 'query', 'dismiss', 'kill'] as const),
          ...(['pull', 'plug', 'customer-pays', 'customer-cancels', 'power'] as const),
        ),
      }),
    },
  ),
  { minLength: 1, maxLength: 24 },
);

async function play(bench: BoxBench, step: Step): Promise<void> {
  const { box, wire, checkout } = bench;
  switch (step.do) {
    case 'sell':
      box.script(step.box);
      void bench.payBox(step.amountFen);
      return bench.pass(0);
    case 'press-again':
      void checkout().payBox();
      return bench.pass(0);
    case 'cash':
      await checkout().payCash(checkout().state().draft.amountFen);
      return undefined;
    case 'cancel':
      checkout().cancel();
      return undefined;
    case 'query':
      checkout().queryNow();
      return undefined;
    case 'dismiss':
      checkout().dismiss();
      return undefined;
    case 'kill':
      bench.kill();
      return bench.start();
    case 'pull':
      return wire.far.pull();
    case 'plug':
      return wire.far.plug();
    case 'customer-pays':
      return box.customerPays();
    case 'customer-cancels':
      return box.customerCancels();
    case 'power':
      return box.powerCycle();
    case 'pass':
      return bench.pass(step.durationMs);
  }
}

/** All is connected again, nobody stands at the box any more, and there is time. */
async function comeToRest({ box, wire, pass }: BoxBench): Promise<void> {
  await wire.far.plug();
  if (box.isDead()) box.powerCycle();
  box.customerCancels();
  await pass(15 * 60_000);
}

const sum = (parts: readonly { readonly amountFen: number }[]): number =>
  parts.reduce((total, { amountFen }) => total + amountFen, 0);

function judge({ box, journal }: BoxBench): void {
  const { read } = journal();
  const orders = listOrders(read, { limit: 200 }).map(({ order }) => order);
  const told = new Set(
    exceptionRows(read, [])
      .filter(({ code }) => code === 'proofs-contradict')
      .map(({ orderId }) => orderId),
  );
  const charged = new Map<string, ReturnType<typeof box.books>[number][]>();
  for (const entry of box.books()) {
    const orderId = `ord_${entry.mark.slice(0, 26)}`;
    charged.set(orderId, [...(charged.get(orderId) ?? []), entry]);
  }
  for (const [orderId, entries] of charged)
    expect(entries, `charges of ${orderId}`).toHaveLength(1);
  for (const order of orders) {
    const [entry] = charged.get(order.orderId) ?? [];
    expect(['pos-sent', 'pos-unknown'], 'everything is known at rest').not.toContain(order.state);
    if (order.state === 'pos-paid')
      expect(entry, `${order.orderId} is paid`).toMatchObject({ amountFen: order.amountFen });
    else if (entry) expect([order.state === 'manual', told.has(order.orderId)]).toContain(true);
  }
  const known = new Set(orders.map(({ orderId }) => orderId as string));
  expect([...charged.keys()].filter((orderId) => !known.has(orderId))).toEqual([]);
  const taken = orders.filter(({ state }) => state === 'pos-paid' || state === 'manual');
  if (told.size === 0) expect(sum(taken)).toBe(sum(box.books()));
}

test('one charge per order at most, and a tally equal to the box’s books, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 1_000 }), async (script, seed) => {
      const bench = await openBoxBench(seed);
      try {
        for (const step of script) await play(bench, step);
        await comeToRest(bench);
        judge(bench);
      } finally {
        bench.close();
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);

test('the judge sees a box that is handed a sale twice', async () => {
  const bench = await openBoxBench();
  try {
    await play(bench, { do: 'sell', amountFen: 1_000, box: { type: 'approve' } });
    await bench.pass(1_000);
    const [entry] = bench.box.books();
    const twice = { ...bench, box: { ...bench.box, books: () => [entry!, entry!] } };
    expect(() => judge(twice)).toThrow(/charges of ord_/);
  } finally {
    bench.close();
  }
});
