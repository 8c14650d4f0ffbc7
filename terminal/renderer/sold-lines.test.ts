import { expect, test } from 'vitest';
import { orderAmountFenMax } from '#shared/money/fen.ts';
import { orderLinesMax } from '#shared/wire/v1/entries.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { findOverflow, findSmallTargets } from './testing/page-checks.ts';
import { nowMs } from './testing/sample-screens.ts';
import { sampleOrders } from './testing/samples.ts';
import { describeWindow, type WindowBench } from './testing/window-bench.ts';

const [plain, ...others] = sampleOrders(nowMs) as [OrderRow, ...OrderRow[]];
const cola = { code: '6901234567892', name: '可口可乐 500ml', unit: '瓶', quantity: 2 };
/** 7.00 of goods and 6.00 typed by hand, of which a coupon took 1.00: the 12.00 of the sample. */
const sold: OrderRow = {
  ...plain,
  lines: [
    { ...cola, priceFen: 350 },
    { quantity: 1, priceFen: 600 },
  ],
};
const name = '康师傅红烧牛肉面大食桶加量装 147g';
/** As many lines as an order may have, and as much as it may come to. */
const basket: OrderRow = {
  ...plain,
  amountFen: orderAmountFenMax,
  refundableFen: orderAmountFenMax,
  lines: Array.from({ length: orderLinesMax }, () => ({
    name,
    unit: '袋',
    quantity: 125,
    priceFen: orderAmountFenMax / orderLinesMax / 125,
  })),
};

const open = async (w: WindowBench, row: OrderRow): Promise<void> => {
  w.host.till.setOrders([row, ...others]);
  await w.page.locator('.tab').nth(1).click();
  await w.page.locator('.order-row:not(.order-head)').first().click();
  await w.page.locator('.order-detail .detail-amount').waitFor();
};

/** What of a box lies outside of the card that it stands in, or below the window. */
const cutOff = (w: WindowBench, inner: string): Promise<number> =>
  w.page
    .locator(inner)
    .last()
    .evaluate((element) => {
      const card = element.closest('.order-detail')!.getBoundingClientRect();
      const { bottom } = element.getBoundingClientRect();
      return Math.max(0, bottom - Math.min(card.bottom, window.innerHeight));
    });

describeWindow('what was sold, in the detail of an order', (w) => {
  test('every line with its pieces, price and sum; a typed amount and the coupon are told apart', async () => {
    await open(w, sold);
    const lines = w.page.locator('.sold > li');
    await expect.poll(() => lines.count()).toBe(3);
    const texts = (await lines.allTextContents()).map((text) => text.replaceAll(/\s/gu, ''));
    expect(texts).toEqual(['可口可乐500ml2瓶×3.50¥7.00', '手输金额1×6.00¥6.00', '优惠券−¥1.00']);
    expect(await findOverflow(w.page)).toEqual([]);
  });

  test('an order of an amount alone has no list', async () => {
    await open(w, plain);
    expect(await w.page.locator('.sold').count()).toBe(0);
  });

  test('beside the amount of a refund stands what was bought', async () => {
    w.host.till.setOrders([sold, ...others]);
    await w.page.keyboard.press('F4');
    await w.page.locator('.refund-form .sold').waitFor();
    await w.sees('2瓶 × 3.50');
  });

  test.each([
    ['zh', 1366],
    ['en', 1366],
    ['zh', 1024],
    ['en', 1024],
  ] as const)('the longest basket scrolls in its own box in %s at %i', async (language, width) => {
    const folder = process.env['PICTURE_FOLDER'];
    const fits = async (what: string): Promise<void> => {
      if (folder)
        await w.page.screenshot({ path: `${folder}/sold-${what}-${width}-${language}.png` });
      const box = await w.page
        .locator('.sold')
        .evaluate(({ scrollHeight, clientHeight, scrollWidth, clientWidth }) => ({
          isScrolled: scrollHeight > clientHeight,
          isWide: scrollWidth > clientWidth,
          clientHeight,
        }));
      expect(box).toMatchObject({ isScrolled: true, isWide: false });
      expect(box.clientHeight).toBeGreaterThanOrEqual(100);
      expect(await findOverflow(w.page), `${what} overflows`).toEqual([]);
      expect(await findSmallTargets(w.page), `${what} has small targets`).toEqual([]);
    };
    await w.page.close();
    w.page = await w.open({ width, height: 768 }, language);
    await open(w, basket);
    await fits('detail');
    expect(await cutOff(w, '.order-detail .button-solid'), 'of the keys is cut off').toBe(0);
    await w.page.keyboard.press('Escape');
    w.host.till.setOrders([basket, ...others]);
    await w.page.keyboard.press('F4');
    await w.page.locator('.refund-form .sold').waitFor();
    await fits('refund');
    expect(await cutOff(w, '.refund-form .phone-hint'), 'of the form is cut off').toBe(0);
  });
});
