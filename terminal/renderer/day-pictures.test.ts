import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findOverflow } from './testing/page-checks.ts';
import { nowMs, offline } from './testing/sample-screens.ts';
import { sampleOrderId } from './testing/samples.ts';
import { fiveTroubles } from './testing/sample-devices.ts';
import { describeWindow } from './testing/window-bench.ts';

const frozen = {
  memberId: 'mbr_01KAN7D5Q0000000000000000A',
  phoneMask: '138****0001',
  pointsFen: 12_345,
  vouchers: [],
  voucherTotalFen: 0,
  voucherMaxShareBp: 5_000,
  isFrozen: true as const,
};
const doubtful = (tail: string, paper: 'receipt' | 'coupon' | 'refund-slip') => ({
  key: `print:prt_${tail}`,
  orderId: sampleOrderId(tail),
  code: 'receipt-unconfirmed',
  amountFen: 3_800,
  sinceMs: nowMs,
  paper,
  actions: ['seen' as const, 'reprinted' as const],
});
const noSales = [
  { atMs: nowMs - 60_000, cashier: '王姐', reason: '换零钱', isApproved: true },
  { atMs: nowMs - 3_600_000, cashier: '王姐', reason: '付货款', isApproved: false },
];

/** Coupons, refunds and goods on trust, each with a line of its own above the charts. */
const fullDay = {
  couponFen: 1_500,
  couponCount: 3,
  refunds: {
    channelFen: 1_200,
    cashFen: 500,
    boxSlipFen: 0,
    voucherFen: 0,
    count: 2,
    openFen: 700,
  },
  promises: {
    iouFen: 3_850,
    staticCodeFen: 1_200,
    openCount: 2,
    keptFen: 2_600,
    keptCashFen: 2_600,
    keptCount: 1,
  },
};

/** Keys of the first thing to settle that its card cuts off, and drawings that reach out of their card. */
const hiddenOnTheDay = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const cards = [
      ['.exceptions li:first-child .button', '.exceptions'],
      ['.today-left figure svg, .today-left .hours', '.today-left .chart'],
      ['.tenders li, .today-left .chart', '.today-left'],
    ] as const;
    const cut = cards.flatMap(([inner, outer]) => {
      const edge = document.querySelector(outer)!.getBoundingClientRect().bottom;
      return [...document.querySelectorAll(inner)]
        .filter((element) => element.getBoundingClientRect().bottom > edge + 1)
        .map((element) => `${inner} "${element.textContent ?? ''}"`);
    });
    const narrow = [...document.querySelectorAll('.slip')]
      .filter((slip) => slip.scrollWidth > slip.clientWidth)
      .map(() => '.slip is too narrow for its key');
    return [...cut, ...narrow];
  });

describeWindow('the screens of a day, as they are looked at', (w) => {
  test('a coupon in doubt is printed again, or was seen to come out: in the words of a paper', async () => {
    w.host.till.setExceptions([doubtful('9B0T', 'coupon')]);
    await w.page.keyboard.press('F10');
    await w.sees('异业券');
    await w.sees('纸出来了，没问题');
    await w.page.getByRole('button', { name: '补打', exact: true }).click();
    await expect
      .poll(() => w.called('exceptions.resolve'))
      .toMatchObject([{ action: 'reprinted', note: '' }]);
  });

  test('after midnight the page says whose day it is, and its hours follow one another', async () => {
    w.host.till.setToday({
      businessDate: '2026-11-21',
      cutOverHour: 4,
      byHour: [0, 1, 19, 23].map((hour) => ({ hour, scanFen: 2_600, cashFen: 0 })),
    });
    await w.page.keyboard.press('F10');
    await w.sees('营业日 11 月 21 日');
    const hours = w.page.locator('.hours span');
    await expect.poll(() => hours.last().textContent()).toBe('1');
    expect(await hours.allTextContents()).toEqual(
      [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 0, 1].map(String),
    );
    const read = await w.page.locator('.chart .only-read li').allTextContents();
    expect(read.map((text) => text.split(' ')[0])).toEqual(['19', '23', '0', '1']);
    expect(await findOverflow(w.page)).toEqual([]);
  });

  test('a held account: whom to ask stands on the panel, no voucher is offered, and not why', async () => {
    await w.typeSlowly('25');
    w.host.till.setDraft({ amountFen: 2_500, member: frozen });
    await w.page.keyboard.press('F2');
    await w.sees('会员已冻结，请联系客服');
    expect(await w.page.getByText('用消费券').count()).toBe(0);
  });

  for (const language of ['zh', 'en'])
    for (const [width, height] of [
      [1366, 768],
      [1024, 768],
      [1920, 1080],
    ] as const)
      test(`fit in ${language} at ${width}`, async () => {
        await w.page.close();
        w.page = await w.open({ width, height }, language);
        const folder = process.env['PAGE_PICTURES'];
        const look = async (name: string): Promise<void> => {
          expect(await findOverflow(w.page), name).toEqual([]);
          if (folder)
            await w.page.screenshot({ path: `${folder}/${name}-${language}-${width}.png` });
        };
        w.host.till.setStatus(offline);
        await w.page.locator('.amount-offline').waitFor();
        await look('offline');
        w.host.till.setStatus({ online: true });
        await w.typeSlowly('25');
        w.host.till.setDraft({ amountFen: 2_500 });
        await w.page.locator('.amount-offline').waitFor({ state: 'detached' });
        await look('checkout');
        // No label touches the edge of the key it stands on.
        const room = await w.page.locator('.key-go').evaluate((key) => {
          const box = key.getBoundingClientRect();
          const range = document.createRange();
          return [...key.children].map((child) => {
            range.selectNodeContents(child);
            const text = range.getBoundingClientRect();
            return Math.min(text.left - box.left, box.right - text.right);
          });
        });
        expect(Math.min(...room)).toBeGreaterThanOrEqual(6);
        w.host.till.setDraft({ amountFen: 2_500, member: frozen });
        w.host.till.setNotice('member-frozen');
        await w.page.keyboard.press('F2');
        await w.page.locator('.member-frozen').waitFor();
        await look('member-frozen');
        w.host.till.setNotice(null);
        await w.page.keyboard.press('Escape');
        w.host.till.setToday({ noSaleCount: 2, noSales });
        w.host.till.setExceptions([
          doubtful('9B0T', 'coupon'),
          doubtful('5XKD', 'receipt'),
          doubtful('2WRC', 'refund-slip'),
        ]);
        await w.page.keyboard.press('F10');
        await w.page.locator('.exceptions-open').waitFor();
        await look('exceptions');
        w.host.till.setExceptions([]);
        await expect.poll(() => w.page.locator('.exceptions-open').count()).toBe(0);
        await w.page.locator('.slip').getByText('2').first().waitFor();
        expect(await w.page.locator('.slip-why').isVisible()).toBe(width > 1279);
        const isWhole = await w.page.evaluate(() => {
          const card = document.querySelector('.exceptions')!.getBoundingClientRect();
          return (
            document.querySelector('.exceptions .label')!.getBoundingClientRect().bottom <=
            card.bottom
          );
        });
        expect(isWhole, 'the word that nothing is to be settled').toBe(true);
        await look('today');
        w.host.till.setToday(fullDay);
        w.host.till.setExceptions([doubtful('9B0T', 'coupon')]);
        await w.page.locator('.four-promises').nth(1).waitFor();
        await w.page.locator('.exceptions-open').waitFor();
        expect(await hiddenOnTheDay(w.page), 'on the fullest day').toEqual([]);
        await look('today-full');
        w.host.till.setStatus({ devices: fiveTroubles.map(([view]) => view) });
        for (const [view, known] of fiveTroubles) w.host.till.devices.set(view.role, known);
        await w.page.locator('.tab').nth(3).click();
        await w.page.locator('.add-card').waitFor();
        await look('devices');
      });
});
