import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';

let bench: TillBench;
beforeEach(async () => {
  bench = await openTillBench(fastWorld(10));
});
afterEach(() => bench.close());

const cola = '06901234567892';
const water = '06922255451427';

/** What the file says to another program. */
function stored(): readonly { code: string; priceFen: number; active: number }[] {
  const db = new Database(join(bench.dataDir, journalFileName), { readonly: true });
  const rows = db
    .prepare('SELECT code, price_fen AS priceFen, active FROM goods ORDER BY version')
    .all() as { code: string; priceFen: number; active: number }[];
  db.close();
  return rows;
}
const codes = () => stored().map(({ code }) => code);
/** Another heartbeat, at once. */
const beat = async () => {
  await bench.cloud.goDown();
  await bench.until('offline', async () => !(await bench.status()).online);
  await bench.cloud.comeBack();
  await bench.until('online', async () => (await bench.status()).online);
};
const exceptions = async () => {
  const listed = await bench.ask('exceptions.list', {});
  return 'rows' in listed ? listed.rows.map(({ code }) => code) : [];
};

describe('the goods of a till', () => {
  test('come after a heartbeat that knows of them, changed ones again, and nothing is asked in between', async () => {
    bench.cloud.goods.put({ code: cola, name: '可乐', priceFen: 350 });
    await beat();
    await bench.until('the goods', () => stored().length === 1);
    bench.cloud.goods.put(
      { code: water, name: '水', priceFen: 200 },
      { code: cola, name: '可乐', priceFen: 400 },
    );
    await beat();
    await bench.until('the new price', () => stored().at(-1)?.priceFen === 400);
    bench.cloud.goods.put({ code: water, name: '水', priceFen: 200, active: false });
    await beat();
    await bench.until('the delisting', () => stored().at(-1)?.active === 0);
    const asked = bench.cloud.requests.filter((one) => one.includes('/v1/catalogue'));
    expect(asked).toEqual([0, 1, 3].map((after) => `GET /v1/catalogue?after=${after}`));
    await beat();
    expect(bench.cloud.requests.filter((one) => one.includes('/v1/catalogue'))).toEqual(asked);
  });

  test('are what the cloud has, also when its database is an older copy: no price stays that it does not know', async () => {
    const { goods } = bench.cloud;
    const dear = { code: cola, name: '可乐', priceFen: 400 };
    goods.put({ ...dear, priceFen: 350 }, dear, { code: water, name: '水', priceFen: 200 });
    await beat();
    await bench.until('the goods', () => stored().length === 2);
    goods.restore(1, { ...dear, priceFen: 350 });
    await beat();
    await bench.until('the former price', () => stored()[0]?.priceFen === 350);
    expect(codes()).toEqual([cola]);
    const asked = () => bench.cloud.requests.filter((one) => one.includes('/v1/catalogue'));
    expect(asked()).toEqual([0, 3, 0].map((after) => `GET /v1/catalogue?after=${after}`));
    goods.put({ code: water, name: '水', priceFen: 250 });
    await beat();
    await bench.until('what is new', () => stored().at(-1)?.priceFen === 250);
    expect(asked()).toHaveLength(4);
  });

  test('a page that the cloud did not sign changes nothing, is told, and the right one heals it', async () => {
    bench.cloud.goods.put({ code: cola, name: '可乐', priceFen: 350 });
    bench.cloud.goods.forgePages(true);
    await beat();
    await bench.until('the refusal', async () =>
      (await exceptions()).includes('catalogue-signature-invalid'),
    );
    expect(stored()).toEqual([]);
    // It is no reason to doubt the till at the counter.
    expect((await bench.status()).problem ?? null).toBeNull();
    bench.cloud.goods.forgePages(false);
    await beat();
    await bench.until('the goods', () => stored().length === 1);
    await bench.until('all well', async () => (await exceptions()).length === 0);
  });

  test.each([
    ['of another shop', { merchantId: 'mch_01KAN7D5Q0000000000000000Z' }],
    ['of another place', { after: 7 }],
    ['that ends before its rows do', { through: 0 }],
    ['with a row that fits no catalogue', { goods: [{ code: '!' } as never] }],
  ])('a page %s is refused, rightly signed as it is', async (_what, bent) => {
    bench.cloud.goods.put({ code: cola, name: '可乐', priceFen: 350 });
    bench.cloud.goods.bendPages((page) => ({ ...page, ...bent }));
    await beat();
    await bench.until('the refusal', async () =>
      (await exceptions()).includes('catalogue-signature-invalid'),
    );
    expect(stored()).toEqual([]);
  });

  test('a line cut in the middle of a pull costs the page that was under way; what was stored is sold from', async () => {
    const { goods } = bench.cloud;
    goods.put(
      ...[0, 1, 2, 3, 4].map((no) => ({ code: `C${no}`, name: `货${no}`, priceFen: 100 + no })),
    );
    goods.pagesOf(2);
    let pages = 0;
    goods.bendPages((page) => {
      pages += 1;
      if (pages === 1) bench.cloud.behave('catalogue', 'drop');
      return page;
    });
    await beat();
    await bench.until('the cut', () => pages >= 2);
    await bench.until('the first page', () => stored().length === 2);
    bench.cloud.behave('catalogue', 'ok');
    await bench.restart();
    await bench.until('all of it', () => stored().length === 5);
    expect(codes()).toEqual(['C0', 'C1', 'C2', 'C3', 'C4']);
    const asked = bench.cloud.requests.filter((one) => one.includes('/v1/catalogue'));
    expect(asked.filter((one) => one.endsWith('after=0'))).toHaveLength(1);
    expect(asked.at(-1)).toBe('GET /v1/catalogue?after=4');
  });

  test('a pull that never answers holds up no sale', async () => {
    bench.cloud.goods.put({ code: cola, name: '可乐', priceFen: 350 });
    bench.cloud.behave('catalogue', 'never');
    await beat();
    await bench.until('the pull', () =>
      bench.cloud.requests.some((one) => one.includes('catalogue')),
    );
    await bench.ask('till.setAmount', { amountFen: 500 });
    await bench.ask('till.payCash', { tenderedFen: 500 });
    expect((await bench.screen('cash')).amountFen).toBe(500);
  });
});
