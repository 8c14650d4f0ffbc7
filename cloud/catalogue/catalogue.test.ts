import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { knownPerson } from '#cloud/persons/testing/known-person.ts';
import { verifyText } from '#cloud/identity/ed25519.ts';
import {
  activateTestTerminal,
  admin,
  type Answer,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';
import {
  catalogueSignedText,
  goodsPageMax,
  goodsPerShopMax,
  type CataloguePage,
} from '#shared/wire/v1/goods.ts';

const cloud = useTestCloud();
let till: TestTerminal;
let other: TestTerminal;

beforeAll(async () => {
  till = await activateTestTerminal(cloud);
  other = await activateTestTerminal(cloud);
});

const cola = { code: '6901234567892', name: '可乐', priceFen: 350, unit: '瓶' };
const bread = { code: 'b-1', name: '面包', priceFen: 600 };

const office = (path: string, body: unknown, shop = till, personKey?: string): Promise<Answer> =>
  admin(
    {
      origin: cloud.origin,
      operatorToken: cloud.operatorToken,
      ...(personKey === undefined ? {} : { personKey }),
    },
    `/admin/v1/merchants/${shop.merchantId}/goods${path}`,
    body,
  );
const listed = async (after = '', shop = till) => {
  const query = after === '' ? '' : `?after=${after}`;
  const answer = await fetch(
    `${cloud.origin}/admin/v1/merchants/${shop.merchantId}/goods${query}`,
    { headers: { authorization: `Bearer ${cloud.operatorToken}` } },
  );
  return (await answer.json()) as { goods: { code: string; name: string }[]; more: boolean };
};

/** A page of the pull with its signature checked. */
async function pull(after: number, by = till): Promise<CataloguePage> {
  const { status, body } = await by.get(`/v1/catalogue?after=${after}`);
  expect(status).toBe(200);
  const { payload, signature } = body as unknown as { payload: string; signature: string };
  const { publicKey } = cloud.deps.keys.signing;
  const bytes = Buffer.from(signature, 'base64url');
  const isSigned = (text: string) => verifyText({ publicKey, text, signature: bytes });
  expect(isSigned(catalogueSignedText(payload))).toBe(true);
  // A page is no configuration: the bare text is not what was signed.
  expect(isSigned(payload)).toBe(false);
  return JSON.parse(payload) as CataloguePage;
}

describe('the catalogue of a shop', () => {
  test('before its first goods a shop has version 0, and its heartbeat names none', async () => {
    expect(await pull(0)).toEqual({
      merchantId: till.merchantId,
      after: 0,
      through: 0,
      version: 0,
      goods: [],
    });
    expect(await heartbeat()).not.toHaveProperty('catalogueVersion');
  });

  test('each row that changes moves the version by one; the same again moves nothing', async () => {
    expect((await office('', { goods: [cola, bread] })).body).toEqual({
      version: 2,
      changed: 2,
      goodsCount: 2,
    });
    // The same goods as a UPC or GTIN print of the code: one row.
    const again = { ...cola, code: '06901234567892' };
    expect((await office('', { goods: [again, bread] })).body).toMatchObject({
      version: 2,
      changed: 0,
    });
    expect((await office('', { goods: [{ ...cola, priceFen: 400 }] })).body).toEqual({
      version: 3,
      changed: 1,
      goodsCount: 2,
    });
    expect((await heartbeat())['catalogueVersion']).toBe(3);
    const page = await pull(0);
    expect(page.goods).toEqual([
      { code: 'B-1', name: '面包', priceFen: 600, unit: '', active: true, version: 2 },
      { code: '06901234567892', name: '可乐', priceFen: 400, unit: '瓶', active: true, version: 3 },
    ]);
    expect((await pull(2)).goods.map(({ code }) => code)).toEqual(['06901234567892']);
    expect(await pull(3)).toMatchObject({ goods: [], through: 3, version: 3 });
  });

  test('what is delisted comes to the tills as such; a code that nobody knows delists nothing', async () => {
    const delisted = await office('/delist', { codes: ['b-1', 'NONE', '6901234567890'] });
    expect(delisted.body).toMatchObject({ version: 4, changed: 1 });
    expect((await pull(3)).goods).toMatchObject([{ code: 'B-1', active: false, version: 4 }]);
    expect((await office('/delist', { codes: ['b-1'] })).body).toMatchObject({ changed: 0 });
  });

  test('a batch with one bad row changes nothing and names the row', async () => {
    const before = await pull(0);
    const bad: readonly (readonly [object, string])[] = [
      [{ ...cola, code: '6901234567891' }, 'row 2: code'],
      [{ ...cola, code: 'B_1' }, 'row 2: code'],
      [{ ...bread, name: '别的' }, 'row 2: code-twice'],
      [{ ...cola, name: ' ' }, 'row 2: name'],
      [{ ...cola, name: '水'.repeat(41) }, 'row 2: name'],
      [{ ...cola, name: 'a\u0000b' }, 'row 2: name'],
      [{ ...cola, name: 'a\ud800' }, 'row 2: name'],
      [{ ...cola, unit: '123456789' }, 'row 2: unit'],
    ];
    for (const [row, detail] of bad) {
      const answer = await office('', { goods: [{ ...bread, priceFen: 1 }, row] });
      expect([answer.status, answer.body]).toMatchObject([
        422,
        { code: 'goods-row-invalid', detail },
      ]);
    }
    expect((await office('', { goods: [{ ...cola, priceFen: 5_000_001 }] })).status).toBe(400);
    expect((await office('', { goods: Array.from({ length: 501 }, () => cola) })).status).toBe(400);
    expect(await pull(0)).toEqual(before);
  });

  test('a file is taken whole or not at all', async () => {
    const good = 'code,name,price,unit\nC1,茶,5.00,杯\nC2,水,2,\n';
    const bad = await office('/csv', { csv: `${good}C1,重复,1,\n` });
    expect([bad.status, bad.body]).toMatchObject([422, { detail: 'row 3: code-twice' }]);
    const taken = await office('/csv', { csv: good });
    expect(taken.body).toMatchObject({ changed: 2 });
    expect((await listed('B-1')).goods).toMatchObject([
      { code: 'C1', name: '茶', priceFen: 500, unit: '杯' },
      { code: 'C2', name: '水', priceFen: 200 },
    ]);
  });

  test('another shop of the operator sees none of it; of a shop that is not there nothing is said', async () => {
    expect((await pull(0, other)).goods).toEqual([]);
    expect((await listed('', other)).goods).toEqual([]);
    const ghost = { ...till, merchantId: 'mch_01JADFX2A0000000000000000A' as never };
    expect((await office('', { goods: [cola] }, ghost)).status).toBe(404);
  });

  test('who names himself is written down; a key that counts for nobody changes nothing', async () => {
    const person = await knownPerson(cloud.deps, '王芳');
    const tea = { code: 'C1', name: '茶', priceFen: 550, unit: '杯' };
    expect((await office('', { goods: [tea] }, till, 'nobody')).status).toBe(403);
    expect((await office('', { goods: [tea] }, till, person.key)).body).toMatchObject({
      changed: 1,
    });
    const { rows } = await cloud.deps.db.execute(sql`
      select code, changed_by from goods where merchant_id = ${till.merchantId} order by code`);
    expect(rows).toMatchObject([
      { code: '06901234567892', changed_by: null },
      { code: 'B-1' },
      { code: 'C1', changed_by: person.personId },
      { code: 'C2', changed_by: null },
    ]);
  });

  test('pages are bounded and go on where the last one ended; a shop has so many goods and no more', async () => {
    const goods = Array.from({ length: goodsPageMax }, (_, no) => ({
      code: `N${no}`,
      name: `货${no}`,
      priceFen: no + 1,
    }));
    await office('', { goods }, other);
    await office('', { goods: [bread] }, other);
    const first = await pull(0, other);
    expect([first.goods.length, first.through, first.version]).toEqual([500, 500, 501]);
    const second = await pull(first.through, other);
    expect(second).toMatchObject({ after: 500, through: 501, goods: [{ code: 'B-1' }] });
    await cloud.deps.db.execute(sql`
      update goods_catalogue set goods_count = ${goodsPerShopMax}
       where merchant_id = ${other.merchantId}`);
    const full = await office('', { goods: [cola] }, other);
    expect([full.status, full.body]).toMatchObject([422, { code: 'goods-too-many' }]);
    // What is there can still change.
    expect((await office('', { goods: [{ ...bread, priceFen: 1 }] }, other)).status).toBe(200);
    expect((await listed('', other)).more).toBe(true);
  });

  test('two offices at once: every version belongs to one row, and a till that reads on misses none', async () => {
    const shop = await activateTestTerminal(cloud);
    const writes = Array.from({ length: 6 }, (_, no) =>
      office('', { goods: [0, 1, 2].map((at) => ({ ...bread, code: `W${no}-${at}` })) }, shop),
    );
    const seen: string[] = [];
    let after = 0;
    const read = async () => {
      const page = await pull(after, shop);
      seen.push(...page.goods.map(({ code }) => code));
      after = page.through;
    };
    const done = Promise.all(writes);
    for (let tries = 0; tries < 5; tries += 1) await read();
    for (const answer of await done) expect(answer.status).toBe(200);
    await read();
    expect(after).toBe(18);
    expect(new Set(seen).size).toBe(18);
    expect(seen.length).toBe(18);
  });
});

async function heartbeat(): Promise<Record<string, unknown>> {
  const { status, body } = await till.post('/v1/heartbeats', {
    epoch: '00112233aabbccdd',
    headSeq: 0,
    headHash: '0'.repeat(64),
    ackedSeq: 0,
    oldestUnsyncedMs: null,
    appVersion: '1',
    wallMs: Date.now(),
    diskFreeBytes: 1,
    capsVersion: 0,
    peripherals: [],
  });
  expect(status).toBe(200);
  return body;
}
