import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { listOrders } from '#terminal/agent/journal/order-rows.ts';
import { cashFact, openedFact, orderIdOf, submittedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

const folder = tempFolder();
let journal: Journal;

const failedFact = (index: number): EntryFact => ({
  type: 'charge.failed',
  body: { orderId: orderIdOf(index), attempt: 1, code: 'payment-code-expired' },
});
const voidedFact = (index: number): EntryFact => ({
  type: 'order.voided',
  body: { orderId: orderIdOf(index), code: 'cancelled-by-cashier' },
});

beforeEach(() => {
  ({ journal } = openTestJournal(folder.path));
  const sales: readonly (readonly EntryFact[])[] = [
    [openedFact(1), cashFact(1)],
    [openedFact(2), submittedFact(2)],
    [openedFact(3), submittedFact(3), failedFact(3)],
    [openedFact(4), voidedFact(4)],
  ];
  expect(journal.append(sales.flat()).ok).toBe(true);
});
afterEach(() => {
  journal.close();
  folder.remove();
});

const listed = (state: string | undefined) =>
  listOrders(journal.read, { state, limit: 9 }).map(({ order }) => order.orderId);

describe('the list of orders', () => {
  test.each([
    [undefined, [4, 3, 2, 1]],
    ['none', [4, 3]],
    ['cash', [1]],
    ['pending', [2]],
    ['voided', [4]],
    ['failed', [3]],
    ['settled', []],
  ])('filter %s shows %j, newest first', (state, indexes) => {
    expect(listed(state)).toEqual(indexes.map(orderIdOf));
  });
});
