import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '#drivers/core/system-ports.ts';
import { shanghaiOffsetMs } from '#shared/time/calendar-day.ts';
import { createMemoryCounter, deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { setOwnerPin } from '#terminal/agent/testing/owner-pin.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const pin = '270518';
const dayMs = 86_400_000;
/** Whatever a loaded machine needs from the sale to the paper. */
const aroundMs = 90_000;

/** What a paper says at this row, as wall milliseconds of China. */
function timeOn(paper: string, row: string): number {
  const [, text = ''] = new RegExp(`^${row} +(\\S+ \\S+)$`, 'm').exec(paper) ?? [];
  return Date.parse(`${text.replace(' ', 'T')}Z`) - shanghaiOffsetMs;
}
const isNow = (atMs: number | undefined): void =>
  expect(Math.abs(Number(atMs) - Date.now())).toBeLessThan(aroundMs);

function valueOf<T extends object>(answer: T | { readonly refused: string }): T {
  if ('refused' in answer) throw new Error(answer.refused);
  return answer;
}
const approvalFor = async (till: TillBench, wish: object): Promise<string> =>
  valueOf(
    await till.ask('owner.approve', { pin, ...wish } as { pin: string; action: 'drawer.open' }),
  ).approvalId;

describe.each([
  ['a day ahead', dayMs],
  ['a day behind', -dayMs],
])('a computer that is %s and knows the cloud’s time', { timeout: 90_000 }, (_, aheadMs) => {
  test('shows and prints the true time of sales, copies, refunds and the drawer; the journal keeps its own', async () => {
    let nowAheadMs = aheadMs;
    const counter = createMemoryCounter();
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + nowAheadMs };
    const till = (bench = await openTillBench({ ...counter, clock }));
    const paper = async (no: number): Promise<string> => {
      await till.until(`paper ${no}`, () => counter.papers().length >= no, 15_000);
      return counter.papers()[no - 1] ?? '';
    };
    await deviceState(till, 'printer', 'online');
    await setOwnerPin(till, pin);

    await till.ask('till.setAmount', { amountFen: 5_000 });
    await till.ask('till.payCash', { tenderedFen: 5_000 });
    const shown = await till.screen('cash');
    const { orderId } = shown;
    isNow(shown.atMs);
    isNow(timeOn(await paper(1), '时间'));
    await till.ask('till.dismiss', {});

    const wish = { action: 'orders.refund', orderId, amountFen: 2_000 };
    const approvalId = await approvalFor(till, wish);
    const asked = { orderId, amountFen: 2_000, reason: '退货', approvalId };
    expect(await till.ask('orders.refund', asked)).toEqual({ refundNo: 1 });
    const slip = await paper(2);
    isNow(timeOn(slip, '退款时间'));
    isNow(timeOn(slip, '打印时间'));

    const drawer = await approvalFor(till, { action: 'drawer.open' });
    await till.ask('drawer.open', { reason: '换零钱', approvalId: drawer });
    isNow(valueOf(await till.ask('today.get', {})).noSales[0]?.atMs);
    const row = valueOf(await till.ask('orders.get', { orderId }));
    isNow(row.openedAtMs);
    isNow(row.refunds?.[0]?.atMs);
    const [listed] = valueOf(await till.ask('orders.list', { limit: 5 })).rows;
    expect(listed?.openedAtMs).toBe(row.openedAtMs);

    await till.ask('till.setAmount', { amountFen: 700 });
    await till.ask('till.payCash', { tenderedFen: 700 });
    const unrefunded = (await till.screen('cash')).orderId;
    const soldAtMs = timeOn(await paper(3), '时间');
    isNow(soldAtMs);
    await till.ask('till.dismiss', {});

    await till.until('delivered', () => till.cloud.delivered().includes('refund.done'));
    const entries = till.cloud.batches.flatMap((batch) => batch.entries);
    for (const type of ['order.opened', 'cash.recorded', 'refund.asked', 'drawer.no-sale']) {
      const entry = entries.find((one) => one.type === type);
      isNow(Number(entry?.wallMs) - aheadMs);
    }

    // The clock is put right while the till is off: a copy says the same time, and what comes now the true one.
    await till.cloud.goDown();
    nowAheadMs = 0;
    await till.restart();
    await deviceState(till, 'printer', 'online');
    await till.ask('orders.reprint', { orderId: unrefunded });
    const copy = await paper(4);
    expect(copy).toContain('补打');
    expect(timeOn(copy, '时间')).toBe(soldAtMs);
    isNow(valueOf(await till.ask('orders.get', { orderId })).refunds?.[0]?.atMs);
    await till.ask('till.setAmount', { amountFen: 800 });
    await till.ask('till.payCash', { tenderedFen: 800 });
    isNow((await till.screen('cash')).atMs);
    isNow(timeOn(await paper(5), '时间'));
  });
});

describe('a sale that waited for twenty minutes with', { timeout: 60_000 }, () => {
  const laterMs = 20 * 60_000;
  const token = 'CPTST00000000001';
  /** The clock of the till is right all the time. */
  async function waitingTill() {
    let passedMs = 0;
    const clock = {
      nowMs: () => systemClock.nowMs() + passedMs,
      monotonicMs: () => systemClock.monotonicMs() + passedMs,
    };
    const till = (bench = await openTillBench({ clock }));
    till.cloud.coupons.issue(token, { offFen: 500, minimumFen: 2_000, text: '进店即用' });
    await till.ask('till.setAmount', { amountFen: 2_500 });
    const wait = (): void => {
      passedMs = laterMs;
      till.cloud.skew(laterMs);
    };
    return { till, wait };
  }
  /** Cash brings the money now, and now is what is shown. */
  async function soldNow(till: TillBench): Promise<string> {
    expect(await till.ask('till.payCash', { tenderedFen: 2_500 })).toEqual({});
    const { orderId, atMs } = await till.screen('cash');
    isNow(atMs - laterMs);
    isNow(valueOf(await till.ask('orders.get', { orderId })).openedAtMs - laterMs);
    return orderId;
  }

  test('a coupon shows when it was made, and the coupon is used for it', async () => {
    const { till, wait } = await waitingTill();
    await till.ask('till.scan', { text: `GTC1${token}` });
    wait();
    const orderId = await soldNow(till);
    expect(till.cloud.coupons.usedFor(token)).toBe(orderId);
  });

  test('vouchers shows when it was made, and has its vouchers', async () => {
    const { till, wait } = await waitingTill();
    await till.ask('till.attachMember', { phone: '13800000001' });
    expect(await till.ask('till.payCash', { tenderedFen: 100 })).toEqual({ refused: 'cash-short' });
    wait();
    const orderId = await soldNow(till);
    expect(till.cloud.vouchers.heldFor()).toEqual([orderId]);
  });

  test('a coupon that the cloud does not take back is sold with it all the same', async () => {
    const { till, wait } = await waitingTill();
    await till.ask('till.scan', { text: `GTC1${token}` });
    const usedFor = till.cloud.coupons.usedFor(token);
    wait();
    await till.cloud.goDown();
    expect(await till.ask('till.payCash', { tenderedFen: 2_500 })).toHaveProperty('refused');
    await till.cloud.comeBack();
    expect(till.cloud.coupons.usedFor(token)).toBe(usedFor);
    await till.until(
      'sold',
      async () => !('refused' in (await till.ask('till.payCash', { tenderedFen: 2_500 }))),
    );
    const { orderId, ...sold } = await till.screen('cash');
    expect(sold.couponFen).toBe(500);
    expect(till.cloud.coupons.usedFor(token)).toBe(orderId);
  });
});

test(
  'a copy of a receipt says when the sale was, not when some of it was refunded',
  { timeout: 60_000 },
  async () => {
    let passedMs = 0;
    const counter = createMemoryCounter();
    const clock = {
      nowMs: () => systemClock.nowMs() + passedMs,
      monotonicMs: () => systemClock.monotonicMs() + passedMs,
    };
    const till = (bench = await openTillBench({ ...counter, clock }));
    const paper = async (no: number): Promise<string> => {
      await till.until(`paper ${no}`, () => counter.papers().length >= no);
      return counter.papers()[no - 1] ?? '';
    };
    await deviceState(till, 'printer', 'online');
    await setOwnerPin(till, pin);
    await till.ask('till.setAmount', { amountFen: 5_000 });
    await till.ask('till.payCash', { tenderedFen: 5_000 });
    const { orderId } = await till.screen('cash');
    const soldAtMs = timeOn(await paper(1), '时间');
    isNow(soldAtMs);
    passedMs = 2 * 3_600_000;
    till.cloud.skew(passedMs);
    const wish = { action: 'orders.refund', orderId, amountFen: 2_000 };
    const approvalId = await approvalFor(till, wish);
    const asked = { orderId, amountFen: 2_000, reason: '退货', approvalId };
    expect(await till.ask('orders.refund', asked)).toEqual({ refundNo: 1 });
    isNow(timeOn(await paper(2), '退款时间') - passedMs);
    await till.ask('orders.reprint', { orderId });
    const copy = await paper(3);
    expect(copy).toContain('已退款');
    expect(timeOn(copy, '时间')).toBe(soldAtMs);
  },
);
