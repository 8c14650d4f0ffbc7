import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectOnce } from '#cloud/journal/projection/project-journal.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { setCounter } from '#cloud/promotion/partner-counters.ts';
import type { MerchantId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';
import { createMemoryCounter } from '#terminal/agent/testing/memory-counter.ts';
import { createOperatorDesk } from './stage/operator.ts';

/**
 * Two shops of one operator: the real cloud on PostgreSQL and two real agents with journals on disk
 * and printers on wires. A noodle shop's coupon is printed at the tea house's counter and used at
 * its own.
 */
const ends: (() => Promise<unknown>)[] = [];

interface Shop {
  readonly merchantId: MerchantId;
  readonly agent: Agent;
  readonly counter: ReturnType<typeof createMemoryCounter>;
}
let noodles: Shop;
let tea: Shop;
/** How many sales of the tea house the cloud has read from its journal. */
let salesTold: () => Promise<number>;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 25);
    });
  }
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-coupon-'));
  ends.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  const cloud = await createTestCloud();
  ends.push(() => cloud.close());
  const app = await buildTestApp(cloud);
  ends.push(() => app.close());
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const operator = createOperatorDesk(() => origin, testOperatorToken);
  const open = async (name: string): Promise<Shop> => {
    const { merchantId, storeId } = await activateTestTerminal({
      origin,
      operatorToken: testOperatorToken,
    });
    const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
    const { code } = await operator.call<{ code: string }>('POST', path);
    const counter = createMemoryCounter();
    const { devices, transports } = counter;
    const config = { dataDir: join(folder, name), cloudUrl: origin, cashier: '小王', devices };
    const agent = getOrThrow(await createAgent({ config, appVersion: 'test', transports }));
    ends.push(() => agent.stop());
    await agent.start();
    getOrThrow(await agent.activate(code));
    await until('the printer', async () => {
      const { devices: views, online } = getOrThrow(await agent.api.call('status.get', {}));
      return online && views.some(({ role, state }) => role === 'printer' && state === 'online');
    });
    return { merchantId, agent, counter };
  };
  salesTold = async () => {
    while ((await projectOnce({ ...cloud.deps, effects: createProjectionEffects() })) > 0);
    const { rows } = await cloud.deps.db.execute<{ count: number }>(sql`
      select count(*) as count from customer_order
       where merchant_id = ${tea.merchantId} and state = 'cash-recorded'`);
    return rows[0]?.count ?? 0;
  };
  noodles = await open('noodles');
  tea = await open('tea');
  // What the owners and the operator did before today: a counter that is open, a campaign that was bought and agreed.
  const { operatorId, db, clock } = cloud.deps;
  await setCounter(db, {
    operatorId,
    merchantId: tea.merchantId,
    isOpen: true,
    nowMs: clock.nowMs(),
  });
  const details = {
    service: 'partner-coupon',
    text: '进店即用',
    partnerId: tea.merchantId,
    offFen: 500,
    minimumFen: 2_000,
    validDays: 14,
  };
  await db.execute(sql`
    insert into promo_order (operator_id, promo_order_id, merchant_id, idem_key, service,
      price_version, price_points, quantity, details, partner_id, state, begins_on, ends_on, ordered_at_ms)
    values (${operatorId}, 'pro_01J00000000000000000000001', ${noodles.merchantId}, 'a-campaign',
      'partner-coupon', 1, 3000, 2, ${JSON.stringify(details)}::jsonb, ${tea.merchantId}, 'running',
      current_date - 1, current_date + 30, 0)`);
}, 60_000);
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
}, 60_000);

const screenOf = async ({ agent }: Shop) => getOrThrow(await agent.api.call('till.state', {}));

async function sellForCash({ agent }: Shop, amountFen: number, tenderedFen: number) {
  await agent.api.call('till.setAmount', { amountFen });
  return await agent.api.call('till.payCash', { tenderedFen });
}

test('printed after a sale at the tea house, it lowers one sale at the noodle shop, once', async () => {
  expect((await sellForCash(tea, 900, 900)).ok).toBe(true);
  await until('a receipt and a coupon', () => tea.counter.papers().length === 2);
  const [receipt, coupon] = tea.counter.printer.receipts();
  expect(receipt?.lines.join('\n')).toContain('已收现金');
  expect(coupon?.lines.join('\n')).toContain('满￥20.00减￥5.00');
  const paper = coupon?.qrTexts[0] ?? '';
  expect(paper).toMatch(/^GTC1[0-9A-Z]{16}$/);

  // At the shop that printed it, it is worth nothing.
  await tea.agent.api.call('till.setAmount', { amountFen: 2_500 });
  await tea.agent.api.call('till.scan', { text: paper });
  expect((await screenOf(tea)).notice?.code).toBe('coupon-of-another-shop');

  // Its sale is known and paid: before that it would be refused.
  await until('the sale in the cloud', async () => (await salesTold()) === 1);
  await noodles.agent.api.call('till.setAmount', { amountFen: 2_500 });
  noodles.counter.scanner.scan(paper);
  await until(
    'the coupon in the sale',
    async () => (await screenOf(noodles)).draft.coupon !== null,
  );
  expect((await noodles.agent.api.call('till.payCash', { tenderedFen: 2_000 })).ok).toBe(true);
  const { screen } = await screenOf(noodles);
  expect(screen).toMatchObject({ type: 'cash', amountFen: 2_000, couponFen: 500, changeFen: 0 });
  await until('its receipt', () => noodles.counter.papers().length === 1);
  expect(noodles.counter.papers()[0]).toMatch(
    /原价 +￥25\.00[^]*优惠券 +-￥5\.00[^]*应收 +￥20\.00/u,
  );

  await noodles.agent.api.call('till.dismiss', {});
  await noodles.agent.api.call('till.setAmount', { amountFen: 3_000 });
  await noodles.agent.api.call('till.scan', { text: paper });
  expect((await screenOf(noodles)).notice?.code).toBe('coupon-used');
  const today = getOrThrow(await noodles.agent.api.call('today.get', {}));
  expect(today).toMatchObject({ turnoverFen: 2_000, couponFen: 500, couponCount: 1 });
}, 60_000);
