import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPaymentRoom } from '#cloud/payment-room.ts';
import { buildApp } from '#cloud/app.ts';
import {
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { startWorkers } from '#cloud/workers.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import type { SignedCataloguePage } from '#shared/wire/v1/goods.ts';
import { startNetworkSwitch, type NetworkSwitch } from './stage/network-switch.ts';
import { createOperatorDesk, type OperatorDesk } from './stage/operator.ts';

/** The office, the real cloud with its workers on PostgreSQL, a real agent with its file, and a line that is really cut. */
const ends: (() => Promise<unknown>)[] = [];
let operator: OperatorDesk;
let merchantId: string;
let agent: Agent;
let line: NetworkSwitch;
/** What happens to a page on its way to the till. */
let bend: (page: SignedCataloguePage) => SignedCataloguePage = (page) => page;
let pagesAsked: string[] = [];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-goods-'));
  ends.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  const cloud: TestCloud = await createTestCloud();
  ends.push(() => cloud.close());
  const payments = createPaymentRoom(cloud.deps, {});
  const workers = startWorkers(cloud.deps, payments);
  ends.push(() => workers.stop());
  const app = await buildApp(cloud.deps, { payments, onJournalTaken: workers.onJournalTaken });
  ends.push(() => app.close());
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  operator = createOperatorDesk(() => origin, testOperatorToken);
  const shop = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
  merchantId = shop.merchantId;
  const path = `/admin/v1/merchants/${merchantId}/stores/${shop.storeId}/activation-codes`;
  const { code } = await operator.call<{ code: string }>('POST', path);
  line = await startNetworkSwitch({ port: Number(new URL(origin).port) });
  ends.push(() => line.close());
  const config = {
    dataDir: join(folder, 'till'),
    cloudUrl: `http://127.0.0.1:${line.port}`,
    cashier: '小王',
    devices: [],
  };
  const world = fastWorld(10);
  agent = getOrThrow(
    await createAgent({ config, appVersion: 'test', ...world, fetch: fetchBending }),
  );
  ends.push(() => agent.stop());
  await agent.start();
  getOrThrow(await agent.activate(code));
}, 120_000);

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
}, 60_000);

/** The till's way to the cloud, with somebody in it who changes pages of the catalogue. */
const fetchBending: typeof globalThis.fetch = async (input, init) => {
  const answer = await fetch(input, init);
  const url = input instanceof Request ? input.url : String(input);
  if (!url.includes('/v1/catalogue') || answer.status !== 200) return answer;
  pagesAsked.push(url.slice(url.indexOf('/v1/')));
  const page = bend((await answer.json()) as SignedCataloguePage);
  const { status, headers } = answer;
  return new Response(JSON.stringify(page), {
    status,
    headers: { date: headers.get('date') ?? '', 'content-type': 'application/json' },
  });
};

const put = (...goods: readonly object[]) =>
  operator.call('POST', `/admin/v1/merchants/${merchantId}/goods`, { goods });
const cola = { code: '6901234567892', name: '可乐', priceFen: 350, unit: '瓶' };

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/** The price of one piece, as a scan puts it into an empty sale; undefined: the scan adds nothing. */
async function priceOf(code: string): Promise<number | undefined> {
  getOrThrow(await agent.api.call('till.dropLines', {}));
  getOrThrow(await agent.api.call('till.scan', { text: code }));
  const { draft } = getOrThrow(await agent.api.call('till.state', {}));
  getOrThrow(await agent.api.call('till.dropLines', {}));
  return draft.goods?.lines[0]?.priceFen;
}

describe("the office's goods at the till", { timeout: 120_000 }, () => {
  test("a price that the office changes is the till's after its heartbeat, and is what is paid", async () => {
    await put(cola);
    await until(async () => (await priceOf(cola.code)) === 350, 'the first price');
    await put({ ...cola, priceFen: 400 });
    await until(async () => (await priceOf(cola.code)) === 400, 'the new price');
    getOrThrow(await agent.api.call('till.scan', { text: cola.code }));
    getOrThrow(await agent.api.call('till.payCash', { tenderedFen: 400 }));
    const { screen } = getOrThrow(await agent.api.call('till.state', {}));
    if (screen.type !== 'cash') throw new Error(screen.type);
    const path = `/admin/v1/merchants/${merchantId}/orders/${screen.orderId}/lines`;
    const linesThere = () =>
      operator.call<{ lines: unknown }>('GET', path).then(
        ({ lines }) => lines,
        () => undefined,
      );
    await until(async () => (await linesThere()) !== undefined, 'the order in the cloud');
    expect(await linesThere()).toEqual([
      { code: '06901234567892', name: '可乐', unit: '瓶', quantity: 1, priceFen: 400 },
    ]);
  });

  test('a page that somebody changed on its way is refused; the price before stays until the true one comes', async () => {
    bend = ({ payload, signature }) => ({ payload: payload.replace('500', '100'), signature });
    await put({ ...cola, priceFen: 500 });
    await until(async () => {
      const { rows } = getOrThrow(await agent.api.call('exceptions.list', {}));
      return rows.some(({ code }) => code === 'catalogue-signature-invalid');
    }, 'the refusal');
    expect(await priceOf(cola.code)).toBe(400);
    bend = (page) => page;
    await until(async () => (await priceOf(cola.code)) === 500, 'the true price');
  });

  test('a line that is cut after the first of three pages: sold from what is there, and gone on from there', async () => {
    const many = Array.from({ length: 1_100 }, (_, no) => ({
      code: `N${no}`,
      name: `货${no}`,
      priceFen: no + 1,
    }));
    await line.turn(false);
    await until(
      async () => !getOrThrow(await agent.api.call('status.get', {})).online,
      'the line to be down',
    );
    for (const from of [0, 500, 1_000]) await put(...many.slice(from, from + 500));
    pagesAsked = [];
    bend = (page) => {
      if (pagesAsked.length === 2) {
        void line.turn(false);
        throw new TypeError('the line is cut');
      }
      return page;
    };
    await line.turn(true);
    await until(async () => (await priceOf('N499')) === 500, 'the first page');
    await until(() => Promise.resolve(pagesAsked.length >= 2), 'the second page to be on its way');
    expect(await priceOf('N500')).toBeUndefined();
    bend = (page) => page;
    await line.turn(true);
    await until(async () => (await priceOf('N1099')) === 1_100, 'the rest');
    const places = pagesAsked.map((path) => Number(path.split('=')[1]));
    const first = places[0] ?? 0;
    expect([...new Set(places)]).toEqual([first, first + 500, first + 1_000]);
    expect(places.filter((place) => place === first)).toHaveLength(1);
  });
});
