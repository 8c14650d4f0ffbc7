import { beforeAll, expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import {
  activateTestTerminal,
  admin,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

/** An operator finds the ids that other calls ask him for: shops, stores, tills and people. */
const cloud = useTestCloud();
const pageMax = 100;
/** Ids of rows that no route made begin so: 23 digits, and a number of three follows. */
const plantedId = (prefix: string) => `${prefix}_7ZZZZZZZZZZZZZZZZZZZZZZ`;
const foreign = {
  operatorId: 'opr_01K22222222222222222222222',
  merchantId: 'mch_01K22222222222222222222222',
  storeId: 'str_01K22222222222222222222222',
  terminalId: 'trm_01K22222222222222222222222',
  personId: 'prs_01K22222222222222222222222',
};
let till: TestTerminal;
let lost: TestTerminal;

beforeAll(async () => {
  till = await activateTestTerminal(cloud);
  const { origin, operatorToken } = cloud;
  lost = await activateTestTerminal({ origin, operatorToken, shop: till });
  const { operatorId, merchantId, storeId, terminalId, personId } = foreign;
  const { db } = cloud.deps;
  await db.execute(sql`insert into operator values (${operatorId}, '别家平台', 1)`);
  // The other operator's store and till name our merchant's id: only the operator tells them apart.
  for (const shop of [merchantId, till.merchantId]) {
    await db.execute(sql`
      insert into merchant (operator_id, merchant_id, name, concession_bp, same_day_bp,
        cut_over_hour, created_at_ms) values (${operatorId}, ${shop}, '别家商店', 1000, 8000, 4, 1)`);
    await db.execute(sql`
      insert into store (operator_id, merchant_id, store_id, name, phone, created_at_ms)
      values (${operatorId}, ${shop}, ${storeId}, '别家门店', '1', 1)`);
  }
  await db.execute(sql`
    insert into terminal (operator_id, terminal_id, merchant_id, store_id, public_key, model,
      app_version, activated_at_ms)
    values (${operatorId}, ${terminalId}, ${till.merchantId}, ${storeId}, 'k', 'm', '1', 1)`);
  await db.execute(sql`
    insert into operator_person (operator_id, person_id, name, key_hash, made_at_ms)
    values (${operatorId}, ${personId}, '别家的人', 'h', 1)`);
});

async function ask(path: string, token: string = cloud.operatorToken) {
  const answer = await cloud.app.inject({
    url: path,
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: answer.statusCode, text: answer.body, body: answer.json<Listed>() };
}
interface Listed {
  readonly merchants: readonly { merchantId: string }[];
  readonly terminals: readonly { terminalId: string }[];
  readonly persons: readonly { personId: string }[];
  readonly more: boolean;
}
const tills = () => `/admin/v1/merchants/${till.merchantId}/terminals`;

test('a merchant is told with his stores, and one of another operator never', async () => {
  const { body, text } = await ask('/admin/v1/merchants');
  expect(body).toEqual({
    merchants: [
      {
        merchantId: till.merchantId,
        name: '测试商店',
        stores: [{ storeId: till.storeId, name: '一号店' }],
      },
    ],
    more: false,
  });
  expect(text).not.toContain('别家');
});

test('the tills of a shop are told without keys: what runs on them, when they were heard of, which are closed', async () => {
  await till.post('/v1/heartbeats', {
    epoch: '0123456789abcdef',
    headSeq: 0,
    headHash: '0'.repeat(64),
    ackedSeq: 0,
    oldestUnsyncedMs: null,
    appVersion: '0.2.0',
    wallMs: Date.now(),
    diskFreeBytes: 1,
    capsVersion: 1,
    peripherals: [],
  });
  await admin(cloud, `/admin/v1/terminals/${lost.terminalId}/revoke`, undefined);
  const { body, text } = await ask(tills());
  const same = { storeId: till.storeId, storeName: '一号店', model: 'test' };
  const atMs: unknown = expect.any(Number);
  expect(body).toEqual({
    terminals: [
      {
        ...same,
        terminalId: till.terminalId,
        appVersion: '0.2.0',
        state: 'active',
        activatedAtMs: atMs,
        revokedAtMs: null,
        lastHeartbeatAtMs: atMs,
      },
      {
        ...same,
        terminalId: lost.terminalId,
        appVersion: '0.0.0',
        state: 'revoked',
        activatedAtMs: atMs,
        revokedAtMs: atMs,
        lastHeartbeatAtMs: null,
      },
    ],
    more: false,
  });
  for (const secret of [till.key.publicKey, foreign.terminalId]) expect(text).not.toContain(secret);
  const others = await ask(`/admin/v1/merchants/${foreign.merchantId}/terminals`);
  expect(others.body).toEqual({ terminals: [], more: false });
});

test('a person is told by name, before and after his key ended, and never the key or its hash', async () => {
  const made = await admin(cloud, '/admin/v1/persons', { name: '王芳' });
  const { personId, key } = made.body as unknown as { personId: string; key: string };
  const atMs: unknown = expect.any(Number);
  const told = { personId, name: '王芳', madeAtMs: atMs, endedAtMs: null as unknown };
  const before = await ask('/admin/v1/persons');
  expect(before.body).toEqual({ persons: [told], more: false });
  await cloud.app.inject({
    method: 'DELETE',
    url: `/admin/v1/persons/${personId}`,
    headers: { authorization: `Bearer ${cloud.operatorToken}` },
  });
  const after = await ask('/admin/v1/persons');
  expect(after.body).toEqual({ persons: [{ ...told, endedAtMs: atMs }], more: false });
  for (const { text } of [before, after]) expect(text).not.toContain(key);
});

test('nobody reads the lists without the operator’s token', async () => {
  for (const path of ['/admin/v1/merchants', tills(), '/admin/v1/persons'])
    expect((await ask(path, '0'.repeat(36))).status).toBe(401);
});

/** Every id of a list, page by page; no page is longer than it may be. */
async function allIds(path: string, idsOf: (page: Listed) => readonly string[]) {
  const ids: string[] = [];
  for (let pages = 1; ; pages += 1) {
    const after = ids.length === 0 ? '' : `?after=${ids.at(-1)}`;
    const { body } = await ask(`${path}${after}`);
    const page = idsOf(body);
    expect(page.length).toBeLessThanOrEqual(pageMax);
    ids.push(...page);
    if (!body.more) return { ids, pages };
  }
}

test('a list longer than a page goes on after its last id: nothing twice, nothing left out', async () => {
  const { db, operatorId } = cloud.deps;
  const planted = sql`generate_series(101, 250) n`;
  await db.execute(sql`
    insert into merchant (operator_id, merchant_id, name, concession_bp, same_day_bp, cut_over_hour,
      created_at_ms)
    select ${operatorId}, ${plantedId('mch')} || n, '店' || n, 1000, 8000, 4, 1 from ${planted}`);
  await db.execute(sql`
    insert into terminal (operator_id, terminal_id, merchant_id, store_id, public_key, model,
      app_version, activated_at_ms)
    select ${operatorId}, ${plantedId('trm')} || n, ${till.merchantId}, ${till.storeId}, 'k', 'm',
           '1', 1 from ${planted}`);
  await db.execute(sql`
    insert into operator_person (operator_id, person_id, name, key_hash, made_at_ms)
    select ${operatorId}, ${plantedId('prs')} || n, '人' || n, 'h' || n, 1 from ${planted}`);
  const lists = [
    [await allIds('/admin/v1/merchants', (page) => page.merchants.map((m) => m.merchantId)), 151],
    [await allIds(tills(), (page) => page.terminals.map((t) => t.terminalId)), 152],
    [await allIds('/admin/v1/persons', (page) => page.persons.map((p) => p.personId)), 151],
  ] as const;
  for (const [{ ids, pages }, count] of lists) {
    expect(pages).toBe(2);
    expect(ids).toHaveLength(count);
    expect(ids).toEqual([...new Set(ids)].toSorted());
  }
});
