import { expect, test } from 'vitest';
import { dailyTally } from '#shared/tally/daily-tally.ts';
import { promiseTally } from '#shared/tally/promise-tally.ts';
import { fold } from '#shared/testing/order-facts.ts';

const promised = fold('order.opened', 'offline.promised');
const kept = fold('order.opened', 'offline.promised', 'offline.promise-kept');
const broken = fold('order.opened', 'offline.promised', 'offline.promise-broken');
const cash = fold('order.opened', 'cash.recorded');
const orders = [promised, kept, broken, cash];

test('a promise stands on its own line on the day it was made, and is no turnover', () => {
  expect(promiseTally(orders, '2026-11-22')).toEqual({
    iouFen: 1000,
    staticCodeFen: 0,
    openCount: 1,
    keptFen: 0,
    keptCashFen: 0,
    keptCount: 0,
  });
  expect(dailyTally(orders)).toMatchObject({ turnoverFen: 1000, cashFen: 1000, drawerFen: 1000 });
});

test('what was kept in cash is counted on the day it was kept, apart from the cash sales', () => {
  expect(promiseTally(orders, '2026-11-23')).toMatchObject({
    openCount: 0,
    keptFen: 1000,
    keptCashFen: 1000,
    keptCount: 1,
  });
});
