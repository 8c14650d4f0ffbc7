import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectStep } from '#cloud/journal/projection/projection-worker.ts';
import {
  activateTestTerminal,
  createTestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';
import { cutLines } from '#shared/goods/sale-lines.ts';
import { newId } from '#shared/ids/ids.ts';
import type { SaleLine } from '#shared/wire/v1/entries.ts';

const cloud = useTestCloud();
let till: TestTerminal;
beforeAll(async () => {
  till = await activateTestTerminal(cloud);
});

const cola = { code: '06901234567892', name: '可乐', unit: '瓶', quantity: 2, priceFen: 350 };
const typed = { quantity: 1, priceFen: 300 };
const long = { ...cola, name: '水'.repeat(40), quantity: 1 };

/** A cash sale of 1,000 fen with these lines, as its till tells it, and what became of it. */
async function sell(
  lines: readonly SaleLine[],
  more: { readonly couponFen?: number; readonly withoutPart?: number } = {},
) {
  const { couponFen, withoutPart } = more;
  const amountFen = 1_000;
  const orderId = newId('ord', cloud.deps);
  const journal = createTestJournal();
  journal.append('store.opened', { reason: 'created', appVersion: '1' });
  journal.append('order.opened', {
    orderId,
    amountFen,
    voucherFen: 0,
    ...(couponFen === undefined ? {} : { couponFen }),
    concessionBp: 1_000,
    businessDate: '2026-11-22',
    cashier: '小王',
    claimToken: randomBytes(8).toString('hex').toUpperCase(),
  });
  for (const body of cutLines(orderId, lines))
    if (body.part !== withoutPart) journal.append('order.lines', body);
  journal.append('cash.recorded', {
    orderId,
    dueFen: amountFen,
    tenderedFen: amountFen,
    changeFen: 0,
  });
  expect((await till.post('/v1/journal/batches', journal.batch(1))).status).toBe(200);
  const deps = { ...cloud.deps, effects: createProjectionEffects() };
  while ((await projectStep(deps)) > 0);
  const { rows } = await cloud.deps.db.execute<{ state: string }>(
    sql`select state from customer_order where order_id = ${orderId}`,
  );
  const parked = await cloud.deps.db.execute<{ code: string }>(
    sql`select code from journal_parked where epoch = ${journal.epoch} order by seq`,
  );
  return {
    state: rows[0]?.state,
    parked: parked.rows.map(({ code }) => code),
    lines: await linesOf(orderId),
  };
}

async function linesOf(orderId: string, shop = till): Promise<unknown> {
  const answer = await fetch(
    `${cloud.origin}/admin/v1/merchants/${shop.merchantId}/orders/${orderId}/lines`,
    { headers: { authorization: `Bearer ${cloud.operatorToken}` } },
  );
  return answer.status === 200
    ? ((await answer.json()) as { lines: unknown }).lines
    : answer.status;
}

describe('the lines of a sale in the cloud', () => {
  test('those that come to the price are kept with the order, and read by the office', async () => {
    expect(await sell([cola, typed])).toEqual({
      state: 'cash-recorded',
      parked: [],
      lines: [cola, typed],
    });
    // With a coupon they come to the price before it.
    expect(await sell([cola, { quantity: 1, priceFen: 800 }], { couponFen: 500 })).toMatchObject({
      parked: [],
      lines: [cola, { priceFen: 800 }],
    });
  });

  test('those of many entries are whole, or are not shown', async () => {
    const many = Array.from({ length: 100 }, () => ({ ...long, priceFen: 10 }));
    expect(await sell(many)).toMatchObject({ parked: [], lines: many });
    const broken = await sell(many, { withoutPart: 2 });
    expect(broken).toMatchObject({ state: 'cash-recorded', lines: [] });
    expect(new Set(broken.parked)).toEqual(new Set(['order-lines-mismatch']));
  });

  test.each([
    ['a fen less', [cola, { ...typed, priceFen: 299 }]],
    ['a fen more', [cola, { ...typed, priceFen: 301 }]],
  ])('%s than the price: parked with its reason, and the sale stands', async (_what, lines) => {
    expect(await sell(lines)).toEqual({
      state: 'cash-recorded',
      parked: ['order-lines-mismatch'],
      lines: [],
    });
  });

  test('a till that tells none is answered as ever; another shop reads nothing', async () => {
    expect(await sell([])).toEqual({ state: 'cash-recorded', parked: [], lines: [] });
    const other = await activateTestTerminal(cloud);
    const { rows } = await cloud.deps.db.execute<{ order_id: string }>(
      sql`select order_id from customer_order limit 1`,
    );
    expect(await linesOf(rows[0]!.order_id, other)).toBe(404);
  });
});
