import { expect, test } from 'vitest';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { findOverflow, findSmallTargets } from './testing/page-checks.ts';
import { nowMs, offline } from './testing/sample-screens.ts';
import { sampleOrders } from './testing/samples.ts';
import { approvalId } from './testing/scripted-owner.ts';
import { describeWindow } from './testing/window-bench.ts';

const [last, cash, ...others] = sampleOrders(nowMs) as [OrderRow, OrderRow, ...OrderRow[]];
const refund = {
  refundNo: 1,
  amountFen: 1_200,
  cashFen: 1_200,
  voucherFen: 0,
  how: 'channel',
  atMs: nowMs,
  cashier: '王姐',
  reason: '退货',
  code: null,
} as const;
/** Words that would promise when the money is there. */
const promises = /立即到账|即时到账|马上到|保证/u;

describeWindow('money back in a window', (w) => {
  test('the last sale goes back with F4, Enter and the PIN', async () => {
    w.host.till.setOrders([last, cash, ...others]);
    await w.page.keyboard.press('F4');
    await w.sees('原路退回顾客的支付账户');
    await w.sees('全部退');
    expect(await w.page.locator('.refund-amount').innerText()).toContain('¥12.00');
    expect(await findOverflow(w.page)).toEqual([]);
    expect(await findSmallTargets(w.page)).toEqual([]);
    await w.page.setViewportSize({ width: 1024, height: 768 });
    expect(await findOverflow(w.page)).toEqual([]);
    expect(await findSmallTargets(w.page)).toEqual([]);
    w.host.till.refuseNext('orders.refund', 'owner-approval-missing');
    await w.page.keyboard.press('Enter');
    await w.page.locator('.pin-sheet').waitFor();
    await w.sees('退款要店主同意');
    await w.typeSlowly('270518');
    await w.page.keyboard.press('Enter');
    const wanted = { orderId: last.orderId, amountFen: 1_200, reason: '退货' };
    await expect.poll(() => w.called('orders.refund')).toEqual([wanted, { ...wanted, approvalId }]);
    await w.sees('退款已登记，结果看订单');
    await expect.poll(() => w.page.locator('.refund-form').count()).toBe(0);
  });

  test('a part by keys or by touch; above what is left it is said and nothing is asked', async () => {
    w.host.till.setOrders([cash, last, ...others]);
    await w.page.keyboard.press('F4');
    await w.sees('从钱箱退现金');
    await w.typeSlowly('26.01');
    await w.page.keyboard.press('Enter');
    await w.sees('退款金额超过可退金额');
    expect(w.called('orders.refund')).toEqual([]);
    await w.page.locator('.refund-form .key-clear').click();
    await w.page.locator('.refund-form .key-5').click();
    await w.page.getByText('多收了').click();
    await w.page.locator('.refund-form .key-go').click();
    await expect
      .poll(() => w.called('orders.refund'))
      .toEqual([{ orderId: cash.orderId, amountFen: 500, reason: '多收了' }]);
  });

  test('offline a payment by a channel is refused with clear words, and Esc leaves', async () => {
    w.host.till.setOrders([last, ...others]);
    w.host.till.setStatus(offline);
    await w.page.keyboard.press('F4');
    await w.page.locator('.refund-shut').waitFor();
    w.host.till.refuseNext('orders.refund', 'refund-needs-network');
    await w.page.keyboard.press('Enter');
    await w.sees('离线不能退款到支付渠道，请联网后再退');
    await w.page.keyboard.press('Escape');
    await expect.poll(() => w.page.locator('.refund-form').count()).toBe(0);
  });

  test('what is open, done and failed stands with the order; nothing promises a day', async () => {
    const code = 'refund-failed';
    const refunds = [
      { ...refund, amountFen: 300, cashFen: 300, state: 'failed', code },
      { ...refund, refundNo: 2, amountFen: 500, cashFen: 500, state: 'done' },
      { ...refund, refundNo: 3, amountFen: 700, cashFen: 700, state: 'unknown' },
    ] as const;
    const row = { ...last, refunds: [...refunds], refundedFen: 500, refundableFen: 0 };
    w.host.till.setOrders([row, cash, ...others]);
    await w.page.keyboard.press('F4');
    await w.sees('结果待确认');
    const text = await w.page.locator('.order-detail').innerText();
    expect(text).toMatch(/正在确认，请勿重复退款[^]*已退[^]*退款没成功/u);
    expect(text).not.toMatch(promises);
    await w.sees('部分退款');
    expect(await findOverflow(w.page)).toEqual([]);
    await w.page.getByText('补打退款凭证').click();
    await expect
      .poll(() => w.called('orders.reprintRefund'))
      .toEqual([{ orderId: last.orderId, refundNo: 2 }]);
  });

  test('the day says what went back in a line of its own', async () => {
    w.host.till.setToday({
      refunds: {
        channelFen: 1_200,
        cashFen: 500,
        boxSlipFen: 0,
        voucherFen: 0,
        count: 2,
        openFen: 700,
      },
    });
    await w.page.keyboard.press('F10');
    await w.sees('今天退款 ¥17.00，2 笔，不改营业额');
    await w.sees('待确认 ¥7.00');
    expect(await findOverflow(w.page)).toEqual([]);
  });

  test('a refund that waits for the share to come back says so, and does not ask for another', async () => {
    const code = 'refund-waits-for-share';
    const row = { ...last, refunds: [{ ...refund, state: 'unknown', code }], refundableFen: 0 };
    w.host.till.setOrders([row as OrderRow, cash, ...others]);
    await w.page.keyboard.press('F4');
    await w.sees('正在从货款中退回分账，到位后自动退款，请勿重复退款');
    expect(await w.page.locator('.order-detail').innerText()).not.toMatch(promises);
    expect(await findOverflow(w.page)).toEqual([]);
  });

  test.each([
    ['zh', 1366],
    ['en', 1366],
    ['zh', 1024],
    ['en', 1024],
  ] as const)('every refund screen fits in %s at %i', async (language, width) => {
    const folder = process.env['PICTURE_FOLDER'];
    const fits = async (what: string): Promise<void> => {
      await w.page.evaluate(() => document.fonts.ready);
      const name = `refund-${what}-${width}-${language}`;
      if (folder) await w.page.screenshot({ path: `${folder}/${name}.png` });
      expect(await findOverflow(w.page), `${what} overflows`).toEqual([]);
      expect(await findSmallTargets(w.page), `${what} has small targets`).toEqual([]);
    };
    const show = async (orders: readonly OrderRow[], locator: string): Promise<void> => {
      w.host.till.setOrders([...orders]);
      await w.page.close();
      w.page = await w.open({ width, height: 768 }, language);
      await w.page.keyboard.press('F4');
      await w.page.locator(locator).first().waitFor();
    };
    await show([last, cash, ...others], '.refund-form');
    await fits('channel');
    w.host.till.refuseNext('orders.refund', 'owner-approval-missing');
    await w.page.keyboard.press('Enter');
    await w.page.locator('.pin-sheet').waitFor();
    await fits('pin');
    await show([cash, last, ...others], '.refund-form');
    await w.typeSlowly('7.5');
    await fits('cash-part');
    await show([{ ...last, refundWay: 'box-slip', tender: 'box-pos' }, cash], '.refund-form');
    await fits('box-slip');
    const refunds = [
      { ...refund, amountFen: 300, cashFen: 300, state: 'failed', code: 'refund-failed' },
      { ...refund, refundNo: 2, amountFen: 500, cashFen: 400, voucherFen: 100, state: 'done' },
      { ...refund, refundNo: 3, amountFen: 400, state: 'unknown', code: 'refund-waits-for-share' },
    ] as const;
    const row = { ...last, refunds: [...refunds], refundedFen: 500, refundableFen: 0 };
    await show([row, cash, ...others], '.refund-list');
    await fits('list');
    w.host.till.setStatus(offline);
    await show([last, cash, ...others], '.refund-shut');
    await fits('offline');
  });
});
