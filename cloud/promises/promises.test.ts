import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId, type OrderId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';
import { defaultPromiseLimits } from '#shared/promise/promise-limits.ts';
import { promiseTally } from '#shared/tally/promise-tally.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { oldRateGraceMs } from '#cloud/identity/merchant-rates.ts';
import { projectOnce, type ProjectionDeps } from '#cloud/journal/projection/project-journal.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { isOrderClosed } from '#cloud/payments/attempt-store.ts';
import { cloudTally } from '#cloud/orders/cloud-tally.ts';
import { knownPerson } from '#cloud/persons/testing/known-person.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import {
  activateTestTerminal,
  createTestJournal,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { settlementLaws } from '#cloud/settlement/settlement-laws.ts';

/** Goods on trust, as the till's journal tells of them. */
let cloud: TestCloud;
let app: CloudApp;
let origin: string;
let till: TestTerminal;
let deps: ProjectionDeps;
let journal: TestJournal;
/** Of two people of the operator. */
let keys: readonly [string, string];

beforeAll(async () => {
  cloud = await createTestCloud();
  const keyOf = async (name: string) => (await knownPerson(cloud.deps, name)).key;
  keys = [await keyOf('王芳'), await keyOf('李明')];
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  deps = { ...cloud.deps, effects: createProjectionEffects() };
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});
beforeEach(async () => {
  till = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
  journal = createTestJournal();
  journal.append('store.opened', { reason: 'created', appVersion: '0.1.0' });
});

const soldOn = '2026-10-01';
const keptOn = '2026-10-03';
const amountFen = 10_000;

function promise(change: object = {}, openedMore: object = {}): OrderId {
  const orderId = newId('ord', cloud.deps);
  journal.append('order.opened', {
    orderId,
    amountFen,
    voucherFen: 0,
    concessionBp: 1_000,
    businessDate: soldOn,
    cashier: '小王',
    claimToken: randomBytes(8).toString('hex').toUpperCase(),
    ...openedMore,
  });
  const body = { orderId, kind: 'iou', amountFen, who: '王阿姨', approvedBy: '店主' };
  journal.append('offline.promised', { ...body, capsVersion: 4, limitsVersion: 1, ...change });
  return orderId;
}
const keep = (orderId: OrderId, how = 'cash') =>
  journal.append('offline.promise-kept', { orderId, how, businessDate: keptOn, cashier: '小王' });
const breakIt = (orderId: OrderId) =>
  journal.append('offline.promise-broken', {
    orderId,
    code: 'promise-broken',
    cashier: '小王',
    approvedBy: '店主',
    note: '人找不到了',
  });

async function tell(): Promise<void> {
  expect((await till.post('/v1/journal/batches', journal.batch(1))).status).toBe(200);
  while ((await projectOnce(deps)) > 0);
}

const rowsOf = async (statement: ReturnType<typeof sql>) =>
  (await cloud.deps.db.execute(statement)).rows;
const stateOf = async (orderId: OrderId) =>
  (await rowsOf(sql`select state from customer_order where order_id = ${orderId}`))[0]?.['state'];
const linesOf = (orderId: OrderId) =>
  rowsOf(sql`select source, channel, business_date::text as day, net_fen, concession_fen,
    same_day_fen, reserve_fen from settlement_line where order_id = ${orderId}`);
const parked = () =>
  rowsOf(sql`select seq, code from journal_parked where epoch = ${journal.epoch} order by seq`);
const pointsOf = (orderId: OrderId) =>
  rowsOf(sql`select order_id from points_order where order_id = ${orderId}`);
const shop = () => ({
  operatorId: cloud.deps.operatorId,
  merchantId: till.merchantId,
});
const tally = (businessDate: string) => cloudTally(cloud.deps.db, { ...shop(), businessDate });

async function brokenLaws() {
  const laws = [...ledgerLaws, ...settlementLaws];
  const { operatorId } = cloud.deps;
  return (await proveLaws(cloud.deps.db, { operatorId, laws })).filter(({ holds }) => !holds);
}

interface Listed {
  readonly limits: object;
  readonly promises: readonly Readonly<Record<string, unknown>>[];
}
const admin = (path: string, init: RequestInit & { readonly key?: string } = {}) =>
  fetch(`${origin}/admin/v1/${path}`, {
    ...init,
    headers: {
      authorization: `Bearer ${testOperatorToken}`,
      'content-type': 'application/json',
      ...(init.key === undefined ? {} : { 'x-person-key': init.key }),
    },
  });
const ofShop = (path: string) => `merchants/${till.merchantId}/${path}`;
const listed = async () => (await (await admin(ofShop('promises'))).json()) as Listed;
const why = '店主来电要求，按合同调整';
const setLimits = (change: object, key = keys[0]) =>
  admin(ofShop('promise-limits'), {
    method: 'PUT',
    body: JSON.stringify({ why, ...change }),
    key,
  });
const agree = (actNo: unknown, key: string) =>
  admin(`acts/${String(actNo)}/agree`, {
    method: 'POST',
    body: JSON.stringify({ note: '已核对' }),
    key,
  });
async function config(): Promise<ConfigPayload> {
  const { body } = await till.get('/v1/terminals/me/config');
  return JSON.parse((body as unknown as { payload: string }).payload) as ConfigPayload;
}
const { version: _, ...bound } = defaultPromiseLimits;

describe('a promise is no payment', () => {
  test('open, it books nothing, earns nothing, and stands beside the four sums of its day', async () => {
    const orderId = promise();
    await tell();
    expect(await stateOf(orderId)).toBe('promised');
    expect(await linesOf(orderId)).toEqual([]);
    expect(await pointsOf(orderId)).toEqual([]);
    expect(await tally(soldOn)).toMatchObject({
      settledFen: 0,
      cashFen: 0,
      offlineFen: 0,
      pendingFen: 0,
      orderCount: 0,
      concessionFen: 0,
      promises: { iouFen: amountFen, staticCodeFen: 0, openCount: 1, keptFen: 0, keptCount: 0 },
    });
    expect(await brokenLaws()).toEqual([]);
  });

  test('kept in cash it is booked once, on the day it came, and owes its concession as a cash sale does', async () => {
    const orderId = promise();
    keep(orderId);
    await tell();
    await tell();
    expect(await linesOf(orderId)).toEqual([
      {
        source: 'promise',
        channel: 'promise-cash',
        day: keptOn,
        net_fen: amountFen,
        concession_fen: 1_000,
        same_day_fen: 0,
        reserve_fen: 0,
      },
    ]);
    expect(
      await rowsOf(sql`select kind from ledger_txn where idem_key = ${`sale:${orderId}`}`),
    ).toEqual([{ kind: 'promise-sale' }]);
    expect(await pointsOf(orderId)).toHaveLength(1);
    expect(await tally(soldOn)).toMatchObject({
      orderCount: 0,
      promises: { iouFen: 0, openCount: 0, keptFen: 0 },
    });
    expect(await tally(keptOn)).toMatchObject({
      settledFen: 0,
      cashFen: 0,
      orderCount: 0,
      promises: { keptFen: amountFen, keptCashFen: amountFen, keptCount: 1 },
    });
    expect(await brokenLaws()).toEqual([]);
  });

  test('seen in the account of the static code or come by transfer it is no cash, and broken it books nothing', async () => {
    const [seen, transferred, broken] = [
      promise({ kind: 'static-code', who: undefined }),
      promise(),
      promise(),
    ];
    keep(seen, 'static-code-seen');
    keep(transferred, 'transfer');
    breakIt(broken);
    await tell();
    expect(await tally(keptOn)).toMatchObject({
      promises: { keptFen: 2 * amountFen, keptCashFen: 0, keptCount: 2 },
    });
    expect(await stateOf(broken)).toBe('promise-broken');
    expect(await linesOf(broken)).toEqual([]);
    expect((await listed()).promises).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ orderId: broken, broken: { by: '小王', note: '人找不到了' } }),
        expect.objectContaining({
          orderId: transferred,
          kept: { how: 'transfer', businessDate: keptOn, by: '小王' },
        }),
      ]),
    );
    expect(await brokenLaws()).toEqual([]);
  });

  test('the sums of the cloud are those that both sides fold from the same orders', async () => {
    promise();
    promise({ kind: 'static-code' });
    for (const how of ['cash', 'transfer', 'static-code-seen']) keep(promise(), how);
    breakIt(promise());
    await tell();
    const rows = await rowsOf(sql`select folded from customer_order
      where merchant_id = ${till.merchantId}`);
    const orders = rows.map((row) => row['folded'] as Order);
    expect(orders).toHaveLength(6);
    for (const date of [soldOn, keptOn])
      expect((await tally(date)).promises).toEqual(promiseTally(orders, date));
  });

  test('a second word about it is parked, told to the till, and changes nothing', async () => {
    const orderId = promise();
    keep(orderId);
    const second = keep(orderId, 'transfer');
    const third = breakIt(orderId);
    await tell();
    expect(await parked()).toEqual([
      { seq: second.seq, code: 'order-transition-refused' },
      { seq: third.seq, code: 'order-transition-refused' },
    ]);
    expect(await linesOf(orderId)).toMatchObject([{ channel: 'promise-cash' }]);
  });

  test('the rate is that of the day on which the goods left, however late the money comes', async () => {
    const orderId = promise();
    await tell();
    const { merchantId } = till;
    await cloud.deps.db.execute(sql`insert into merchant_rate
      (operator_id, merchant_id, from_ms, concession_bp)
      values (${cloud.deps.operatorId}, ${merchantId}, ${Date.now() + 1_000}, 1500)`);
    journal.shiftClock(2 * oldRateGraceMs);
    keep(orderId);
    await tell();
    expect(await parked()).toEqual([]);
    expect(await linesOf(orderId)).toMatchObject([{ concession_fen: 1_000 }]);
  });

  test('a charge for a promised order is refused: its journal says what became of it', async () => {
    const orderId = promise();
    await tell();
    expect(await cloud.deps.db.transaction((tx) => isOrderClosed(tx, { ...shop(), orderId }))).toBe(
      true,
    );
  });
});

describe('limits', () => {
  test('the cloud judges again with all tills of the shop: what is above gets a flag and stays as it is', async () => {
    const atLimit = Array.from({ length: 10 }, () =>
      promise({ amountFen: 20_000 }, { amountFen: 20_000 }),
    );
    const over = promise({ amountFen: 1 }, { amountFen: 1 });
    const tooLarge = promise({ amountFen: 20_001 }, { amountFen: 20_001 });
    const made = promise({ limitsVersion: 7 });
    await tell();
    const flags = new Map((await listed()).promises.map((row) => [row['orderId'], row['flag']]));
    expect(atLimit.map((orderId) => flags.get(orderId))).toEqual(atLimit.map(() => null));
    expect(flags.get(over)).toBe('promise-sum-used');
    expect(flags.get(tooLarge)).toBe('promise-too-large');
    expect(flags.get(made)).toBe('promise-not-allowed');
    expect(await stateOf(over)).toBe('promised');
    expect(await parked()).toEqual([]);
    keep(over);
    await tell();
    expect(await linesOf(over)).toMatchObject([{ source: 'promise' }]);
  });

  test('the owner sets them below the bound; each till gets them signed with its next configuration', async () => {
    const before = await config();
    expect(before.caps.promises).toEqual(defaultPromiseLimits);
    const lower = { ...bound, perPromiseFen: 5_000, openCount: 3 };
    const set = await setLimits(lower);
    expect([set.status, await set.json()]).toEqual([200, { ...lower, version: 2 }]);
    const after = await config();
    expect(after.caps.promises).toEqual({ ...lower, version: 2 });
    expect(after.configVersion).toBeGreaterThan(before.configVersion);
    expect((await listed()).limits).toEqual({ ...lower, version: 2 });
    const high = await setLimits({ ...bound, openFen: bound.openFen + 1 });
    expect([high.status, await high.json()]).toMatchObject([
      409,
      { code: 'promise-limits-too-high' },
    ]);
  });

  test('raised, they wait for another person; lowered, one is enough; nobody does it in a name of his choice', async () => {
    const low = { ...bound, perPromiseFen: 5_000, openCount: 3 };
    expect((await setLimits(low)).status).toBe(200);
    const { limits } = await listed();
    const raised = await setLimits(bound);
    expect(raised.status).toBe(202);
    const act = (await raised.json()) as { actNo: number; proposedBy: string };
    expect(act).toMatchObject({ kind: 'raise-promise-limits', state: 'proposed', why });
    expect((await listed()).limits).toEqual(limits);
    const alone = await agree(act.actNo, keys[0]);
    expect(await alone.json()).toMatchObject({ code: 'policy-same-person' });
    expect((await listed()).limits).toEqual(limits);
    const agreed = await agree(act.actNo, keys[1]);
    expect(agreed.status).toBe(200);
    expect((await listed()).limits).toEqual({ ...bound, version: 3 });
    const [row] = await rowsOf(sql`select set_by from promise_limit where version = 3`);
    expect(String(row?.['set_by']).split(' ')).toEqual([
      act.proposedBy,
      ((await agreed.json()) as { endedBy: string }).endedBy,
    ]);
    // One higher and the others lower is a raise as well.
    expect((await setLimits(low)).status).toBe(200);
    const swapped = await setLimits({ ...low, perPromiseFen: 4_000, openCount: 4 });
    expect(swapped.status).toBe(202);
    const { actNo } = (await swapped.json()) as { actNo: number };
    // Whoever lowers them at once has the last word until somebody proposes anew.
    const stopped = { ...low, openCount: 1 };
    expect((await setLimits(stopped)).status).toBe(200);
    const late = await agree(actNo, keys[1]);
    expect(await late.json()).toMatchObject({ status: 409, code: 'policy-proposal-ended' });
    expect((await listed()).limits).toMatchObject(stopped);
    await admin(`acts/${String(actNo)}/withdraw`, {
      method: 'POST',
      body: JSON.stringify({ note: '不改了' }),
      key: keys[0],
    });
    for (const key of ['', 'guessed'])
      expect((await setLimits({ ...bound, openCount: 1 }, key)).status).toBe(
        key === '' ? 400 : 403,
      );
    expect((await setLimits({ ...bound, openCount: 1, setBy: '店主' })).status).toBe(400);
    expect((await setLimits({ ...bound, openFen: bound.openFen + 1 })).status).toBe(409);
  });

  test('a till that had not heard of the new limits is judged by those it had, for as long as it may go on with them', async () => {
    expect((await setLimits({ ...bound, perPromiseFen: 100 })).status).toBe(200);
    const soon = promise();
    await tell();
    journal.shiftClock(2 * bound.windowMs);
    const late = promise();
    await tell();
    const flags = new Map((await listed()).promises.map((row) => [row['orderId'], row['flag']]));
    expect(flags.get(soon)).toBeNull();
    expect(flags.get(late)).toBe('promise-too-large');
  });
});
