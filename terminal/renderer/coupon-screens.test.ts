import { expect, test } from 'vitest';
import { findOverflow } from './testing/page-checks.ts';
import { paid } from './testing/sample-screens.ts';
import { sampleMember } from './testing/samples.ts';
import { describeWindow } from './testing/window-bench.ts';

const coupon = {
  offFen: 500,
  minimumFen: 2_000,
  text: '进店即用，全场饮品小吃都可以',
  isMet: true,
};

describeWindow('a partner coupon in the sale', (w) => {
  const withCoupon = async (): Promise<void> => {
    await w.typeSlowly('25');
    w.host.till.setDraft({ amountFen: 2_500, coupon });
    await w.page.locator('.coupon-line').waitFor();
  };

  test('the sum is shown lowered, and the button takes the coupon out again', async () => {
    await withCoupon();
    await w.sees('−¥5.00');
    await w.sees('¥20.00');
    await w.page.keyboard.press('F9');
    await w.sees('¥20.00');
    await w.page.keyboard.press('Escape');
    await w.page.getByRole('button', { name: '不用这张' }).click();
    await expect.poll(() => w.called('till.dropCoupon')).toHaveLength(1);
    await expect.poll(() => w.page.locator('.coupon-line').count()).toBe(0);
  });

  test('with a voucher beside it what is left to pay stands once, below what both took off', async () => {
    await withCoupon();
    expect(await w.page.getByText('顾客还需付').count()).toBe(1);
    w.host.till.setDraft({ member: sampleMember, useVoucher: true, voucherFen: 500 });
    await w.sees('¥15.00');
    expect(await w.page.getByText('顾客还需付').count()).toBe(1);
    expect(await findOverflow(w.page)).toEqual([]);
  });

  test('a price under its minimum says from what sum on it counts', async () => {
    await withCoupon();
    w.host.till.setDraft({ amountFen: 1_500, coupon: { ...coupon, isMet: false } });
    await w.sees('满 ¥20.00 才能用');
  });

  test.each([
    ['coupon-needs-network', '断网时不能用优惠券'],
    ['coupon-used', '这张券已用过'],
    ['coupon-needs-amount', '先输入金额，再扫券'],
    ['coupon-too-small-sale', '未达到用券的最低金额'],
    ['coupon-of-another-shop', '这张券要到券面上的商户使用'],
  ])('%s is said in words', async (code, words) => {
    w.host.till.setNotice(code);
    await w.sees(words);
  });

  test('the result says what came off, and whose wallet paid, masked', async () => {
    w.host.till.show({ ...paid, couponFen: 500, member: { mask: '138****0001', tier: 2 } });
    await w.sees('优惠券减 ¥5.00');
    await w.sees('会员 138****0001 等级2');
  });

  for (const language of ['zh', 'en'])
    for (const [width, height] of [
      [1366, 768],
      [1024, 768],
    ] as const)
      test(`fits in ${language} at ${width}`, async () => {
        await w.page.close();
        w.page = await w.open({ width, height }, language);
        const folder = process.env['PAGE_PICTURES'];
        const look = async (name: string): Promise<void> => {
          expect(await findOverflow(w.page)).toEqual([]);
          if (folder)
            await w.page.screenshot({ path: `${folder}/${name}-${language}-${width}.png` });
        };
        await withCoupon();
        await look('coupon');
        w.host.till.setDraft({ amountFen: 1_500, coupon: { ...coupon, isMet: false } });
        await look('coupon-waits');
        w.host.till.show({ ...paid, couponFen: 500, member: { mask: '138****0001', tier: 2 } });
        await w.page.locator('.overlay-green').waitFor();
        await look('coupon-paid');
        w.host.till.show({ type: 'ready' });
        w.host.till.setToday({ couponFen: 12_500, couponCount: 25 });
      });
});
