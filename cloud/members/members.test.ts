import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyEd25519 } from '#cloud/members/member-codes.ts';
import { registerMemberRoutes } from '#cloud/members/member-routes.ts';
import { createPhoneVault } from '#cloud/members/phone-vault.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { hashClaimToken } from '#cloud/orders/claim-hash.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import { createTestCloud, type TestCloud } from '#cloud/platform/testing/test-cloud.ts';
import {
  activateTestTerminal,
  type TestTerminal,
  consent,
} from '#cloud/platform/testing/test-terminal.ts';
import { registerIdentityRoutes } from '#cloud/identity/routes.ts';
import { registerAdminIdentityRoutes } from '#cloud/identity/admin-routes.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { dayMs, paidOrder } from '#cloud/settlement/testing/paid-orders.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { decodeMemberCode } from '#shared/member/member-code.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';

let cloud: TestCloud;
let app: CloudApp;
let till: TestTerminal;
let origin: string;
let shiftMs = 0;

/** Wall time that a test can move ahead. */
const clock: Clock = {
  nowMs: () => Date.now() + shiftMs,
  monotonicMs: () => performance.now(),
};

beforeAll(async () => {
  cloud = await createTestCloud({ clock });
  app = await createHttpShell(cloud.deps);
  registerIdentityRoutes(app, cloud.deps);
  registerAdminIdentityRoutes(app, cloud.deps);
  registerMemberRoutes(app, cloud.deps);
  origin = await app.listen({ port: 0, host: '127.0.0.1' });
  till = await activateTestTerminal({ origin, operatorToken: cloud.deps.operatorToken });
});

afterAll(async () => {
  await app.close();
  await cloud.close();
});

let orders = 0;

/** A paid order of 100.00 at 10% with the claim token given; answers its number. */
async function sell(claimToken: string | undefined): Promise<number> {
  orders += 1;
  const order = {
    ...paidOrder({
      operatorId: cloud.deps.operatorId,
      index: orders,
      amountFen: 10_000,
      concessionBp: 1_000,
      acceptedAtMs: clock.nowMs(),
    }),
    merchantId: till.merchantId,
    claimHash: claimToken === undefined ? undefined : hashClaimToken(claimToken),
  };
  getOrThrow(await cloud.deps.db.transaction((tx) => bookPaidOrders(tx, [order])));
  return orders;
}

const claim = (claimToken: string, phone: string) =>
  app.inject({ method: 'POST', url: '/v1/claims', payload: { claimToken, phone } });

const operator = (method: 'GET' | 'POST', url: string) =>
  app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${cloud.deps.operatorToken}` },
  });

describe('members at the counter', () => {
  it('registers a phone once, also when two tills do it at the same moment', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => till.post('/v1/members', { phone: '13800000001', consent })),
    );
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      200, 200, 201,
    ]);
    expect(new Set(answers.map((answer) => answer.body['memberId'])).size).toBe(1);
    expect(answers[0]?.body).toMatchObject({
      phoneMask: '138****0001',
      pointsFen: 0,
      vouchers: [],
      voucherTotalFen: 0,
    });
  });

  it('never stores or logs the number', async () => {
    await till.post('/v1/members', { phone: '13912345678', consent });
    const { rows } = await cloud.deps.db.execute(
      sql`SELECT row_to_json(member)::text AS t FROM member`,
    );
    expect(rows.map((row) => String(row['t'])).join()).not.toContain('12345678');
    expect(cloud.log()).not.toContain('13912345678');
  });

  it('finds a member by phone and by the digits of his code, and nobody else', async () => {
    const { body } = await till.post('/v1/members', { phone: '13800000002', consent });
    const memberId = String(body['memberId']);
    const byPhone = await till.post('/v1/members/resolve', { phone: '13800000002' });
    expect(byPhone.body['memberId']).toBe(memberId);
    const issued = await operator('POST', `/v1/members/${memberId}/codes`);
    const { code } = issued.json<{ code: string }>();
    const byCode = await till.post('/v1/members/resolve', { code });
    expect(byCode.body['memberId']).toBe(memberId);
    const stranger = await till.post('/v1/members/resolve', { phone: '13800000099' });
    expect(stranger).toMatchObject({ status: 404, body: { code: 'member-unknown' } });
  });

  it.each([
    ['a phone that is none', { phone: '12800000001' }],
    ['phone and code together', { phone: '13800000001', code: '9'.repeat(262) }],
    ['neither', {}],
  ])('refuses to resolve %s', async (_, body) => {
    const answer = await till.post('/v1/members/resolve', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'request-invalid' } });
  });

  it('refuses a member code that was changed, or is past its time, with words for the till', async () => {
    const { body } = await till.post('/v1/members', { phone: '13800000003', consent });
    const issued = await operator('POST', `/v1/members/${String(body['memberId'])}/codes`);
    const { code } = issued.json<{ code: string }>();
    const changed = `${code.slice(0, 10)}${code[10] === '1' ? '2' : '1'}${code.slice(11)}`;
    const malformed = await till.post('/v1/members/resolve', { code: changed });
    expect(malformed).toMatchObject({ status: 422, body: { code: 'member-code-malformed' } });
    shiftMs = dayMs + 60_000;
    const late = await till.post(
      '/v1/members/resolve',
      { code },
      { createdShiftSeconds: Math.floor(shiftMs / 1000) },
    );
    shiftMs = 0;
    expect(late).toMatchObject({ status: 422, body: { code: 'member-code-expired' } });
  });

  it('binds a new member to the one who brought him, once, and pays points for his orders', async () => {
    const first = await till.post('/v1/members', { phone: '13800000010', consent });
    const friend = await till.post('/v1/members', {
      consent,
      phone: '13800000011',
      referrerPhone: '13800000010',
    });
    await till.post('/v1/members', { phone: '13800000011', referrerPhone: '13800000001', consent });
    await sell('REFERRA100000000');
    expect((await claim('REFERRA100000000', '13800000011')).statusCode).toBe(200);
    const viewed = await till.post('/v1/members/resolve', { phone: '13800000010' });
    expect(viewed.body['pointsFen']).toBe(50);
    expect(friend.body['memberId']).not.toBe(first.body['memberId']);
  });

  it('passes over a referrer who is the member himself or nobody', async () => {
    const own = await till.post('/v1/members', {
      consent,
      phone: '13800000012',
      referrerPhone: '13800000012',
    });
    const none = await till.post('/v1/members', {
      consent,
      phone: '13800000013',
      referrerPhone: '13800000098',
    });
    expect([own.status, none.status]).toEqual([201, 201]);
  });

  it('answers that there is no voucher to set aside', async () => {
    const { body } = await till.post('/v1/members', { phone: '13800000014', consent });
    const answer = await till.post('/v1/voucher-reservations', {
      orderId: paidOrder({ operatorId: cloud.deps.operatorId, index: 9_999, amountFen: 1 }).orderId,
      memberId: body['memberId'],
      amountFen: 10_000,
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'voucher-balance' } });
  });
});

describe('the points of a receipt', () => {
  it('go to the first phone that claims them, and the same phone gets the same answer again', async () => {
    await sell('CAFE000000000001');
    const first = await claim('CAFE000000000001', '13800000020');
    expect(first.json()).toMatchObject({ pointsFen: 1_000 });
    expect((await claim('CAFE000000000001', '13800000020')).json()).toEqual(first.json());
    const second = await claim('CAFE000000000001', '13800000021');
    expect(second.statusCode).toBe(409);
    expect(second.json()).toMatchObject({ code: 'claim-taken' });
  });

  it('go to one of two phones that claim at the same moment', async () => {
    await sell('CAFE000000000002');
    const answers = await Promise.all([
      claim('CAFE000000000002', '13800000022'),
      claim('CAFE000000000002', '13800000023'),
    ]);
    expect(answers.map((answer) => answer.statusCode).toSorted((a, b) => a - b)).toEqual([
      200, 409,
    ]);
  });

  it('registers nobody when the claim is refused', async () => {
    const known = await till.post('/v1/members/resolve', { phone: '13800000021' });
    expect(known.status).toBe(404);
  });

  it('can be claimed when the token becomes known after the sale was booked', async () => {
    const index = await sell(undefined);
    expect((await claim('CAFE000000000003', '13800000024')).json()).toMatchObject({
      code: 'claim-unknown',
    });
    const order = {
      ...paidOrder({
        operatorId: cloud.deps.operatorId,
        index,
        amountFen: 10_000,
        concessionBp: 1_000,
      }),
      merchantId: till.merchantId,
      claimHash: hashClaimToken('CAFE000000000003'),
    };
    getOrThrow(await cloud.deps.db.transaction((tx) => bookPaidOrders(tx, [order])));
    expect((await claim('CAFE000000000003', '13800000024')).statusCode).toBe(200);
  });

  it('can be claimed after the hold, and then count as unreleased at once', async () => {
    await sell('CAFE000000000004');
    shiftMs = 8 * dayMs;
    const asOfMs = clock.nowMs();
    const { operatorId } = cloud.deps;
    await cloud.deps.db.transaction((tx) => runFinality(tx, { operatorId, asOfMs }));
    const answer = await claim('CAFE000000000004', '13800000025');
    shiftMs = 0;
    expect(answer.json()).toMatchObject({ pointsFen: 1_000 });
  });

  it('say to wait when the till has told the token and not the sale', async () => {
    await cloud.deps.db.execute(sql`INSERT INTO order_claim VALUES (${cloud.deps.operatorId},
      ${hashClaimToken('CAFE000000000005')}, 'ord_later', ${till.merchantId})`);
    const answer = await claim('CAFE000000000005', '13800000026');
    expect(answer.json()).toMatchObject({ code: 'claim-not-ready', retryable: true });
  });

  it('refuse strangers who try too often', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 32; index += 1) {
      const answer = await app.inject({
        method: 'POST',
        url: '/v1/claims',
        remoteAddress: '203.0.113.9',
        payload: { claimToken: '0000000000000000', phone: '13800000027' },
      });
      statuses.push(answer.statusCode);
    }
    expect(statuses.slice(0, 30).every((status) => status === 404)).toBe(true);
    expect(statuses.slice(30)).toEqual([429, 429]);
  });
});

describe('pages for phones', () => {
  it('shows the claim page with the shop, without anything from elsewhere', async () => {
    await sell('CAFE000000000006');
    const page = await app.inject({ method: 'GET', url: '/claim/CAFE000000000006' });
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('测试商店');
    expect(page.body).not.toMatch(/https?:\/\//);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain(`default-src 'none'`);
    expect(policy).not.toContain('unsafe');
  });

  it('escapes the name of the shop', async () => {
    await cloud.deps.db.execute(sql`UPDATE merchant SET name = '<b>"A&B"</b>'`);
    const page = await app.inject({ method: 'GET', url: '/claim/CAFE000000000006' });
    await cloud.deps.db.execute(sql`UPDATE merchant SET name = '测试商店'`);
    expect(page.body).toContain('&lt;b&gt;&quot;A&amp;B&quot;&lt;/b&gt;');
    expect(page.body).not.toContain('<b>"A');
  });

  it('shows a member page only with its key, and a code that the till can verify', async () => {
    const { body } = await till.post('/v1/members', { phone: '13800000030', consent });
    const memberId = String(body['memberId']) as MemberId;
    const link = await operator('POST', `/admin/v1/members/${memberId}/page-link`);
    const [path, key] = link.json<{ path: string }>().path.split('#');
    expect((await app.inject({ method: 'GET', url: path! })).statusCode).toBe(200);
    const ask = (given: string) =>
      app.inject({ method: 'POST', url: '/v1/member-pages', payload: { memberId, key: given } });
    expect((await ask('A'.repeat(22))).statusCode).toBe(404);
    const shown = (await ask(key!)).json<{ code: { code: string }; qrSvg: string }>();
    expect(shown.qrSvg).toContain('<svg');
    const { fields, signedBytes, signature } = getOrThrow(decodeMemberCode(shown.code.code));
    expect(fields.memberId).toBe(memberId);
    const { publicKey } = cloud.deps.keys.issuer.current.pair;
    expect(verifyEd25519({ publicKey, bytes: signedBytes, signature })).toBe(true);
  });

  it('gives codes to nobody without the operator token', async () => {
    const { body } = await till.post('/v1/members', { phone: '13800000030', consent });
    const url = `/v1/members/${String(body['memberId'])}/codes`;
    expect((await app.inject({ method: 'POST', url })).statusCode).toBe(401);
  });
});

describe('the vault of phone numbers', () => {
  const random = createSystemRandom();
  const vault = createPhoneVault(random.bytes(32), { random });
  const [mine, other] = ['mbr_1' as MemberId, 'mbr_2' as MemberId];

  it('opens what it guarded, for the same member only', () => {
    const guarded = vault.guard('13800000001', mine);
    expect(vault.open(guarded.cipher, mine)).toEqual({ ok: true, value: '13800000001' });
    expect(vault.open(guarded.cipher, other).ok).toBe(false);
  });

  it('refuses a cipher text that was changed or cut', () => {
    const { cipher } = vault.guard('13800000001', mine);
    const changed = Buffer.from(cipher, 'base64url');
    changed[14]! ^= 1;
    expect(vault.open(changed.toString('base64url'), mine).ok).toBe(false);
    expect(vault.open(cipher.slice(0, 20), mine).ok).toBe(false);
  });

  it('finds by number only with its own key', () => {
    const elsewhere = createPhoneVault(random.bytes(32), { random });
    expect(vault.hashOf('13800000001')).toBe(vault.hashOf('13800000001'));
    expect(elsewhere.hashOf('13800000001')).not.toBe(vault.hashOf('13800000001'));
  });
});
