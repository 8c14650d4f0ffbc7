import { afterEach, describe, expect, test } from 'vitest';
import { couponHoldMs } from '#shared/wire/v1/promotion.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import { createMemoryCounter, deviceState } from '#terminal/agent/testing/memory-counter.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { ExceptionRow } from '#terminal/ipc/views.ts';
import { systemClock } from '#drivers/core/system-ports.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const wechat = (last: number): string => `13000000000000${String(last).padStart(4, '0')}`;
const token = 'CPTST00000000001';
const paper = `GTC1${token}`;

/** 5.00 off from 20.00, at the counter of the shop that gave it. */
async function atIssuer(options = {}): Promise<TillBench> {
  const here = (bench = await openTillBench(options));
  here.cloud.coupons.issue(token, { offFen: 500, minimumFen: 2_000, text: '进店即用' });
  return here;
}

async function cutLine({ cloud, until, status }: TillBench): Promise<void> {
  await cloud.goDown();
  await until('the outage is seen', async () => !(await status()).online);
}

const withPrinter = async () => {
  const counter = createMemoryCounter();
  const here = (bench = await openTillBench(counter));
  await deviceState(here, 'printer', 'online');
  return { here, counter };
};
const sell = async (here: TillBench, amountFen: number) => {
  await here.ask('till.setAmount', { amountFen });
  await here.ask('till.payCash', { tenderedFen: amountFen });
  await here.screen('cash');
  await here.ask('till.dismiss', {});
};

describe('a coupon of this shop, scanned into a sale', () => {
  test('lowers the sum that is asked for, in the draft, the charge, the journal and the day', async () => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.scan', { text: paper });
    expect((await here.till()).draft).toMatchObject({
      amountFen: 2_500,
      coupon: { offFen: 500, minimumFen: 2_000, text: '进店即用', isMet: true },
      pointsEstimateFen: 200,
    });
    await here.ask('till.scan', { text: wechat(1) });
    const paid = await here.screen('paid');
    expect(paid).toMatchObject({ amountFen: 2_000, couponFen: 500 });
    expect(here.cloud.bodies).toMatchObject([{ orderId: paid.orderId, amountFen: 2_000 }]);
    expect(here.cloud.coupons.usedFor(token)).toBe(paid.orderId);
    expect((await here.till()).draft.coupon).toBeNull();
    await here.until('all delivered', () => here.cloud.delivered().includes('charge.paid'));
    expect(JSON.stringify(here.cloud.batches)).not.toContain(token);
    expect(await here.ask('today.get', {})).toMatchObject({
      turnoverFen: 2_000,
      couponFen: 500,
      couponCount: 1,
    });
  });

  test('cash: what is due is what is left after it', async () => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.scan', { text: paper.toLowerCase() });
    expect(await here.ask('till.payCash', { tenderedFen: 1_999 })).toEqual({
      refused: 'cash-short',
    });
    await here.ask('till.payCash', { tenderedFen: 2_000 });
    expect(await here.screen('cash')).toMatchObject({ changeFen: 0, couponFen: 500 });
  });

  test('a second sale with the same paper is refused in words, and sold without it', async () => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.scan', { text: paper });
    await here.ask('till.payCash', { tenderedFen: 2_000 });
    await here.screen('cash');
    await here.ask('till.setAmount', { amountFen: 3_000 });
    await here.ask('till.scan', { text: paper });
    expect(await here.till()).toMatchObject({
      notice: { code: 'coupon-used' },
      draft: { coupon: null },
    });
    await here.ask('till.payCash', { tenderedFen: 3_000 });
    const cash = await here.screen('cash');
    expect(cash.amountFen).toBe(3_000);
    expect(cash.couponFen).toBeUndefined();
  });

  test.each([
    ['before the amount', 0, 'coupon-needs-amount', paper],
    ['into a sale that is too small', 1_999, 'coupon-too-small-sale', paper],
    ['of nobody', 2_500, 'coupon-unknown', 'GTC1CPTST00000000009'],
  ])('%s is refused in words', async (_, amountFen, code, text) => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen });
    await here.ask('till.scan', { text });
    expect(await here.till()).toMatchObject({ notice: { code }, draft: { coupon: null } });
  });

  test('with the line down is refused in words: the paper stays good', async () => {
    const here = await atIssuer(fastWorld(5));
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await cutLine(here);
    await here.ask('till.scan', { text: paper });
    expect(await here.till()).toMatchObject({ notice: { code: 'coupon-needs-network' } });
    expect(here.cloud.coupons.usedFor(token)).toBeUndefined();
  });

  test('taken off again, or the sale begun anew: the paper is good again', async () => {
    const here = await atIssuer();
    for (const leave of ['drop', 'clear'] as const) {
      await here.ask('till.setAmount', { amountFen: 2_500 });
      await here.ask('till.scan', { text: paper });
      expect((await here.till()).draft.coupon).not.toBeNull();
      if (leave === 'drop') expect(await here.ask('till.dropCoupon', {})).toEqual({});
      else await here.ask('till.setAmount', { amountFen: 0 });
      expect((await here.till()).draft.coupon).toBeNull();
      await here.until('given back', () => here.cloud.coupons.usedFor(token) === undefined);
    }
  });

  test('the price falls under its minimum: nothing is sold at a price that the screen does not show', async () => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.scan', { text: paper });
    await here.ask('till.setAmount', { amountFen: 1_500 });
    expect((await here.till()).draft.coupon).toMatchObject({ isMet: false });
    expect(await here.ask('till.payCash', { tenderedFen: 1_500 })).toEqual({
      refused: 'coupon-too-small-sale',
    });
    await here.ask('till.dropCoupon', {});
    await here.ask('till.payCash', { tenderedFen: 1_500 });
    await here.screen('cash');
  });

  test('an answer that was lost: the same paper goes on under the same sale', async () => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen: 2_500 });
    here.cloud.behave('promotion', 'drop');
    await here.ask('till.scan', { text: paper });
    const first = here.cloud.coupons.usedFor(token);
    expect(first).toBeDefined();
    here.cloud.behave('promotion', 'ok');
    await here.ask('till.scan', { text: paper });
    await here.ask('till.payCash', { tenderedFen: 2_000 });
    expect(await here.screen('cash')).toMatchObject({ orderId: first, couponFen: 500 });
  });

  test('an answer that was lost, then a refusal: the paper still goes on under that sale, or is given back', async () => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen: 2_500 });
    here.cloud.behave('promotion', 'drop');
    await here.ask('till.scan', { text: paper });
    const first = here.cloud.coupons.usedFor(token);
    expect(first).toBeDefined();
    here.cloud.behave('promotion', 'ok');
    await here.ask('till.setAmount', { amountFen: 1_500 });
    await here.ask('till.scan', { text: paper });
    expect((await here.till()).notice).toMatchObject({ code: 'coupon-too-small-sale' });
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.scan', { text: paper });
    expect(await here.till()).toMatchObject({ notice: null, draft: { coupon: { offFen: 500 } } });
    expect(here.cloud.coupons.usedFor(token)).toBe(first);
  });

  test('a cloud that is too busy when the coupon is asked for anew: the next try goes on with it', async () => {
    let shiftMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + shiftMs };
    const here = await atIssuer({ clock });
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.scan', { text: paper });
    shiftMs = couponHoldMs;
    here.cloud.behave('promotion', '429');
    expect(await here.ask('till.payCash', { tenderedFen: 2_000 })).toHaveProperty('refused');
    here.cloud.behave('promotion', 'ok');
    expect(await here.ask('till.payCash', { tenderedFen: 2_000 })).toEqual({});
    expect(await here.screen('cash')).toMatchObject({ couponFen: 500 });
  });

  test('a failed charge goes on with it; another amount is another sale that asks for it anew', async () => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.scan', { text: paper });
    here.cloud.nextCharge({ status: 'failed', code: 'payer-balance' });
    await here.ask('till.scan', { text: wechat(1) });
    const { orderId: failed } = await here.screen('not-paid');
    here.cloud.nextCharge({ status: 'paid' });
    await here.ask('till.setAmount', { amountFen: 3_000 });
    await here.ask('till.scan', { text: wechat(2) });
    const paid = await here.screen('paid');
    expect(paid).toMatchObject({ amountFen: 2_500, couponFen: 500 });
    expect(paid.orderId).not.toBe(failed);
    expect(here.cloud.coupons.usedFor(token)).toBe(paid.orderId);
  });

  test('a sale that waited too long asks again, and is refused without the line', async () => {
    let shiftMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + shiftMs };
    const here = await atIssuer({ clock });
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.scan', { text: paper });
    shiftMs = couponHoldMs;
    here.cloud.behave('promotion', '500');
    expect(await here.ask('till.payCash', { tenderedFen: 2_000 })).toHaveProperty('refused');
    here.cloud.behave('promotion', 'ok');
    await here.ask('till.payCash', { tenderedFen: 2_000 });
    expect(await here.screen('cash')).toMatchObject({ couponFen: 500 });
    const redeems = here.cloud.requests.filter((line) => line.endsWith('/coupons/redeem'));
    expect(redeems).toHaveLength(3);
  });

  test('with vouchers beside it: both hang on one order, and vouchers pay of what is left', async () => {
    const here = await atIssuer();
    await here.ask('till.setAmount', { amountFen: 2_500 });
    await here.ask('till.attachMember', { phone: '13800000001' });
    await here.ask('till.scan', { text: paper });
    await here.ask('till.scan', { text: wechat(1) });
    const paid = await here.screen('paid');
    expect(paid).toMatchObject({ amountFen: 2_000, couponFen: 500, voucherFen: 600 });
    expect(here.cloud.coupons.usedFor(token)).toBe(paid.orderId);
    expect(here.cloud.vouchers.heldFor()).toEqual([paid.orderId]);
  });
});

test('a member whom the wallet named stands on the green screen and on the receipt; a code shown stays as it was', async () => {
  const { here, counter } = await withPrinter();
  const member = { mask: '138****0001', tier: 2 };
  here.cloud.nextCharge({ status: 'paid', member });
  await here.ask('till.setAmount', { amountFen: 900 });
  await here.ask('till.scan', { text: wechat(1) });
  expect(await here.screen('paid')).toMatchObject({ member });
  await here.until('a receipt', () => counter.papers().length === 1, 15_000);
  expect(counter.papers()[0]).toContain('138****0001 等级2');
  // His already: nobody can claim it a second time.
  expect(counter.printer.receipts()[0]?.qrTexts).toEqual([]);
});

describe('a coupon that a sale at this counter brings', () => {
  const brought = {
    issuerName: '老李面馆',
    text: '进店即用',
    offFen: 500,
    minimumFen: 2_000,
    validUntil: '2026-12-07',
  };
  test('is printed once after the receipt, with its code; the journal and the cloud never hear the code', async () => {
    const { here, counter } = await withPrinter();
    here.cloud.coupons.bring(brought);
    await sell(here, 900);
    await here.until('two papers', () => counter.papers().length === 2, 15_000);
    const [receipt, coupon] = counter.papers();
    expect(receipt).toContain('已收现金');
    for (const word of ['优惠券', '老李面馆', '进店即用', '满￥20.00减￥5.00', '2026-12-07'])
      expect(coupon).toContain(word);
    const [asked] = here.cloud.coupons.asked;
    expect(counter.printer.receipts()[1]?.qrTexts).toEqual([`GTC1${asked!.token}`]);
    await here.until('all delivered', () => here.cloud.delivered().includes('coupon.given'));
    expect(JSON.stringify(here.cloud.batches)).not.toContain(asked!.token);
    expect(here.cloud.coupons.asked).toHaveLength(1);
    // Nothing about the sale itself has changed.
    expect(await here.ask('today.get', {})).toMatchObject({ turnoverFen: 900, orderCount: 1 });
  });

  test('power lost while it was printed: it is in doubt, and printed again by hand as a copy with the same code', async () => {
    const counter = createMemoryCounter();
    const here = (bench = await openTillBench({ ...counter, ...fastWorld(5) }));
    await deviceState(here, 'printer', 'online');
    here.cloud.coupons.bring({ ...brought, validUntil: '2099-12-31' });
    const { printer } = counter;
    let isLost = false;
    printer.onChange(() => {
      if (isLost || counter.papers()[1]?.includes('优惠券') !== true) return;
      isLost = true;
      printer.setSwitches({ silent: true });
    });
    await sell(here, 900);
    const doubtful = async () =>
      (await here.ask('exceptions.list', {})) as { rows: ExceptionRow[] };
    await here.until('in doubt', async () => (await doubtful()).rows.length === 1, 20_000);
    const [row] = (await doubtful()).rows;
    expect(row).toMatchObject({ paper: 'coupon', actions: ['seen', 'reprinted'] });
    const seen = counter.papers().length;
    printer.setSwitches({ silent: false });
    const again = { key: row!.key, action: 'reprinted', note: '' } as const;
    expect(await here.ask('exceptions.resolve', again)).toEqual({});
    await here.until('the copy', () => counter.papers().length > seen, 20_000);
    const copy = () => printer.receipts().at(-1)!;
    await here.until('its code', () => copy().qrTexts.length === 1, 15_000);
    expect(copy().lines.join('\n')).toContain('补打 第1次');
    expect(copy().qrTexts).toEqual([`GTC1${here.cloud.coupons.asked[0]!.token}`]);
    expect((await doubtful()).rows).toEqual([]);
  }, 60_000);

  test('an answer that was lost is asked for once more: the same paper, printed once', async () => {
    const { here, counter } = await withPrinter();
    here.cloud.coupons.bring(brought);
    here.cloud.behave('promotion', 'drop');
    const { asked } = here.cloud.coupons;
    await here.ask('till.setAmount', { amountFen: 900 });
    await here.ask('till.payCash', { tenderedFen: 900 });
    await here.until('asked twice', () => asked.length === 2);
    expect(asked[1]).toEqual(asked[0]);
    await here.screen('cash');
    await here.ask('till.dismiss', {});
    // Not for ever: whoever paid is gone.
    here.cloud.behave('promotion', 'ok');
    await sell(here, 800);
    await here.until('three papers', () => counter.papers().length === 3, 15_000);
    expect(asked).toHaveLength(3);
  });

  test('a sale that was let go and is learned to be paid later prints neither receipt nor coupon', async () => {
    const { here, counter } = await withPrinter();
    here.cloud.coupons.bring(brought);
    here.cloud.nextCharge({ status: 'paid', afterQueries: 999 });
    await here.ask('till.setAmount', { amountFen: 1_730 });
    await here.ask('till.scan', { text: wechat(2) });
    const { orderId } = await here.screen('waiting');
    await here.until('the payer is asked', () => here.cloud.bodies.length === 1);
    await here.ask('till.cancel', {});
    await here.cloud.goDown();
    await here.until('the outage', async () => !(await here.status()).online);
    expect(await here.ask('till.dismiss', {})).toEqual({});
    const told = { orderId, attempt: 1, channel: 'simulator', channelRef: 'r' };
    for (const cursor of [1, 2])
      here.cloud.results.push({ ...told, result: 'paid', cursor, atMs: 1 });
    await here.cloud.comeBack();
    await here.until('told', () => here.cloud.delivered().includes('charge.paid'), 15_000);
    await sell(here, 900);
    await here.until('two papers', () => counter.papers().length === 2, 15_000);
    expect(here.cloud.coupons.asked).toHaveLength(1);
    expect(here.cloud.coupons.asked[0]!.orderId).not.toBe(orderId);
  });

  test('a shop that prints for nobody asks once in ten minutes; a sale without a printer asks nothing', async () => {
    const { here } = await withPrinter();
    await sell(here, 900);
    await here.until('asked', () => here.cloud.coupons.asked.length === 1);
    await sell(here, 800);
    await sell(here, 700);
    expect(here.cloud.coupons.asked).toHaveLength(1);
    await here.close();
    bench = await openTillBench();
    await sell(bench, 900);
    await bench.until('all delivered', () => bench!.cloud.delivered().includes('cash.recorded'));
    expect(bench.cloud.coupons.asked).toHaveLength(0);
  });
});
