import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '#cloud/app.ts';
import { createMemberLinks } from '#cloud/members/member-links.ts';
import { loadMemberDataKey } from '#cloud/members/phone-vault.ts';
import { insertClaims } from '#cloud/members/order-claims.ts';
import { hashClaimToken } from '#cloud/orders/claim-hash.ts';
import { readCharge, startCharge } from '#cloud/payments/charge.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { memberPoints } from '#cloud/points/member-points.ts';
import { listPayerLinks, rememberPayers } from '#cloud/relations/payer-links.ts';
import type { MemberId, OrderId } from '#shared/ids/ids.ts';

let bench: PaymentBench;
let app: CloudApp;
beforeAll(async () => {
  bench = await createPaymentBench();
  app = await buildApp(bench.cloud.deps, { payments: bench.deps, onJournalTaken: () => {} });
});
afterAll(async () => {
  await app.close();
  await bench.close();
});
/** Five digits that stand in a payment code and name its payer at the simulator; new ones in every test. */
let payers = 10_000;
beforeEach(() => {
  payers += 10;
});
const payer = (index: number): string => String(payers + index);

let codes = 0;
/** Whose sale the last answer to a till said it was. */
let named: object | undefined;
let tokens = 0;
const freshToken = (): string => `T${String((tokens += 1)).padStart(15, '0')}`;

/** A sale of 12.34 at 10% paid from the wallet of `from`; nobody types anything. */
async function pay(
  from: string,
  change: { readonly memberId?: MemberId; readonly claimToken?: string } = {},
): Promise<OrderId> {
  codes += 1;
  bench.clock.advance(1);
  const { claimToken, ...rest } = change;
  const request = bench.request('01', {
    wallet: 'unionpay',
    authCode: `62777${from}${String(codes).padStart(7, '0')}01`,
    ...rest,
  });
  const answer = await startCharge(bench.deps, bench.till, request);
  expect(answer).toMatchObject({ ok: true, value: { status: 'paid' } });
  if (answer.ok) named = answer.value.member;
  const orderId = request.orderId as OrderId;
  // The token stands on the paper; the till's journal tells its hash.
  const { operatorId, merchantId } = bench.till;
  const claimHash = claimToken === undefined ? undefined : hashClaimToken(claimToken);
  await bench.deps.db.transaction((tx) =>
    insertClaims(tx, [{ operatorId, merchantId, orderId, claimHash }]),
  );
  return orderId;
}

async function claim(claimToken: string, phone: string, more: object = {}): Promise<MemberId> {
  const payload = { claimToken, phone, ...more };
  const answer = await app.inject({ method: 'POST', url: '/v1/claims', payload });
  expect(answer.statusCode).toBe(200);
  return answer.json<{ memberId: MemberId }>().memberId;
}

/** The member of an order in the points book. */
async function memberOf(orderId: OrderId): Promise<string | null | undefined> {
  const { rows } = await bench.deps.db.execute<{ member_id: string | null }>(
    sql`select member_id from points_order where order_id = ${orderId}`,
  );
  return rows[0]?.member_id;
}

async function firstClaim(from: string, phone: string, more: object = {}): Promise<MemberId> {
  const claimToken = freshToken();
  await pay(from, { claimToken });
  return await claim(claimToken, phone, { rememberPayer: true, ...more });
}

const post = (path: string, payload: object) =>
  app.inject({ method: 'POST', url: `/v1/member-pages/payers${path}`, payload });

describe('a wallet that was seen with a claim', () => {
  it('gives its later payments to the member with nothing typed', async () => {
    const memberId = await firstClaim(payer(1), '13800000101');
    expect(await memberOf(await pay(payer(1)))).toBe(memberId);
    expect(await memberOf(await pay(payer(2)))).toBeNull();
    const points = await memberPoints(bench.deps.db, { ...bench.till, memberId });
    expect(points.pendingPoints).toBe(2 * 123);
  });

  it('is named to the till by its masked number and tier, in the answer and in the result, and nobody else is', async () => {
    const memberId = await firstClaim(payer(1), '13800000120');
    expect(named).toBeUndefined();
    const orderId = await pay(payer(1));
    const member = { mask: '138****0120', tier: 0 };
    expect(named).toEqual(member);
    const asked = await readCharge(bench.deps, bench.till, {
      operatorId: bench.till.operatorId,
      orderId,
      attempt: 1,
    });
    expect(asked).toMatchObject({ ok: true, value: { member } });
    const { rows } = await bench.deps.db.execute<{ result: { member?: object } }>(sql`
      select result from order_result where order_id = ${orderId}`);
    expect(rows[0]?.result.member).toEqual(member);
    await bench.deps.db.execute(sql`
      insert into member_tier (operator_id, member_id, tier, score_fen, reached_on)
      values (${bench.till.operatorId}, ${memberId}, 2, 1000000, '2026-11-01')`);
    await pay(payer(1));
    expect(named).toEqual({ ...member, tier: 2 });
    await pay(payer(2));
    expect(named).toBeUndefined();
  });

  it.each([
    ['said no', '13800000102', { rememberPayer: false }],
    ['said nothing', '13800000114', { rememberPayer: undefined }],
  ])('is not remembered when the member %s at the claim: consent is an act', async (...said) => {
    await firstClaim(payer(1), said[1], said[2]);
    expect(await memberOf(await pay(payer(1)))).toBeNull();
  });

  it('is asked for with a box that nobody ticked before, and the yes is kept with its words', async () => {
    const page = (await app.inject({ url: `/claim/${freshToken()}` })).body;
    expect(page).toMatch(/<input id="remember" type="checkbox">/);
    expect(page).not.toMatch(/checkbox"[^>]*\bchecked\b/);
    const memberId = await firstClaim(payer(1), '13800000115');
    const { rows } = await bench.deps.db.execute(sql`
      select given, source, words <> '' as has_words from member_consent
       where member_id = ${memberId} and kind = 'payer'`);
    expect(rows).toEqual([{ given: true, source: 'claim', has_words: true }]);
  });

  it('lets two phones pay on one account', async () => {
    const memberId = await firstClaim(payer(1), '13800000103');
    expect(await firstClaim(payer(2), '13800000103')).toBe(memberId);
    expect(await memberOf(await pay(payer(1)))).toBe(memberId);
    expect(await memberOf(await pay(payer(2)))).toBe(memberId);
    expect(await listPayerLinks(bench.deps.db, { ...bench.till, memberId })).toHaveLength(2);
  });

  it('belongs to one member: whoever claims a receipt of it later gets the points and not the wallet', async () => {
    const [first, second] = [freshToken(), freshToken()];
    await pay(payer(1), { claimToken: first });
    const later = await pay(payer(1), { claimToken: second });
    const owner = await claim(first, '13800000104', { rememberPayer: true });
    const other = await claim(second, '13800000105', { rememberPayer: true });
    expect(await memberOf(later)).toBe(other);
    expect(await memberOf(await pay(payer(1)))).toBe(owner);
    const { rows } = await bench.deps.db.execute<{ count: number }>(sql`
      select count(*) as count from payer_link group by payer_hash
      having count(*) filter (where unlinked_at_ms is null) > 1`);
    expect(rows).toEqual([]);
  });

  it('belongs to one of two members who claim at the same moment', async () => {
    const pair = [freshToken(), freshToken()] as const;
    for (const claimToken of pair) await pay(payer(1), { claimToken });
    const members = await Promise.all([
      claim(pair[0], '13800000106', { rememberPayer: true }),
      claim(pair[1], '13800000107', { rememberPayer: true }),
    ]);
    const links = await Promise.all(
      members.map((memberId) => listPayerLinks(bench.deps.db, { ...bench.till, memberId })),
    );
    expect(links.map((own) => own.length).toSorted((a, b) => a - b)).toEqual([0, 1]);
  });

  it('can be forgotten by the member himself, one or all; the points stay', async () => {
    const memberId = await firstClaim(payer(1), '13800000108');
    await firstClaim(payer(2), '13800000108');
    const links = createMemberLinks(loadMemberDataKey(bench.cloud.deps.config));
    const own = { memberId, key: links.keyOf(memberId) };
    const listed = (await post('', own)).json<{ payers: { payer: string }[] }>().payers;
    expect(listed).toHaveLength(2);
    const forgotten = await post('/unlink', { ...own, payer: listed[0]?.payer });
    expect(forgotten.json()).toEqual({ unlinked: 1 });
    expect(await memberOf(await pay(payer(1)))).toBeNull();
    expect(await memberOf(await pay(payer(2)))).toBe(memberId);
    expect((await post('/unlink', own)).json()).toEqual({ unlinked: 1 });
    expect(await memberOf(await pay(payer(2)))).toBeNull();
    const wrong = await post('/unlink', { ...own, key: 'A'.repeat(22) });
    expect(wrong.statusCode).toBe(404);
    const points = await memberPoints(bench.deps.db, { ...bench.till, memberId });
    expect(points.pendingPoints).toBe(3 * 123);
  });
});

describe('a member who shows his code', () => {
  it("gets the sale, also when the wallet is another one's, and the two belong together from then on", async () => {
    const owner = await firstClaim(payer(1), '13800000109');
    const guest = await firstClaim(payer(2), '13800000110');
    expect(await memberOf(await pay(payer(1), { memberId: guest }))).toBe(guest);
    expect(await memberOf(await pay(payer(1)))).toBe(owner);
    const { rows } = await bench.deps.db.execute<{ source: string }>(sql`
      select source from party_edge where from_node = ${`member:${guest}`} order by source`);
    expect(rows).toEqual([{ source: 'charge' }, { source: 'claim' }]);
  });

  it('has his wallet remembered only if he wants that', async () => {
    const memberId = await firstClaim(payer(1), '13800000111');
    await pay(payer(3), { memberId });
    expect(await memberOf(await pay(payer(3)))).toBeNull();
    await rememberPayers(bench.deps.db, { ...bench.till, memberId, remembers: true });
    await pay(payer(3), { memberId });
    expect(await memberOf(await pay(payer(3)))).toBe(memberId);
  });

  it('takes his wallet out of the hand of somebody who found his receipt and claimed it', async () => {
    const finder = await firstClaim(payer(1), '13800000112');
    const memberId = await firstClaim(payer(2), '13800000113');
    expect(await memberOf(await pay(payer(1)))).toBe(finder);
    await rememberPayers(bench.deps.db, { ...bench.till, memberId, remembers: true });
    expect(await memberOf(await pay(payer(1), { memberId }))).toBe(memberId);
    // Two say that it is theirs: it is nobody's until its holder says so again.
    expect(await memberOf(await pay(payer(1)))).toBeNull();
    await pay(payer(1), { memberId });
    expect(await memberOf(await pay(payer(1)))).toBe(memberId);
    // Who showed his code with it keeps it: a friend who pays with it once does not end that.
    await rememberPayers(bench.deps.db, { ...bench.till, memberId: finder, remembers: true });
    await pay(payer(1), { memberId: finder });
    expect(await memberOf(await pay(payer(1)))).toBe(memberId);
  });
});

it('who paid stands nowhere in plain: hashes of one channel say nothing at another', async () => {
  const { rows } = await bench.deps.db.execute<{ t: string }>(sql`
    select row_to_json(l)::text as t from payer_link l
    union all select row_to_json(e)::text from party_edge e`);
  expect(rows.length).toBeGreaterThan(5);
  for (const { t } of rows) expect(t).not.toMatch(/62777/);
  const { payerHashOf } = await import('#cloud/payments/payment-deps.ts');
  const hash = (channel: string) => payerHashOf(bench.deps.contentKey, channel, 'same');
  expect(hash('wechat')).not.toBe(hash('alipay'));
});
