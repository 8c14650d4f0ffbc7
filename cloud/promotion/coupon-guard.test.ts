import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import {
  couponLimitsOf,
  printsTerminalDayMin,
  unprovenTerminalDefault,
} from '#cloud/promotion/coupon-limits.ts';
import { runPromotions } from '#cloud/promotion/promotion-worker.ts';
import { chargedAt } from '#cloud/promotion/testing/charged-at.ts';
import {
  createPromotionBench,
  dayMs,
  prices,
  type PromotionBench,
} from '#cloud/promotion/testing/promotion-bench.ts';
import { velocityRulesDefault } from '#cloud/review/velocity-rules.ts';
import { newId, type OrderId } from '#shared/ids/ids.ts';

/** What a stolen or false till can do with the coupons of others (docs/points.md 2.15). */
let bench: PromotionBench;
let issuer: TestTerminal;
const quantity = 100;
let campaigns = 0;
let papers = 0;

beforeAll(async () => {
  bench = await createPromotionBench();
  const many = prices.map((price) =>
    price.service === 'partner-coupon' ? { ...price, quantity } : price,
  );
  const list = { effectiveOn: bench.today(), prices: many, why: 'a test' };
  await bench.admin('promotion/price-lists', list, bench.personKey);
  issuer = await bench.shop(90_000);
});
afterAll(() => bench.close());

interface Campaign {
  readonly partner: TestTerminal;
  readonly promoOrderId: string;
}
/** A campaign of {@link quantity} coupons that runs at a new partner's counter. */
async function campaign(limits?: object): Promise<Campaign> {
  campaigns += 1;
  const partner = await bench.shop(0);
  await bench.post(partner, '/v1/promotion/counter', { isOpen: true });
  const details = {
    service: 'partner-coupon',
    text: '进店即用',
    partnerId: partner.merchantId,
    offFen: 500,
    minimumFen: 2_000,
    validDays: 60,
    ...(limits === undefined ? {} : { limits }),
  };
  const wish = { idemKey: `campaign-${campaigns}`, priceVersion: 1, details };
  const { status, body } = await bench.post(issuer, '/v1/promotion/orders', wish);
  expect(status, JSON.stringify(body)).toBe(200);
  const promoOrderId = String(body['promoOrderId']);
  await bench.post(partner, '/v1/promotion/wishes', { promoOrderId, agrees: true });
  return { partner, promoOrderId };
}

const freshOrder = (): OrderId => newId('ord', { ...bench.cloud.deps, clock: bench.clock });
/** The till asks for a coupon after a sale that it says it made; the token when it was given one. */
async function claim(till: TestTerminal, orderId = freshOrder()): Promise<string | undefined> {
  papers += 1;
  const token = `CPGRD${String(papers).padStart(11, '0')}`;
  const { body } = await bench.post(till, '/v1/promotion/coupons', { orderId, token });
  return (body['coupon'] ?? null) === null ? undefined : token;
}
async function sellAndClaim(till: TestTerminal): Promise<string | undefined> {
  const orderId = freshOrder();
  await bench.sold(till, orderId);
  return await claim(till, orderId);
}
async function times(count: number, work: () => Promise<string | undefined>): Promise<string[]> {
  const given: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const token = await work();
    if (token !== undefined) given.push(token);
  }
  return given;
}
let lastRedeemed: OrderId;
const redeem = async (till: TestTerminal, token: string, orderId = freshOrder()) => {
  lastRedeemed = orderId;
  const wish = { orderId, token, amountFen: 2_500 };
  const { status, body } = await bench.post(till, '/v1/promotion/coupons/redeem', wish);
  return status === 200 ? 'good' : body['code'];
};
async function alarms(till: TestTerminal): Promise<string[]> {
  const path = `merchants/${till.merchantId}/terminal-alarms`;
  const { alarms: found } = (await bench.admin(path)) as unknown as {
    alarms: { kind: string; terminalId: string }[];
  };
  return found.filter((one) => one.terminalId === till.terminalId).map(({ kind }) => kind);
}
async function used({ promoOrderId }: Campaign): Promise<number | undefined> {
  const { body } = await bench.get(issuer, '/v1/promotion');
  const orders = body['orders'] as unknown as { promoOrderId: string; used: number }[];
  return orders.find((one) => one.promoOrderId === promoOrderId)?.used;
}
const setRule = (count: number) => {
  const rules = { ...velocityRulesDefault, couponTerminalHour: { act: 'hold', count } };
  return fetchPut({ rules });
};
async function fetchPut(payload: object): Promise<number> {
  const { operatorToken } = bench.cloud.deps;
  const answer = await bench.app.inject({
    method: 'PUT',
    url: '/admin/v1/velocity-rules',
    headers: { authorization: `Bearer ${operatorToken}`, 'x-person-key': bench.personKey },
    payload,
  });
  return answer.statusCode;
}

describe('the limits of a campaign', () => {
  it('are its own where it says them, and follow from its size where not', () => {
    const small = couponLimitsOf({}, 2);
    expect(small.printsTerminalDay).toBe(printsTerminalDayMin);
    expect(couponLimitsOf({}, 10_001)).toEqual({
      printsTerminalDay: 1_001,
      redemptionsTerminalDay: 2_501,
      unprovenTerminalMax: unprovenTerminalDefault,
    });
    const own = { printsTerminalDay: 3, unprovenTerminalMax: 2 };
    expect(couponLimitsOf({ limits: own }, 10_001)).toEqual({
      ...own,
      redemptionsTerminalDay: 2_501,
    });
  });

  it('let one till print so many a day, another till of the counter as many, and the next day again', async () => {
    const here = await campaign({ printsTerminalDay: 3 });
    expect(await times(5, () => sellAndClaim(here.partner))).toHaveLength(3);
    const second = await bench.anotherTill(here.partner);
    expect(await times(5, () => sellAndClaim(second))).toHaveLength(3);
    bench.moveMs(dayMs);
    expect(await times(5, () => sellAndClaim(here.partner))).toHaveLength(3);
    expect(await used(here)).toBe(9);
  });

  it('hold to the piece when a till asks for many at one moment', async () => {
    const here = await campaign({ printsTerminalDay: 3 });
    const asked = await Promise.all(Array.from({ length: 12 }, () => sellAndClaim(here.partner)));
    expect(asked.filter((token) => token !== undefined)).toHaveLength(3);
  });

  it('let one till of the issuer use up so many a day; the paper stays good at another one', async () => {
    const here = await campaign({ redemptionsTerminalDay: 2 });
    const tokens = await times(3, () => sellAndClaim(here.partner));
    const answers = [];
    for (const token of tokens) answers.push(await redeem(issuer, token));
    expect(answers).toEqual(['good', 'good', 'coupon-till-limit']);
    expect(await redeem(await bench.anotherTill(issuer), tokens[2]!)).toBe('good');
  });
});

describe('a coupon without a sale', () => {
  it('takes no more than a few of a campaign, says so to the operator, and none of them is good', async () => {
    const here = await campaign({ unprovenTerminalMax: 4 });
    const tokens = await times(30, () => claim(here.partner));
    expect(tokens).toHaveLength(4);
    expect(await alarms(here.partner)).toEqual(['coupon-unproven']);
    for (const token of tokens) expect(await redeem(issuer, token)).toBe('coupon-unconfirmed');
    // Another shop's campaign does not save it, and its own real sales do.
    expect(await sellAndClaim(here.partner)).toBeUndefined();
    expect(await used(here)).toBe(4);
    bench.moveMs(8 * dayMs);
    await runPromotions(bench.cloud.deps);
    expect(await used(here)).toBe(0);
    for (const token of tokens) expect(await redeem(issuer, token)).toBe('coupon-unconfirmed');
    expect(await sellAndClaim(here.partner)).toBeDefined();
  });

  it('is good as soon as the journal has told of the sale, and for no sale whose money all went back', async () => {
    const here = await campaign();
    const orderId = freshOrder();
    const token = (await claim(here.partner, orderId))!;
    expect(await redeem(issuer, token)).toBe('coupon-unconfirmed');
    await bench.sold(here.partner, orderId, 'voided');
    expect(await redeem(issuer, token)).toBe('coupon-unconfirmed');
    await bench.sold(here.partner, orderId, 'paid-then-refunded');
    expect(await redeem(issuer, token)).toBe('coupon-unconfirmed');
    await bench.sold(here.partner, orderId, 'paid');
    expect(await redeem(issuer, token)).toBe('good');
  });

  it('is not good after a charge that was given back whole, though the till tells no journal of it', async () => {
    const here = await campaign();
    const [orderId, { deps }] = [freshOrder(), bench.cloud];
    const token = (await claim(here.partner, orderId))!;
    await chargedAt({ ...deps, ...here.partner }, { orderId, status: 'paid' });
    const refund = (no: number, amountFen: number) =>
      deps.db.execute(sql`
        insert into order_refund (operator_id, merchant_id, order_id, refund_no, terminal_id, how,
          amount_fen, cash_fen, voucher_fen, cashier, reason, business_date, asked_at_ms, status,
          attempt, out_refund_no, done_at_ms, ledger_date)
        values (${deps.operatorId}, ${here.partner.merchantId}, ${orderId}, ${no},
          ${here.partner.terminalId}, 'channel', ${amountFen}, ${amountFen}, 0, '小王', '退货',
          ${bench.today()}::date, ${bench.clock.nowMs()}, 'done', 1, ${`${orderId}T${no}`},
          ${bench.clock.nowMs()}, ${bench.today()}::date)`);
    await refund(1, 1_999);
    expect(await redeem(issuer, token)).toBe('good');
    await bench.post(issuer, '/v1/promotion/coupons/back', { orderId: lastRedeemed });
    await refund(2, 1);
    expect(await redeem(issuer, token)).toBe('coupon-unconfirmed');
  });

  it('is not given for a sale of another till, one that is over without money, or one of yesterday', async () => {
    const here = await campaign();
    const [theirs, over, old] = [freshOrder(), freshOrder(), freshOrder()];
    await bench.sold(await bench.anotherTill(here.partner), theirs);
    await bench.sold(here.partner, over, 'voided');
    await bench.sold(here.partner, old);
    expect(await claim(here.partner, theirs)).toBeUndefined();
    expect(await claim(here.partner, over)).toBeUndefined();
    // Charged by another till, whose journal has not come yet.
    const [neighbour, charged] = [await bench.anotherTill(here.partner), freshOrder()];
    await chargedAt({ ...bench.cloud.deps, ...neighbour }, { orderId: charged, status: 'paid' });
    expect(await claim(here.partner, charged)).toBeUndefined();
    expect(await claim(neighbour, charged)).toBeDefined();
    bench.moveMs(dayMs + 1_000);
    expect(await claim(here.partner, old)).toBeUndefined();
    expect(await used(here)).toBe(1);
  });
});

describe('the rule of velocity', () => {
  it('holds a till until a person decides, with an alarm; refused it stays held, allowed it goes on that day', async () => {
    expect(await setRule(5)).toBe(200);
    const here = await campaign();
    expect(await times(8, () => sellAndClaim(here.partner))).toHaveLength(4);
    expect(await alarms(here.partner)).toEqual(['coupon-velocity']);
    const listed = (await bench.admin('promotion/till-holds')) as unknown as {
      holds: { terminalId: string; heldOn: string }[];
    };
    const { terminalId } = here.partner;
    expect(listed.holds).toMatchObject([{ terminalId, kind: 'printed', seen: 5, state: 'held' }]);
    const path = `promotion/till-holds/${terminalId}/${listed.holds[0]!.heldOn}/decision`;
    const decide = (verdict: string, key = bench.personKey) =>
      bench.admin(path, { verdict, note: '打电话核实过' }, key);
    expect(await decide('allowed', 'nobody')).toMatchObject({ code: 'person-key-invalid' });
    expect(await decide('refused')).toEqual({ decided: true });
    bench.moveMs(2 * dayMs);
    expect(await sellAndClaim(here.partner)).toBeUndefined();
    expect(await decide('allowed')).toEqual({ decided: true });
    expect(await decide('allowed')).toMatchObject({ code: 'not-found' });
    expect(await times(8, () => sellAndClaim(here.partner))).toHaveLength(4);
    await setRule(120);
  });

  it('allowed for a day is not asked again that day', async () => {
    await setRule(3);
    const here = await campaign();
    await times(4, () => sellAndClaim(here.partner));
    const { terminalId } = here.partner;
    const path = `promotion/till-holds/${terminalId}/${bench.today()}/decision`;
    await bench.admin(path, { verdict: 'allowed', note: '店庆活动' }, bench.personKey);
    expect(await times(6, () => sellAndClaim(here.partner))).toHaveLength(6);
    await setRule(120);
  });

  it('holds a till of the issuer that uses up many, and the papers stay good', async () => {
    const here = await campaign();
    const tokens = await times(5, () => sellAndClaim(here.partner));
    await setRule(3);
    const till = await bench.anotherTill(issuer);
    const answers = [];
    for (const token of tokens) answers.push(await redeem(till, token));
    expect(answers.slice(0, 2)).toEqual(['good', 'good']);
    expect(new Set(answers.slice(2))).toEqual(new Set(['coupon-till-held']));
    expect(await alarms(till)).toEqual(['coupon-velocity']);
    await setRule(120);
    expect(await redeem(await bench.anotherTill(issuer), tokens[4]!)).toBe('good');
  });
});

describe('a till that is revoked', () => {
  it('is given none and uses none; what it did is listed, and what had no sale comes back to the campaign', async () => {
    const here = await campaign();
    const [real] = await times(1, () => sellAndClaim(here.partner));
    await times(3, () => claim(here.partner));
    const { terminalId } = here.partner;
    await bench.admin(`terminals/${terminalId}/revoke`, {});
    expect(await claim(here.partner)).toBeUndefined();
    await runPromotions(bench.cloud.deps);
    expect(await used(here)).toBe(1);
    expect(await redeem(issuer, real!)).toBe('good');
    const { coupons } = (await bench.admin(`terminals/${terminalId}/coupons`)) as unknown as {
      coupons: { use: string; isSalePaid: boolean; isVoid: boolean }[];
    };
    expect(coupons.map(({ use, isSalePaid, isVoid }) => [use, isSalePaid, isVoid])).toEqual([
      ['printed', false, true],
      ['printed', false, true],
      ['printed', false, true],
      ['printed', true, false],
    ]);
    const theirs = (await bench.admin(`terminals/${issuer.terminalId}/coupons`)) as unknown as {
      coupons: { use: string; promoOrderId: string }[];
    };
    expect(theirs.coupons[0]).toMatchObject({ use: 'redeemed', promoOrderId: here.promoOrderId });
  });
});
