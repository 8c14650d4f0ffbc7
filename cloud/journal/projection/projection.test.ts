import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import { newId } from '#shared/ids/ids.ts';
import { err } from '#shared/result/result.ts';
import { projectOnce, type ProjectionDeps } from '#cloud/journal/projection/project-journal.ts';
import { createTillJournal, openOrder, recordCash } from '#cloud/journal/testing/till-journal.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectStep } from '#cloud/journal/projection/projection-worker.ts';
import {
  activateTestTerminal,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const cloud = useTestCloud();
let terminal: TestTerminal;
let deps: ProjectionDeps;

beforeAll(async () => {
  terminal = await activateTestTerminal(cloud);
  deps = { ...cloud.deps, effects: createProjectionEffects() };
});

const newOrder = () => newId('ord', cloud.deps);

async function deliver(journal: TestJournal, from: TestTerminal = terminal): Promise<void> {
  const answer = await from.post('/v1/journal/batches', journal.batch(1));
  expect(answer.status).toBe(200);
}

async function drain(): Promise<void> {
  while ((await projectStep(deps)) > 0);
}

async function query<T extends Record<string, unknown>>(statement: ReturnType<typeof sql>) {
  return (await cloud.deps.db.execute<T>(statement)).rows;
}

const parkedOf = (journal: TestJournal) =>
  query(sql`select seq, code from journal_parked where epoch = ${journal.epoch} order by seq`);
const stateOf = async (orderId: string) =>
  (await query(sql`select state from customer_order where order_id = ${orderId}`))[0]?.['state'];
const linesOf = async (orderId: string) =>
  await query(sql`select source, net_fen, concession_fen from settlement_line
    where order_id = ${orderId}`);

test('a cash sale becomes an order, a settlement line and a claim, once, however often it is delivered', async () => {
  const journal = createTillJournal();
  const orderId = newOrder();
  const claimToken = openOrder(journal, { orderId });
  recordCash(journal, orderId);
  await deliver(journal);
  await drain();
  await deliver(journal);
  await drain();
  expect(await stateOf(orderId)).toBe('cash-recorded');
  expect(await linesOf(orderId)).toEqual([{ source: 'cash', net_fen: 1000, concession_fen: 100 }]);
  const claimHash = createHash('sha256').update(claimToken).digest('hex');
  expect(
    await query(sql`select order_id from order_claim where claim_hash = ${claimHash}`),
  ).toEqual([{ order_id: orderId }]);
});

test('two workers at once consume each entry once', async () => {
  const journals = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const journal = createTillJournal();
      for (let count = 0; count < 10; count += 1) {
        const orderId = newOrder();
        openOrder(journal, { orderId });
        recordCash(journal, orderId);
      }
      await deliver(journal);
      return journal;
    }),
  );
  const consumed = await Promise.all(
    Array.from({ length: 4 }, async () => {
      let sum = 0;
      for (let idle = 0; idle < 3;) {
        const done = await projectOnce(deps, { streamsMax: 2, entriesMax: 7 });
        sum += done;
        idle = done === 0 ? idle + 1 : 0;
      }
      return sum;
    }),
  );
  expect(consumed.reduce((a, b) => a + b, 0)).toBe(6 * 21);
  const epochs = journals.map((journal) => journal.epoch);
  const rows = await query(sql`select count(*) as n from customer_order
    where epoch in ${epochs} and state = 'cash-recorded'`);
  expect(rows).toEqual([{ n: 60 }]);
});

test('a contradiction is parked alone with its reason; what follows goes on', async () => {
  const journal = createTillJournal();
  const [first, second] = [newOrder(), newOrder()];
  openOrder(journal, { orderId: first });
  recordCash(journal, first);
  const again = recordCash(journal, first);
  openOrder(journal, { orderId: second });
  recordCash(journal, second);
  await deliver(journal);
  await drain();
  expect(await parkedOf(journal)).toEqual([{ seq: again.seq, code: 'order-transition-refused' }]);
  expect(await stateOf(second)).toBe('cash-recorded');
  expect(await linesOf(first)).toHaveLength(1);
});

test('a charge that the cloud does not know as paid is parked, and the order stays pending', async () => {
  const journal = createTillJournal();
  const orderId = newOrder();
  openOrder(journal, { orderId });
  const charge = { orderId, attempt: 1 };
  journal.append('charge.submitted', {
    ...charge,
    wallet: 'wechat',
    codeMask: '13****01',
    codeHash: 'a'.repeat(64),
    amountFen: 1000,
  });
  const paid = journal.append('charge.paid', {
    ...charge,
    channel: 'wechat',
    channelRef: 'ref-1',
    paidAtMs: Date.now(),
  });
  await deliver(journal);
  await drain();
  expect(await parkedOf(journal)).toEqual([{ seq: paid.seq, code: 'charge-unknown-to-cloud' }]);
  expect(await stateOf(orderId)).toBe('submitting');
});

test("another terminal's journal cannot touch an order", async () => {
  const other = await activateTestTerminal(cloud);
  const orderId = newOrder();
  const journal = createTillJournal();
  openOrder(journal, { orderId });
  await deliver(journal);
  await drain();
  const foreign = createTillJournal();
  recordCash(foreign, orderId);
  await deliver(foreign, other);
  await drain();
  expect(await parkedOf(foreign)).toEqual([{ seq: 2, code: 'order-transition-refused' }]);
  expect(await stateOf(orderId)).toBe('draft');
});

test('a sale that the books refuse is parked; its neighbours in the same batch are booked', async () => {
  const journal = createTillJournal();
  const [good, bad, last] = [newOrder(), newOrder(), newOrder()];
  for (const orderId of [good, bad, last]) openOrder(journal, { orderId });
  const entries = [good, bad, last].map((orderId) => recordCash(journal, orderId));
  await deliver(journal);
  const effects = createProjectionEffects();
  const picky: ProjectionDeps = {
    ...deps,
    effects: {
      ...effects,
      bookSales: async (tx, sales) =>
        sales.some(({ paid }) => paid.orderId === bad)
          ? err({ type: 'order-refused' })
          : effects.bookSales(tx, sales),
    },
  };
  while ((await projectStep(picky)) > 0);
  expect(await parkedOf(journal)).toEqual([{ seq: entries[1]?.seq, code: 'entry-not-bookable' }]);
  expect(await linesOf(good)).toHaveLength(1);
  expect(await linesOf(bad)).toHaveLength(0);
  expect(await linesOf(last)).toHaveLength(1);
});

test('one refused sale among many is found by halving: the others do not wait for a booking each', async () => {
  const journal = createTillJournal();
  const orderIds = Array.from({ length: 128 }, newOrder);
  for (const orderId of orderIds) {
    openOrder(journal, { orderId });
    recordCash(journal, orderId);
  }
  const bad = orderIds[77];
  await deliver(journal);
  const effects = createProjectionEffects();
  let bookings = 0;
  const counting: ProjectionDeps = {
    ...deps,
    effects: {
      ...effects,
      bookSales: async (tx, sales) => {
        bookings += 1;
        return sales.some(({ paid }) => paid.orderId === bad)
          ? err({ type: 'order-refused' })
          : effects.bookSales(tx, sales);
      },
    },
  };
  while ((await projectStep(counting)) > 0);
  // The whole, and at each of seven levels the half with the sale at fault and the one without.
  expect(bookings).toBe(1 + 2 * Math.log2(orderIds.length));
  expect(await parkedOf(journal)).toHaveLength(1);
  const [row] = await query(sql`select count(*) as booked from settlement_line
    where order_id = any(${sql.param(orderIds)}::text[])`);
  expect(row?.['booked']).toBe(orderIds.length - 1);
});

test('an entry that makes the projection throw is parked in the end and does not block its journal', async () => {
  const journal = createTillJournal();
  const [poison, after] = [newOrder(), newOrder()];
  openOrder(journal, { orderId: poison });
  const bad = recordCash(journal, poison);
  openOrder(journal, { orderId: after });
  recordCash(journal, after);
  await deliver(journal);
  const effects = createProjectionEffects();
  let nowMs = Date.now();
  const throwing: ProjectionDeps = {
    ...deps,
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    effects: {
      ...effects,
      bookSales(tx, sales) {
        if (sales.some(({ paid }) => paid.orderId === poison)) throw new Error('bug');
        return effects.bookSales(tx, sales);
      },
    },
  };
  for (let step = 0; step < 20; step += 1) {
    await projectStep(throwing);
    nowMs += 120_000;
  }
  expect(await parkedOf(journal)).toEqual([{ seq: bad.seq, code: 'entry-not-bookable' }]);
  expect(await stateOf(after)).toBe('cash-recorded');
  expect(await linesOf(after)).toHaveLength(1);
});
