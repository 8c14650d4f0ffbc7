import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consent, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { buyPromotion } from '#cloud/promotion/buy-promotion.ts';
import { printCoupon } from '#cloud/promotion/partner-coupons.ts';
import { runPromotions } from '#cloud/promotion/promotion-worker.ts';
import {
  createPromotionBench,
  prices,
  type PromotionBench,
} from '#cloud/promotion/testing/promotion-bench.ts';
import { orderNo } from '#cloud/settlement/testing/paid-orders.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { PromoDetails } from '#shared/wire/v1/promotion.ts';
import { addDays } from '#shared/time/calendar-day.ts';

let bench: PromotionBench;
let keys = 0;

beforeAll(async () => {
  bench = await createPromotionBench();
  const list = { effectiveOn: bench.today(), prices, why: 'the first list' };
  expect(await bench.admin('promotion/price-lists', list, bench.personKey)).toMatchObject({
    version: 1,
  });
});
afterAll(() => bench.close());

const push = { service: 'push-slot' as const, text: '新到春茶，欢迎来品' };
const traffic = { service: 'traffic', text: '手工面馆' };
const pin = {
  service: 'map-pin' as const,
  text: '人民路 8 号',
  place: { lngE6: 121_473_000, latE6: 31_230_000 },
};
const buy = (
  till: TestTerminal,
  details: object,
  options: { key?: string; version?: number } = {},
) => {
  keys += 1;
  const idemKey = options.key ?? `purchase-${keys}`;
  return bench.post(till, '/v1/promotion/orders', {
    idemKey,
    priceVersion: options.version ?? 1,
    details,
  });
};
/** Past the doors of the house, which would make most of them wait. */
const buyAtOnce = (till: TestTerminal, details: PromoDetails, idemKey: string) => {
  const { db, operatorId } = bench.cloud.deps;
  const purchase = { operatorId, merchantId: till.merchantId, idemKey, priceVersion: 1, details };
  return runScoped({ type: 'operator', operatorId }, () =>
    retriedTransaction(db, (tx) => buyPromotion(tx, purchase, bench.cloud.deps)),
  );
};
const outcome = ({ status, body }: { status: number; body: Record<string, unknown> }) => [
  status,
  body['code'] ?? body['state'],
];
const entries = async (till: TestTerminal) => {
  const { rows } = await bench.cloud.deps.db.execute<{ kind: string; points: number }>(sql`
    select kind, points from promo_entry where merchant_id = ${till.merchantId}
     order by on_day, kind`);
  return rows.map(({ kind, points }) => [kind, points]);
};
const cancel = (id: unknown, key = bench.personKey) =>
  bench.admin(`promotion/orders/${String(id)}/cancel`, { note: 'the shop asked for it' }, key);
const work = () => runPromotions(bench.cloud.deps);

const messagesOf = async (promoOrderId: unknown) => {
  const { rows } = await bench.cloud.deps.db.execute<{ member_id: string }>(sql`
    select member_id from member_message where ref = ${String(promoOrderId)} order by member_id`);
  return rows.map((row) => row.member_id);
};
const token = (index: number) => `CPTST${String(index).padStart(11, '0')}`;
const couponOf = (partnerId: string) => ({
  service: 'partner-coupon',
  text: '满二十减五',
  partnerId,
  offFen: 500,
  minimumFen: 2_000,
  validDays: 14,
});

const makeList = (effectiveOn: string, key = bench.personKey, list: object[] = prices) =>
  bench.admin('promotion/price-lists', { effectiveOn, prices: list, why: 'a test' }, key);
const member = async (phone: string, hears: boolean): Promise<string> => {
  const till = await bench.shop(0);
  const { body } = await bench.post(till, '/v1/members', { phone, consent });
  const memberId = String(body['memberId']);
  await bench.cloud.deps.db.execute(sql`
    update member set hears_shops = ${hears} where member_id = ${memberId}`);
  return memberId;
};
const printAtOnce = (till: TestTerminal, sale: number) => {
  const { db, operatorId } = bench.cloud.deps;
  const { merchantId, terminalId } = till;
  const paper = { operatorId, merchantId, terminalId, orderId: orderNo(sale) };
  const given = { ...paper, token: token(sale), nowMs: bench.clock.nowMs() };
  return runScoped({ type: 'operator', operatorId }, () =>
    retriedTransaction(db, (tx) => printCoupon(tx, given)),
  );
};
const print = (till: TestTerminal, sale: number, paper = sale) =>
  bench.post(till, '/v1/promotion/coupons', { orderId: orderNo(sale), token: token(paper) });
const redeem = (till: TestTerminal, sale: number, paper: number, amountFen = 2_000) =>
  bench.post(till, '/v1/promotion/coupons/redeem', {
    orderId: orderNo(sale),
    token: token(paper),
    amountFen,
  });

describe('buying', () => {
  it('burns the price once per key, and the same key with another wish is refused', async () => {
    const till = await bench.shop(20_000);
    const first = await buy(till, pin, { key: 'the-same-key' });
    expect(outcome(first)).toEqual([200, 'running']);
    const again = await buy(till, pin, { key: 'the-same-key' });
    expect(again.body).toEqual(first.body);
    expect(await bench.credit(till)).toBe(10_000);
    const other = await buy(till, { ...pin, text: '另一处' }, { key: 'the-same-key' });
    expect(outcome(other)).toEqual([409, 'promotion-key-reused']);
    expect(await entries(till)).toEqual([
      ['burned', -10_000],
      ['earned', 20_000],
    ]);
  });

  it('64 purchases at one moment never take the credit below zero, and exactly what it bears is sold', async () => {
    const till = await bench.shop(5 * 5_000 + 4_999);
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, at) => buyAtOnce(till, push, `at-once-${at}`)),
    );
    const sold = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
    expect(sold).toHaveLength(5);
    const refused = answers.flatMap((answer) => (answer.ok ? [] : [answer.error.type]));
    expect(new Set(refused)).toEqual(new Set(['promotion-credit-short']));
    expect(await bench.credit(till)).toBe(4_999);
    const { rows } = await bench.cloud.deps.db.execute(sql`
      select sum(points)::integer as sum from promo_entry where merchant_id = ${till.merchantId}`);
    expect(rows).toEqual([{ sum: 4_999 }]);
    for (const { promoOrderId } of sold) await cancel(promoOrderId);
  });

  it('one purchase that is sent 64 times at one moment is one order', async () => {
    const till = await bench.shop(50_000);
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => buyAtOnce(till, pin, 'one-for-all')),
    );
    expect(new Set(answers.map((answer) => getOrThrow(answer).promoOrderId)).size).toBe(1);
    expect(await bench.credit(till)).toBe(40_000);
  });

  it.each([
    ['too little credit', 4_999, push, 1, 'promotion-credit-short'],
    ['a list that the owner did not see', 50_000, push, 2, 'promotion-price-changed'],
    ['words that promise', 50_000, { ...push, text: '消费全\u8fd4' }, 1, 'promotion-words-refused'],
    ['a link', 50_000, { ...push, text: '见 http://x.cn' }, 1, 'promotion-words-refused'],
  ])('is refused for %s, and nothing is burned', async (_, credit, details, version, code) => {
    const till = await bench.shop(credit);
    expect(outcome(await buy(till, details, { version }))).toEqual([409, code]);
    expect(await bench.credit(till)).toBe(credit);
  });

  it('shows the owner his credit, the prices and what he bought, and no other shop', async () => {
    const [mine, other] = [await bench.shop(7_000), await bench.shop(9_000)];
    const theirs = await buy(other, traffic);
    const ours = await buy(mine, push);
    const { body } = await bench.get(mine, '/v1/promotion');
    expect(body).toMatchObject({ creditPoints: 2_000, pendingPoints: 0, priceVersion: 1 });
    expect(body['orders']).toMatchObject([{ service: 'push-slot', state: 'running', used: 0 }]);
    expect(body['prices']).toHaveLength(4);
    for (const made of [theirs, ours]) await cancel(made.body['promoOrderId']);
  });
});

describe('the price list', () => {
  it('needs a person, a day that has not passed, prices inside their bounds, and each service once', async () => {
    expect(await makeList(bench.today(), 'nobody')).toMatchObject({ code: 'person-key-invalid' });
    const yesterday = addDays(bench.today(), -1);
    expect(await makeList(yesterday)).toMatchObject({ code: 'promotion-prices-out-of-order' });
    for (const list of [
      [{ service: 'push-slot', pricePoints: 99, quantity: 1 }],
      [{ service: 'push-slot', pricePoints: 10_000_001, quantity: 1 }],
      [{ service: 'push-slot', pricePoints: 100, quantity: 100_001 }],
      [prices[0]!, prices[0]!],
    ])
      expect(await makeList(bench.today(), bench.personKey, list)).toMatchObject({
        code: 'request-invalid',
      });
  });

  it('counts from its day on, and never begins before the newest one', async () => {
    const till = await bench.shop(50_000);
    const dearer = [{ service: 'push-slot', pricePoints: 8_000, quantity: 3 }];
    const soon = addDays(bench.today(), 2);
    const { version } = (await makeList(soon, bench.personKey, dearer)) as unknown as {
      version: number;
    };
    expect(await makeList(addDays(soon, -1))).toMatchObject({
      code: 'promotion-prices-out-of-order',
    });
    expect(outcome(await buy(till, push))).toEqual([200, 'running']);
    bench.moveDays(2);
    expect(outcome(await buy(till, push))).toEqual([409, 'promotion-price-changed']);
    expect(outcome(await buy(till, pin, { version }))).toEqual([409, 'promotion-price-changed']);
    const now = await buy(till, push, { version });
    expect(now.body).toMatchObject({ pricePoints: 8_000, quantity: 3 });
    for (const { promoOrderId } of (await bench.get(till, '/v1/promotion')).body[
      'orders'
    ] as unknown as {
      promoOrderId: string;
    }[])
      await cancel(promoOrderId);
    const back = (await makeList(bench.today())) as unknown as { version: number };
    expect(back.version).toBe(version + 1);
    latest = back.version;
  });
});
let latest = 1;

describe('a push slot', () => {
  it('reaches so many members who want it, nobody else, each once and one shop a day, in turn', async () => {
    const willing = [];
    for (let at = 0; at < 5; at += 1) willing.push(await member(`1390000000${at}`, true));
    const silent = await member('13900000009', false);
    const till = await bench.shop(20_000);
    const first = (await buy(till, push, { version: latest })).body;
    await work();
    await work();
    expect(await messagesOf(first['promoOrderId'])).toEqual(willing.slice(0, 3));
    const second = (await buy(till, push, { version: latest })).body;
    await work();
    expect(await messagesOf(second['promoOrderId'])).toEqual(willing.slice(3, 5));
    bench.moveDays(1);
    await work();
    const third = await messagesOf(second['promoOrderId']);
    expect(third).toEqual([willing[0], ...willing.slice(3, 5)]);
    expect(third).not.toContain(silent);
    const view = (await bench.get(till, '/v1/promotion')).body['orders'] as unknown as {
      state: string;
    }[];
    expect(view.map(({ state }) => state)).toEqual(['ended', 'ended']);
  });

  it('gives back what no member was left for, when its 30 days are over', async () => {
    await bench.cloud.deps.db.execute(sql`update member set hears_shops = false`);
    const till = await bench.shop(5_000);
    await buy(till, push, { version: latest });
    await work();
    expect(await bench.credit(till)).toBe(0);
    bench.moveDays(31);
    await work();
    await work();
    expect(await bench.credit(till)).toBe(5_000);
    expect(await entries(till)).toEqual([
      ['burned', -5_000],
      ['earned', 5_000],
      ['returned', 5_000],
    ]);
  });
});

describe('a map pin', () => {
  it('stands on the public map for its days; cancelled, the days that have not begun come back, once', async () => {
    const till = await bench.shop(10_000);
    const { promoOrderId } = (await buy(till, pin, { version: latest })).body;
    const mapOf = async () =>
      (await bench.app.inject({ url: '/v1/promotion/pins' })).json<{ pins: object[] }>().pins;
    expect(await mapOf()).toContainEqual({
      shopName: '测试商店',
      text: pin.text,
      place: pin.place,
      from: bench.today(),
      until: addDays(bench.today(), 9),
    });
    const before = (await mapOf()).length;
    bench.moveDays(2);
    expect(await cancel(promoOrderId, 'nobody')).toMatchObject({ code: 'person-key-invalid' });
    expect(await cancel(promoOrderId)).toMatchObject({ returnedPoints: 7_000 });
    expect(await cancel(promoOrderId)).toMatchObject({ code: 'promotion-ended' });
    expect(await bench.credit(till)).toBe(7_000);
    expect(await mapOf()).toHaveLength(before - 1);
  });
});

describe('a traffic package', () => {
  it('counts a member once a day, stops when it is used up, and shows nothing to who has not the key', async () => {
    const till = await bench.shop(2_000);
    await buy(till, traffic, { version: latest });
    const look = async (phone: string) => {
      const { body } = await bench.post(till, '/v1/members', { phone, consent });
      const memberId = String(body['memberId']);
      const link = await bench.admin(`members/${memberId}/page-link`, {});
      const key = String(link['path']).split('#')[1] ?? '';
      const url = '/v1/member-pages/shops';
      const answer = await bench.app.inject({ method: 'POST', url, payload: { memberId, key } });
      const wrong = { memberId, key: 'A'.repeat(22) };
      const refused = await bench.app.inject({ method: 'POST', url, payload: wrong });
      expect(refused.statusCode).toBe(404);
      return answer
        .json<{ shops: { text: string }[] }>()
        .shops.filter(({ text }) => text === traffic.text).length;
    };
    const used = async () => {
      const orders = (await bench.get(till, '/v1/promotion')).body['orders'] as unknown as {
        used: number;
      }[];
      return orders[0]?.used;
    };
    // Two looks on one day.
    expect([await look('13700000001'), await look('13700000001')]).toEqual([1, 1]);
    expect(await used()).toBe(1);
    bench.moveDays(1);
    for (const phone of ['13700000001', '13700000002', '13700000003']) await look(phone);
    expect(await used()).toBe(4);
    expect(await look('13700000004')).toBe(0);
    expect(await used()).toBe(4);
  });
});

describe("a coupon at a partner's counter", () => {
  it('is printed only where the partner agreed, once per sale, and is one discount at its issuer', async () => {
    const [issuer, partner] = [await bench.shop(9_000), await bench.shop(0)];
    const closed = await buy(issuer, couponOf(partner.merchantId), { version: latest });
    expect(outcome(closed)).toEqual([409, 'promotion-partner-closed']);
    await bench.post(partner, '/v1/promotion/counter', { isOpen: true });
    const own = await buy(partner, couponOf(partner.merchantId), { version: latest });
    expect(outcome(own)).toEqual([409, 'promotion-partner-closed']);
    const asked = await buy(issuer, couponOf(partner.merchantId), { version: latest });
    expect(outcome(asked)).toEqual([200, 'asked']);
    const { promoOrderId } = asked.body;
    expect((await print(partner, 1)).body).toEqual({ coupon: null });
    const wishes = (await bench.get(partner, '/v1/promotion')).body['wishes'];
    expect(wishes).toMatchObject([{ promoOrderId, offFen: 500, isAgreed: false }]);
    const agrees = { promoOrderId, agrees: true };
    const byStranger = await bench.post(issuer, '/v1/promotion/wishes', agrees);
    expect(outcome(byStranger)).toEqual([409, 'promotion-ended']);
    await bench.post(partner, '/v1/promotion/wishes', agrees);
    const discount = { offFen: 500, minimumFen: 2_000, text: '满二十减五' };
    const paper = { issuerName: '测试商店', text: '满二十减五', offFen: 500, minimumFen: 2_000 };
    const first = await print(partner, 1);
    expect(first.body['coupon']).toEqual({ ...paper, validUntil: addDays(bench.today(), 14) });
    expect((await print(partner, 1)).body).toEqual(first.body);
    expect((await print(partner, 1, 99)).body).toEqual({ coupon: null });
    expect((await print(issuer, 5)).body).toEqual({ coupon: null });

    expect(outcome(await redeem(issuer, 10, 77))).toEqual([404, 'coupon-unknown']);
    expect(outcome(await redeem(partner, 10, 1))).toEqual([409, 'coupon-of-another-shop']);
    expect(outcome(await redeem(issuer, 10, 1, 1_999))).toEqual([409, 'coupon-too-small-sale']);
    expect(outcome(await redeem(issuer, 10, 1))).toEqual([409, 'coupon-unconfirmed']);
    await bench.sold(partner, orderNo(1));
    expect((await redeem(issuer, 10, 1)).body).toEqual(discount);
    expect((await redeem(issuer, 10, 1)).body).toEqual(discount);
    expect(outcome(await redeem(issuer, 11, 1))).toEqual([409, 'coupon-used']);
    // The sale was not made: the paper is good again, for its issuer's till alone.
    const back = { orderId: orderNo(10) };
    expect((await bench.post(partner, '/v1/promotion/coupons/back', back)).body).toEqual({
      done: false,
    });
    expect((await bench.post(issuer, '/v1/promotion/coupons/back', back)).body).toEqual({
      done: true,
    });
    expect((await redeem(issuer, 11, 1)).body).toEqual(discount);

    await print(partner, 2);
    expect(outcome(await redeem(issuer, 11, 2))).toEqual([409, 'coupon-used']);
    // Two were bought.
    expect((await print(partner, 3)).body).toEqual({ coupon: null });
    bench.moveDays(15);
    expect(outcome(await redeem(issuer, 12, 2))).toEqual([409, 'coupon-expired']);
  });

  it('that the partner declines comes back whole; 32 sales at one moment print no more than was bought', async () => {
    const [issuer, partner] = [await bench.shop(9_000), await bench.shop(0)];
    await bench.post(partner, '/v1/promotion/counter', { isOpen: true });
    const declined = (await buy(issuer, couponOf(partner.merchantId), { version: latest })).body;
    const answer = { promoOrderId: declined['promoOrderId'], agrees: false };
    await bench.post(partner, '/v1/promotion/wishes', answer);
    expect(await bench.credit(issuer)).toBe(9_000);
    const taken = (await buy(issuer, couponOf(partner.merchantId), { version: latest })).body;
    await bench.post(partner, '/v1/promotion/wishes', {
      promoOrderId: taken['promoOrderId'],
      agrees: true,
    });
    const papers = await Promise.all(
      Array.from({ length: 32 }, (_, at) => printAtOnce(partner, 100 + at)),
    );
    expect(papers.filter(({ coupon }) => coupon !== null)).toHaveLength(2);
    // Nothing was printed of one half: 3001 x 1 / 2 rounds down.
    const third = (await buy(issuer, couponOf(partner.merchantId), { version: latest })).body;
    const wish = { promoOrderId: third['promoOrderId'], agrees: true };
    await bench.post(partner, '/v1/promotion/wishes', wish);
    await print(partner, 200);
    expect(await cancel(third['promoOrderId'])).toMatchObject({ returnedPoints: 1_500 });
  });
});
