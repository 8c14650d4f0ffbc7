import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectOnce } from '#cloud/journal/projection/project-journal.ts';
import { paymentTiming } from '#cloud/payments/payment-timing.ts';
import {
  createTestJournal,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { chargedAt } from '#cloud/promotion/testing/charged-at.ts';
import {
  createPromotionBench,
  prices,
  type PromotionBench,
} from '#cloud/promotion/testing/promotion-bench.ts';
import { runRefundsOnce } from '#cloud/refunds/refund-worker.ts';
import { newId, type OrderId } from '#shared/ids/ids.ts';
import { couponHoldMs } from '#shared/wire/v1/promotion.ts';

/** When the paper of a sale is good again (docs/points.md 2.15), told by the tills' journals and by the books. */
let bench: PromotionBench;
let issuer: TestTerminal;
let partner: TestTerminal;
let journal: TestJournal;
let papers = 0;

beforeAll(async () => {
  bench = await createPromotionBench();
  const many = prices.map((price) =>
    price.service === 'partner-coupon' ? { ...price, quantity: 50 } : price,
  );
  const list = { effectiveOn: bench.today(), prices: many, why: 'a test' };
  await bench.admin('promotion/price-lists', list, bench.personKey);
  [issuer, partner] = [await bench.shop(9_000), await bench.shop(0)];
  await bench.post(partner, '/v1/promotion/counter', { isOpen: true });
  const details = {
    service: 'partner-coupon',
    text: '进店即用',
    partnerId: partner.merchantId,
    offFen: 500,
    minimumFen: 2_000,
    validDays: 14,
  };
  const wish = { idemKey: 'coupons-for-all', priceVersion: 1, details };
  const { body } = await bench.post(issuer, '/v1/promotion/orders', wish);
  const { promoOrderId } = body;
  await bench.post(partner, '/v1/promotion/wishes', { promoOrderId, agrees: true });
  journal = createTestJournal();
  journal.shiftClock(bench.clock.nowMs() - Date.now());
  journal.append('store.opened', { reason: 'created', appVersion: '0.1.0' });
});
afterAll(() => bench.close());

/** For the cloud and for the till alike. */
function wait(ms: number): void {
  bench.moveMs(ms);
  journal.shiftClock(ms);
}

const freshOrder = (): OrderId => newId('ord', bench.cloud.deps);
async function freshPaper(): Promise<string> {
  papers += 1;
  const token = `CPRET${String(papers).padStart(11, '0')}`;
  const orderId = freshOrder();
  const asked = await bench.post(partner, '/v1/promotion/coupons', { orderId, token });
  await bench.sold(partner, orderId);
  expect(asked.body).toMatchObject({ coupon: { offFen: 500 } });
  return token;
}
const redeem = async (token: string, orderId: OrderId): Promise<unknown> => {
  const wish = { orderId, token, amountFen: 2_500 };
  const { status, body } = await bench.post(issuer, '/v1/promotion/coupons/redeem', wish);
  return status === 200 ? 'good' : body['code'];
};
function open(orderId: OrderId): void {
  journal.append('order.opened', {
    orderId,
    amountFen: 2_000,
    voucherFen: 0,
    couponFen: 500,
    concessionBp: 1_000,
    businessDate: '2026-10-08',
    cashier: '小王',
    claimToken: orderId.slice(-16),
  });
}
function sell(orderId: OrderId): void {
  open(orderId);
  const sums = { dueFen: 2_000, tenderedFen: 2_000, changeFen: 0 };
  journal.append('cash.recorded', { orderId, ...sums });
}
function giveBack(orderId: OrderId, refundNo: number, amountFen: number): void {
  const rest = { how: 'cash', businessDate: '2026-10-09', cashier: '小王', reason: '退货' };
  journal.append('refund.asked', { orderId, refundNo, amountFen, ...rest });
  journal.append('refund.done', { orderId, refundNo, cashFen: amountFen, voucherFen: 0 });
}
async function tell(): Promise<void> {
  const told = await bench.post(issuer, '/v1/journal/batches', journal.batch(1));
  expect(told.status).toBe(200);
  const { deps } = bench.cloud;
  while ((await projectOnce({ ...deps, effects: createProjectionEffects() })) > 0);
  const channels = new Map();
  while ((await runRefundsOnce({ ...deps, channels, timing: paymentTiming })) > 0);
}

it('a sale that was made keeps it; the whole of its money back inside the hold gives it back, a part does not', async () => {
  const [token, sale, next] = [await freshPaper(), freshOrder(), freshOrder()];
  expect(await redeem(token, sale)).toBe('good');
  sell(sale);
  await tell();
  expect(await redeem(token, next)).toBe('coupon-used');
  giveBack(sale, 1, 1_999);
  await tell();
  expect(await redeem(token, next)).toBe('coupon-used');
  giveBack(sale, 2, 1);
  await tell();
  expect(await redeem(token, next)).toBe('good');
  expect(await redeem(token, sale)).toBe('coupon-used');
});

it('money that goes back after the sale was final does not give it back', async () => {
  const [token, sale] = [await freshPaper(), freshOrder()];
  await redeem(token, sale);
  sell(sale);
  giveBack(sale, 1, 2_000);
  await tell();
  await bench.cloud.deps.db.execute(sql`
    update order_refund set in_hold = false where order_id = ${sale}`);
  expect(await redeem(token, freshOrder())).toBe('coupon-used');
});

it('a sale that was given up gives it back at once', async () => {
  const [token, sale] = [await freshPaper(), freshOrder()];
  await redeem(token, sale);
  open(sale);
  journal.append('order.voided', { orderId: sale, code: 'cancelled-by-cashier' });
  await tell();
  expect(await redeem(token, freshOrder())).toBe('good');
});

it('a till that died behind the coupon keeps it until its journal has come past the hold without the sale', async () => {
  const [token, lost, next] = [await freshPaper(), freshOrder(), freshOrder()];
  expect(await redeem(token, lost)).toBe('good');
  wait(2 * couponHoldMs + 1_000);
  expect(await redeem(token, next)).toBe('coupon-used');
  journal.append('caps.applied', { capsVersion: 1 });
  await tell();
  expect(await redeem(token, next)).toBe('good');
});

it('a charge whose outcome is open, or that was paid, keeps it although the journal says nothing', async () => {
  const [token, sale] = [await freshPaper(), freshOrder()];
  await redeem(token, sale);
  open(sale);
  const attempt = { orderId: sale, attempt: 1 };
  const code = { wallet: 'wechat', codeMask: '13****0001', codeHash: 'a'.repeat(64) };
  journal.append('charge.submitted', { ...attempt, ...code, amountFen: 2_000 });
  wait(2 * couponHoldMs + 1_000);
  journal.append('caps.applied', { capsVersion: 1 });
  await tell();
  expect(await redeem(token, freshOrder())).toBe('coupon-used');
  journal.append('charge.failed', { ...attempt, code: 'payer-balance' });
  journal.append('caps.applied', { capsVersion: 1 });
  await tell();
  expect(await redeem(token, freshOrder())).toBe('good');
});

it('a till that says the sale was not made is not believed while its charge is open, or paid and not booked yet', async () => {
  const [token, sale] = [await freshPaper(), freshOrder()];
  await redeem(token, sale);
  await chargedAt({ ...bench.cloud.deps, ...issuer }, { orderId: sale, status: 'submitting' });
  const back = async () =>
    (await bench.post(issuer, '/v1/promotion/coupons/back', { orderId: sale })).body;
  const end = (status: string) =>
    bench.cloud.deps.db.execute(sql`
      update payment_attempt set status = ${status}, in_flight = false, next_step = null,
        next_at_ms = null, channel_ref = 'ref', paid_at_ms = submitted_at_ms
       where order_id = ${sale}`);
  expect(await back()).toEqual({ done: false });
  await end('paid');
  expect(await back()).toEqual({ done: false });
  expect(await redeem(token, freshOrder())).toBe('coupon-used');
  await end('failed');
  expect(await back()).toEqual({ done: true });
  expect(await redeem(token, freshOrder())).toBe('good');
});

it('a till whose clock is ahead is not past the hold before it is', async () => {
  const [token, sale] = [await freshPaper(), freshOrder()];
  const aheadMs = 3 * couponHoldMs;
  const head = journal.batch(1);
  const last = head.entries.at(-1)!;
  const beat = await bench.post(issuer, '/v1/heartbeats', {
    epoch: head.epoch,
    headSeq: last.seq,
    headHash: last.hash,
    ackedSeq: last.seq,
    oldestUnsyncedMs: null,
    wallMs: bench.clock.nowMs() + aheadMs,
    appVersion: '0.1.0',
    diskFreeBytes: 1_000_000_000,
    capsVersion: 0,
    peripherals: [],
  });
  expect(beat.status, JSON.stringify(beat.body)).toBe(200);
  journal.shiftClock(aheadMs);
  await redeem(token, sale);
  journal.append('caps.applied', { capsVersion: 1 });
  await tell();
  // The sale was made with the line down, and stands in no journal that the cloud has.
  wait(2 * couponHoldMs + 1_000);
  expect(await redeem(token, freshOrder())).toBe('coupon-used');
  journal.append('caps.applied', { capsVersion: 1 });
  await tell();
  expect(await redeem(token, freshOrder())).toBe('good');
});

it('a till that was revoked behind the coupon keeps it no longer than the hold: its journal comes no further', async () => {
  const [token, lost, next] = [await freshPaper(), freshOrder(), freshOrder()];
  const other = await bench.anotherTill(issuer);
  const used = { orderId: lost, token, amountFen: 2_500 };
  expect((await bench.post(other, '/v1/promotion/coupons/redeem', used)).status).toBe(200);
  await bench.admin(`terminals/${other.terminalId}/revoke`, {});
  expect(await redeem(token, next)).toBe('coupon-used');
  wait(2 * couponHoldMs + 1_000);
  expect(await redeem(token, next)).toBe('good');
});

it('another till that names the same sale takes the paper over from nobody: the first one’s journal decides', async () => {
  const [token, sale, next] = [await freshPaper(), freshOrder(), freshOrder()];
  const first = await bench.anotherTill(issuer);
  const used = { orderId: sale, token, amountFen: 2_500 };
  expect((await bench.post(first, '/v1/promotion/coupons/redeem', used)).status).toBe(200);
  await redeem(token, sale);
  wait(2 * couponHoldMs + 1_000);
  journal.append('caps.applied', { capsVersion: 1 });
  await tell();
  expect(await redeem(token, next)).toBe('coupon-used');
});
